"""What failed unexpectedly, for the log: where, and nothing of what was in hand."""

import logging
import traceback
import uuid
from collections.abc import Iterator
from pathlib import Path

from service.config import CHECKOUT

PACKAGES = (CHECKOUT / "service", CHECKOUT / "schemas")


def incident(log: logging.Logger, error: BaseException) -> str:
    """Logs the kind of error and the way to it, and returns the id that the log line has.

    The error's own text stays out: it may hold what was posted.
    """
    incident_id = str(uuid.uuid4())
    log.error("incident %s: %s at %s", incident_id, type(error).__name__, way(error))
    return incident_id


def way(error: BaseException) -> str:
    """The lines of this project that an error came through."""
    return " > ".join(_frames(error)) or "outside this project"


def _frames(error: BaseException) -> Iterator[str]:
    """`file:line:function` of each frame within this project, the outermost first."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if any(path.is_relative_to(package) for package in PACKAGES):
            yield f"{path.relative_to(CHECKOUT)}:{line}:{frame.f_code.co_name}"
