"""What the routes answer from, and how they read a query and write JSON."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from flask import Flask, Response, current_app, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge, UnsupportedMediaType

from schemas.exam import ExamReader
from schemas.faults import Fault, InvalidBody, echo, nearest
from schemas.question import QuestionReader
from service.assess import Assessor
from service.audit.store import Store
from service.clock import Clock
from service.domain.rulebase import RuleBase
from service.explain.explainer import Explainer
from service.knowledge.files import Files
from service.records.archive import Archive
from service.records.drafting import Drafts
from service.records.recording import Recorder
from service.records.replaying import Replayer
from service.records.reviewing import Reviews
from service.records.rule_bases import RuleBases

EXTENSION = "kneechain"
NO_STORE = {"Cache-Control": "no-store"}
"""What is said of a person stays in no cache."""


@dataclass(frozen=True)
class Served:
    """One rule base made ready, the decision log, and the clock that answers go by."""

    assessor: Assessor
    files: Files
    """What its rules were loaded from."""
    store: Store
    now: Clock

    @cached_property
    def reader(self) -> ExamReader:
        return ExamReader(self.assessor.rulebase)

    @cached_property
    def questions(self) -> QuestionReader:
        return QuestionReader(self.reader)

    @cached_property
    def explainer(self) -> Explainer:
        return Explainer(self.assessor)

    @cached_property
    def rule_bases(self) -> RuleBases:
        return RuleBases(self.store, Replayer(self.assessor, self.reader), self.files)

    @cached_property
    def recorder(self) -> Recorder:
        return Recorder(self.store, self.assessor, self.reader, self.rule_bases)

    @cached_property
    def archive(self) -> Archive:
        return Archive(self.store, self.rule_bases)

    @cached_property
    def reviews(self) -> Reviews:
        return Reviews(self.store, self.archive)

    @cached_property
    def drafts(self) -> Drafts:
        return Drafts(self.store)

    def by(self, app: Flask) -> None:
        """From now on the routes of this application answer from here."""
        app.extensions[EXTENSION] = self


def served() -> Served:
    """What the application of this request answers from."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Served)
    return found


def draft_notice(rulebase: RuleBase) -> str | None:
    """What every answer and page says while nobody has approved the rules."""
    approval = rulebase.approval
    return approval.draft_notice if approval.status == "draft" else None


def body() -> bytes:
    """The whole JSON body of the request, or none of it."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        body = request.get_data(cache=False)
    except OSError:  # nothing more came for too long
        raise ClientDisconnected from None
    declared = request.content_length
    if declared is None and len(body) == request.max_content_length and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge  # werkzeug cuts a chunked body at the limit without a word
    if declared is not None and len(body) < declared:
        raise ClientDisconnected
    return body


def json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return json_bytes(orjson.dumps(content), status, headers)


def json_bytes(content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(content, status, headers, content_type="application/json")


Choices = tuple[str, ...] | None


def query_options(**allowed: Choices) -> dict[str, str]:
    """The query's options, each once and known; the first choice where one is left out.

    None allows any text. Raises InvalidBody.
    """
    chosen = {key: values[0] for key, values in allowed.items() if values}
    faults = []
    for key, values in request.args.lists():
        if key not in allowed:
            faults.append(_unknown(key, allowed))
        elif len(values) != 1 or not _right(values[0], allowed[key]):
            expected = f"{key}={'|'.join(allowed[key] or ('text',))}, once"
            sent = echo(", ".join(values)) if allowed[key] else None  # free text is never echoed
            faults.append(Fault("", f"the query option {key} is not right", expected, sent))
        else:
            chosen[key] = values[0]
    if faults:
        raise InvalidBody(faults)
    return chosen


def _right(value: str, choices: Choices) -> bool:
    return choices is None or value in choices


def _unknown(key: str, allowed: dict[str, Choices]) -> Fault:
    known = ", ".join(allowed) or "no option"
    return Fault("", "the query has an unknown option", known, key[:60], nearest(key, allowed))
