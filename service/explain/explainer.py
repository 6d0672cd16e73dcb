"""Every question is answered here, in one way: screen first, then what was asked."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from schemas.faults import Fault, InvalidBody
from service.answer.case import Case
from service.assess import Assessor
from service.domain.assessment import Assessment
from service.domain.exam import Exam, Side
from service.domain.explanation import Counterfactuals
from service.domain.question import Question, QuestionName, Target
from service.domain.reply import Answer, Reply
from service.explain.bounds import bounds
from service.explain.conditions import conclusion
from service.explain.counterfactuals import counterfactuals
from service.explain.next_tests import next_tests
from service.explain.what_if import what_if
from service.explain.why import why
from service.explain.why_not import why_not
from service.inference.screen import Screen


@dataclass(frozen=True, slots=True)
class Explainer:
    """Answers questions under one rule base. Safe to share between threads."""

    assessor: Assessor

    def reply(self, question: Question, now: datetime) -> Reply:
        """The reply to one question: a pure function of question, rule base and clock.

        Raises NoAnswer: the evaluators disagree, or the engine failed. Raises InvalidBody where a page
        is asked for that there is not.
        """
        if question.other is not None:
            return self._what_if(question, question.other, now)
        if question.posted is not None:
            question = self._as_posted(question)
        case, assessment = self._assessed(question.exam, now)
        assert question.side is not None
        target = question.target
        label = conclusion(case, target, question.side).label if target else None
        withheld = _withheld(case, question)
        answer = None if withheld else ANSWERS[question.name](case, assessment, question.side, question)
        return Reply(question, assessment, label, withheld, answer)

    def _as_posted(self, question: Question) -> Question:
        """Without its changes where the screen withholds the knee of the posted exam: none brings it back."""
        assert question.posted is not None and question.side is not None
        if self.assessor.case(question.posted).screen.shows(question.side):
            return question
        return replace(question, exam=question.posted, posted=None)

    def _assessed(self, exam: Exam, now: datetime) -> tuple[Case, Assessment]:
        case = self.assessor.case(exam)
        return case, self.assessor.answer(case, now=now, assessment_id="")

    def _what_if(self, question: Question, other: Exam, now: datetime) -> Reply:
        """What stands beside it is said of the exam that gives more cause for concern, or of the second."""
        before, first = self._assessed(question.exam, now)
        after, second = self._assessed(other, now)
        withheld = tuple(dict.fromkeys((*before.screen.withheld, *after.screen.withheld)))
        beside = first if _concern(before.screen) > _concern(after.screen) else second
        return Reply(question, beside, None, withheld, what_if(before, after, (first, second)))


def _concern(screen: Screen) -> tuple[bool, ...]:
    """What a screen comes to, so that the graver is greater."""
    return (
        screen.hold, bool(screen.withheld), screen.referral_first, screen.outside_intended_use,
        screen.status == "incomplete",
    )  # fmt: skip


def _withheld(case: Case, question: Question) -> tuple[str, ...]:
    """The flags that withhold the answer. The proof of a flag is always given."""
    target = question.target
    if question.name == "why" and target is not None and target.kind == "flag":
        return ()
    if case.screen.hold or question.side not in case.screen.out_of_scope:
        return case.screen.withheld
    out = (r for r in case.screen.raised if r.open and r.flag.withholds == "knee" and r.side == question.side)
    return tuple(dict.fromkeys(raised.flag.code for raised in out))


# -- one function for each question -----------------------------------------------------------


def _why(case: Case, assessment: Assessment, side: Side, question: Question) -> Answer:
    return why(case, assessment, side, _target(question))


def _why_not(case: Case, assessment: Assessment, side: Side, question: Question) -> Answer:
    return why_not(case, side, _target(question))


def _bounds(case: Case, assessment: Assessment, side: Side, question: Question) -> Answer:
    return bounds(case, side, _target(question).id)


def _next_tests(case: Case, assessment: Assessment, side: Side, question: Question) -> Answer:
    return next_tests(case, side)


def _counterfactuals(case: Case, assessment: Assessment, side: Side, question: Question) -> Counterfactuals:
    found = counterfactuals(case, side, _target(question).id, question.wanted, question.page)
    last = found.pages
    if question.page > last:
        said = "there is only 1 page" if last == 1 else f"there are only {last} pages"
        raise InvalidBody([Fault("/page", said, f"1 to {last}", str(question.page))])
    return found


def _target(question: Question) -> Target:
    assert question.target is not None
    return question.target


ANSWERS: dict[QuestionName, Callable[[Case, Assessment, Side, Question], Answer]] = {
    "why": _why,
    "why-not": _why_not,
    "counterfactuals": _counterfactuals,
    "bounds": _bounds,
    "next-tests": _next_tests,
}
