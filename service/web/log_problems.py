"""Problems of the decision log: what cannot be recorded, was recorded otherwise, or was erased."""

from dataclasses import replace

from flask import Flask, Response

from schemas.faults import Fault
from schemas.problem import problem_document
from service.audit.database import StoreUnavailable
from service.audit.drafts import OtherRevision
from service.audit.entry import PersonErased
from service.audit.sealing import Unsealable
from service.knowledge.files import NotThatRuleBase
from service.knowledge.problems import RuleBaseError
from service.records.archive import NotTheSame
from service.records.recording import TAKEN, RecordedOtherwise
from service.records.reviewing import ReviewedOtherwise
from service.records.rule_bases import NoSuchRules
from service.web.metrics import record_unreadable, store_failed
from service.web.problems import problem

RETRY_SECONDS = "5"


def register(app: Flask) -> None:
    @app.errorhandler(StoreUnavailable)
    def unavailable(error: StoreUnavailable) -> Response:
        store_failed()
        app.logger.error("%s", error)
        detail = "The decision log cannot be used now. Without a record there is no answer; send it again."
        return problem(problem_document(503, detail), {"Retry-After": RETRY_SECONDS})

    @app.errorhandler(PersonErased)
    def erased(_: PersonErased) -> Response:
        return problem(problem_document(410, "The data of this person were erased."))

    @app.errorhandler(RecordedOtherwise)
    def otherwise(_: RecordedOtherwise) -> Response:
        return problem(_conflict(TAKEN))

    @app.errorhandler(ReviewedOtherwise)
    def reviewed_otherwise(_: ReviewedOtherwise) -> Response:
        return problem(
            _conflict(replace(TAKEN, pointer="/review_id", expected="a review_id for each review"))
        )

    @app.errorhandler(OtherRevision)
    def other_revision(error: OtherRevision) -> Response:
        detail = f"The draft has revision {error.revision} now; nothing was kept."
        return problem(problem_document(412, detail), {"ETag": f'"{error.revision}"'})

    @app.errorhandler(NoSuchRules)
    def no_rules(_: NoSuchRules) -> Response:
        return problem(problem_document(404, "No rules of that time were kept: none had answered yet."))

    @app.errorhandler(Unsealable)
    def changed(_: Unsealable) -> Response:
        record_unreadable()
        app.logger.critical("a record cannot be opened: it, or its key, is not what it was")
        detail = "This record is not what it was, and is not shown. 'kneechain audit verify' tells more."
        return problem(problem_document(500, detail))

    @app.errorhandler(NotThatRuleBase)
    @app.errorhandler(RuleBaseError)
    @app.errorhandler(NotTheSame)
    def not_the_same(_: Exception) -> Response:
        detail = (
            "The recorded rules do not give the recorded answer again; 'kneechain audit verify' tells more."
        )
        app.logger.error("a recorded answer was not given again")
        return problem(problem_document(500, detail))


def _conflict(fault: Fault) -> dict[str, object]:
    """The id stands for something else already. It is not repeated: it could name someone."""
    return problem_document(409, "This was recorded before, otherwise; nothing was changed.", [fault])
