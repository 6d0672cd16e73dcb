"""The log of a server: one line of JSON for each event, whoever logs it, without the text of any error."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import orjson
from structlog.processors import JSONRenderer, TimeStamper
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name

from service.web.incidents import way

OURS = ("service", "gunicorn.error")
"""Told whole; of others only what is a warning or worse."""


def log_as_json() -> None:
    """From now on, on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[
                add_log_level,
                add_logger_name,
                ExtraAdder(),
                TimeStamper(fmt="iso", utc=True, key="time"),
            ],
            processors=[_without_error_texts, ProcessorFormatter.remove_processors_meta, JSONRenderer(_json)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)


def _without_error_texts(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Of an error its kind and the way to it: its text may hold what was sent."""
    _, error, _ = event.pop("exc_info", None) or (None, None, None)
    event.pop("stack_info", None)
    return event if error is None else {**event, "error": type(error).__name__, "at": way(error)}


def _json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=repr).decode()
