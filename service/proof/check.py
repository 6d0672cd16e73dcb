"""Holds an answer against the rules and the findings it was given for."""

from collections.abc import Collection, Mapping
from typing import Any

from service.domain.exam import Exam
from service.domain.rule import Rule
from service.domain.rulebase import RuleBase
from service.proof import beside, screened, trace
from service.proof.book import Book
from service.proof.case import Case
from service.proof.headline import Headline
from service.proof.knee import Knee
from service.proof.layout import ANSWER, NOT_SETTLED, REASONING
from service.proof.ledger import ledger
from service.proof.shapes import Discrepancy
from service.proof.trace import Firing
from service.proof.writing import Json, instant, seen

TRACE_FORMAT = "kneechain.trace.v1"
"""What an answer calls the format of its trace; schemas/trace.v1.schema.json describes it."""
FORMS = {
    "assessment_id": "a UUID",
    "recorded": "true or false",
    "assessed_at": "a time in UTC, such as 2026-11-20T08:30:00Z",
    "software": {"name": "kneechain", "version": "a version", "engine": "an engine and its version"},
}
"""In words, what has only a form."""


def checked_parts(answer: Any, brief: bool, with_ledger: bool) -> list[str]:
    """The parts of an answer that are held against rules and findings.

    An answer that was asked for as `brief` may leave out its reasoning, all of it; one `with_ledger` must
    have one.
    """
    claims = answer if isinstance(answer, Mapping) else {}
    left_out = {*NOT_SETTLED}
    if brief and not any(part in claims for part in REASONING):
        left_out.update(REASONING)
    if not with_ledger and "ledger" not in claims:
        left_out.add("ledger")
    return [part for part in ANSWER.members if part not in left_out]


class Checker:
    """Checks answers given under one rule base. Made once; holds nothing of an exam.

    Raises RulesInACircle where rules wait for each other.
    """

    def __init__(self, rulebase: RuleBase) -> None:
        self.book = Book(rulebase)
        self.rulebase = rulebase

    def check(
        self, exam: Exam, answer: Any, *, brief: bool = False, with_ledger: bool = False
    ) -> list[Discrepancy]:
        """Everything the answer, as read from JSON, claims and that is not so; empty where it is proved.

        `exam` is what was posted, as the reader made it with the answer's `assessed_at` as its clock. What
        is there is checked; what may be missing is said by `brief` and `with_ledger`: see `checked_parts`.
        """
        parts = checked_parts(answer, brief, with_ledger)
        return list(ANSWER.compare("", answer, self.right(exam, parts)))

    def right(self, exam: Exam, parts: Collection[str]) -> Json:
        """What these parts of an answer to the exam must be, and of what form those not settled."""
        case = Case(self.book, exam)
        knees = [Knee(case, judgement) for judgement in case.knees.values()]
        asked = screened.ask_next(case, knees)
        references = {
            "exam_id": exam.exam_id, "subject": exam.subject, "encounter": exam.encounter,
            "corrects": exam.corrects,
        }  # fmt: skip
        right: Json = {
            **FORMS,
            "summary": {
                "headline": Headline(case, knees, bool(asked)).written(),
                "ask_next": asked,
                "safety_left": len(case.screen.not_screened),
            },
            "rule_base": self._rule_base(),
            **{key: sent for key, sent in references.items() if sent is not None},
            "performed_at": instant(exam.performed_at),
            "outside_intended_use": case.screen.outside_intended_use,
            "safety": screened.safety(case),
            "knees": _knees(case, knees),
            "merged_recommendations": beside.merged_recommendations(case, knees),
            "suppressed": trace.suppressed(case),
            "notes": screened.notes(case, knees),
            "stale": [seen(self.rulebase, case.counting.stale[key]) for key in screened.stale_keys(case)],
        }
        if "trace" in parts:
            right |= {
                "trace_format": TRACE_FORMAT,
                "trace": _trace(case, knees),
                "undetermined": trace.undetermined(case),
            }
        return right | ({"ledger": ledger(case)} if "ledger" in parts else {})

    def _rule_base(self) -> Json:
        approval = self.rulebase.approval
        draft = {"notice": approval.draft_notice} if approval.status == "draft" else {}
        return {
            "name": self.rulebase.name,
            "version": self.rulebase.version,
            "digest": self.rulebase.digest,
            "status": approval.status,
            "approved_by": approval.approved_by,
            "approved_on": approval.approved_on and approval.approved_on.isoformat(),
            "review_by": approval.review_by.isoformat(),
            "intended_use": approval.intended_use,
            "disabled": [_switched_off(rule) for rule in self.book.off.rules],
            **draft,
        }


def _switched_off(rule: Rule) -> Json:
    assert rule.disabled is not None
    return {
        "rule": rule.code, "by": rule.disabled.by, "on": rule.disabled.on.isoformat(),
        "reason": rule.disabled.reason,
    }  # fmt: skip


def _trace(case: Case, knees: list[Knee]) -> list[Json]:
    """Every rule that fires: those of the screen, then each knee's from signs to conclusions."""
    screened = [Firing(case, fired.rule, fired.side, fired.judgement) for fired in case.screen.fired]
    firings = [*screened, *(firing for knee in knees for firing in knee.firings)]
    return [{"step": step, **firing.written()} for step, firing in enumerate(firings, start=1)]


def _knees(case: Case, shown: list[Knee]) -> list[Json]:
    """Each assessed knee; of one that may not be shown nothing but that."""
    by_side = {knee.judgement.side: knee for knee in shown}
    screen = case.screen
    knees = []
    for side in case.exam.knees:
        knee = by_side.get(side)
        knees.append(
            {
                "side": side,
                "scope": "in" if screen.in_scope(side) else "out",
                "provisional": screen.status == "incomplete",
                "secondary": screen.referral_first and not screen.hold,
                "contributors": _contributors(knee) if knee else [],
                "alternatives": list(beside.alternatives(knee)) if knee else [],
                "states": knee.states() if knee else [],
                "chains": knee.chains() if knee else [],
                "recommendations": knee.recommendations() if knee else [],
                "next_tests": knee.next_tests() if knee else [],
                "regions_not_assessed": knee.regions_not_assessed() if knee else [],
            }
        )
    return knees


def _contributors(knee: Knee) -> list[Json]:
    """Each with the findings that are the same on a side without pain."""
    other = beside.OtherSide(knee)
    written = knee.contributors()
    for contributor in written:
        for one in (contributor, *contributor["mechanisms"]):
            one["less_specific"] = other.less_specific(one["id"])
    return written
