"""Assessing an exam, and reading what was recorded: parse, call, write. Described in openapi.yaml."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple

import orjson
from flask import Blueprint, Response

from schemas.assessment import write_assessment
from schemas.faults import Fault, InvalidBody
from schemas.recorded import write_found, write_replay
from schemas.search import read_search
from schemas.text import parse_instant
from service.inference.no_answer import NoAnswer
from service.records.archive import NotTheSame, nothing_recorded
from service.records.proving import proof
from service.records.recording import Answered, Unanswered
from service.web.asking import asker
from service.web.guard import needs, require
from service.web.metrics import assessed
from service.web.problems import unanswered
from service.web.served import NO_STORE, body, json, json_bytes, query_options, served

routes = Blueprint("assessments", __name__)
SEARCH_COST = 5
"""What is seldom found is looked for in the whole log."""
TIME_EXPECTED = "a time in UTC, such as 2026-11-20T08:30:00Z; the + of another offset is sent as %2B"
NOT_IN_BRIEF = ("trace_format", "trace", "undetermined")


@routes.post("/v1/assessments")
@needs("assess", "preview")
def assess() -> Response:
    options = query_options(view=("full", "brief"), ledger=("false", "true"), dry_run=("false", "true"))
    if options.pop("dry_run") == "true":
        require("preview")
        return _preview(body(), options)
    require("assess")
    posted = body()
    try:
        answered = served().recorder.assess(posted, asker("assess"), options)
    except Unanswered as error:
        return unanswered(error.attempt, error.reason)
    assessed(answered.new)
    headers = NO_STORE | {"Location": f"/v1/assessments/{answered.id}"}
    return json_bytes(_as_asked(answered, posted, options), 201 if answered.new else 200, headers)


def _preview(posted: bytes, options: dict[str, str]) -> Response:
    """The answer that would be given; only that somebody asked is recorded."""
    here, who = served(), asker("preview")
    exam = here.reader.read_bytes(posted, who.at)
    attempt = here.recorder.preview(posted, who)
    try:
        assessment = here.assessor.assess(
            exam, now=who.at, assessment_id=attempt, with_ledger=options["ledger"] == "true"
        )
    except NoAnswer as reason:
        return unanswered(attempt, reason)
    brief = options["view"] == "brief"
    return json(write_assessment(assessment, here.assessor.rulebase, brief=brief), 200, NO_STORE)


def _as_asked(answered: Answered, posted: bytes, options: dict[str, str]) -> bytes:
    """The recorded bytes, or as much or more of them as was asked for."""
    if options == {"view": "full", "ledger": "false"}:
        return answered.answer
    answer = orjson.loads(answered.answer)
    if options["view"] == "brief":
        answer = {key: value for key, value in answer.items() if key not in NOT_IN_BRIEF}
    if options["ledger"] == "true":
        with _as_recorded():
            answer["ledger"] = served().archive.ledger_of(posted, answered.answer)
    return orjson.dumps(answer)


@contextmanager
def _as_recorded() -> Iterator[None]:
    """What was answered once and is not any more is no fault of whoever asks for it."""
    try:
        yield
    except (InvalidBody, NoAnswer):
        raise NotTheSame from None


# -- one that was recorded -----------------------------------------------------------------------


@routes.get("/v1/assessments/<uuid:assessment>")
@needs("read")
def assessment(assessment: object) -> Response:
    query_options()
    archive, who = served().archive, asker("read")
    answer = archive.answer(str(assessment), who)
    by = archive.correction(str(assessment), who)
    link = {"Link": f'</v1/assessments/{by}>; rel="successor-version"'} if by else {}
    return json_bytes(answer, 200, NO_STORE | link)


@routes.get("/v1/assessments/<uuid:assessment>/trace")
@needs("read")
def trace(assessment: object) -> Response:
    query_options()
    return json(served().archive.trace(str(assessment), asker("read")), 200, NO_STORE)


@routes.get("/v1/assessments/<uuid:assessment>/ledger")
@needs("read")
def ledger(assessment: object) -> Response:
    query_options()
    with _as_recorded():
        found = served().archive.ledger(str(assessment), asker("read"))
    return json(found, 200, NO_STORE)


@routes.get("/v1/assessments/<uuid:assessment>/replay")
@needs("replay")
def replay(assessment: object) -> Response:
    as_of = query_options(rules_as_of=None).get("rules_as_of")
    archive, who = served().archive, asker("replay")
    if as_of is None:
        with _as_recorded():
            recorded, compared = archive.replay(str(assessment), who)
        return json(write_replay(recorded, *astuple(compared)), 200, NO_STORE)
    time = parse_instant(as_of)
    if time is None:
        raise InvalidBody([Fault("", "the query option rules_as_of is not right", TIME_EXPECTED)])
    found = archive.under_rules_of(time, str(assessment), who)
    return json({"assessment_id": str(assessment), **found}, 200, NO_STORE)


@routes.get("/v1/assessments/<uuid:assessment>/record")
@needs("verify")
def record(assessment: object) -> Response:
    query_options()
    found = proof(served().store, str(assessment), asker("verify"))
    if found is None:
        raise nothing_recorded()
    return json(found, 200, NO_STORE)


# -- reviews -------------------------------------------------------------------------------------


@routes.post("/v1/assessments/<uuid:assessment>/reviews")
@needs("review")
def review(assessment: object) -> Response:
    query_options()
    written, new = served().reviews.add(str(assessment), body(), asker("review"))
    return json(written, 201 if new else 200, NO_STORE)


@routes.get("/v1/assessments/<uuid:assessment>/reviews")
@needs("read")
def reviews(assessment: object) -> Response:
    query_options()
    return json({"reviews": served().reviews.of(str(assessment), asker("read"))}, 200, NO_STORE)


# -- many ----------------------------------------------------------------------------------------


@routes.post("/v1/assessments/search")
@needs("search", cost=SEARCH_COST)
def search() -> Response:
    """POST, for what is looked for may name somebody, and no address may."""
    query_options()
    found, more = served().archive.search(read_search(body()), asker("search"))
    written = {"assessments": [write_found(s.id, s.at, s.words, s.about) for s in found]}
    return json(written if more is None else written | {"cursor": str(more)}, 200, NO_STORE)
