"""Inferring without answering: what both evaluators concluded of one exam, and re-judging it."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.assess import Assessor
from service.domain.exam import SIDES, Exam, Side
from service.inference.strata import Stratum
from service.inference.usable import what_counts
from service.inference.view import View
from tests.plain_reading import FALSE, TRUE, UNKNOWN, PlainReading, Sitting

KLEENE = {FALSE: False, UNKNOWN: None, TRUE: True}


@dataclass(frozen=True)
class Inferred:
    """One exam inferred: the safety rules seen from both sides, all others from each assessed knee."""

    exam: Exam
    screened: dict[Side, View]
    knees: dict[Side, View]
    given: dict[str, bool]


def infer(assessor: Assessor, exam: Exam) -> Inferred:
    """Raises EvaluatorsDisagree."""
    usable = what_counts(assessor.rulebase, exam)
    screen = assessor.screen.screen(exam, usable)
    given = {"safety_incomplete": screen.status == "incomplete", "referral_first": screen.referral_first}
    inference = assessor.inference
    knees = {side: inference.infer(inference.view(usable.counting, side, given=given)) for side in exam.knees}
    return Inferred(exam, dict(screen.views), knees, given)


def rejudged(assessor: Assessor, exam: Exam, held: View, safety: bool = False) -> View:
    """The exam as this side sees it, judged with the conclusions of another view held fixed."""
    inference = assessor.inference
    usable = what_counts(assessor.rulebase, exam)
    view = inference.view(usable.counting, held.side, assessed=held.assessed, safety=safety)
    view.states = held.states
    view.standings = held.standings
    view.flags = held.flags
    for stratum in strata(assessor, safety):
        inference.reference.judge(stratum, view)
    return view


def strata(assessor: Assessor, safety: bool) -> tuple[Stratum, ...]:
    return assessor.inference.safety_strata if safety else assessor.inference.strata


def differences(reading: PlainReading, inferred: Inferred, assessor: Assessor) -> Iterator[str]:
    """Where the plain reading of the files says something else than the two evaluators."""
    values = reading.counting(inferred.exam)
    screening = Sitting(reading, values, inferred.exam.knees, safety=True)
    resting = Sitting(reading, values, inferred.exam.knees, safety=False, given=inferred.given)
    for side in SIDES:
        yield from _outcomes(screening, inferred.screened[side], assessor)
    for view in inferred.knees.values():
        yield from _outcomes(resting, view, assessor)
        yield from _conclusions(reading, resting, view)


def _outcomes(sitting: Sitting, view: View, assessor: Assessor) -> Iterator[str]:
    for index, rule in enumerate(assessor.rulebase.rules):
        if rule.code in sitting.rules:
            read = sitting.outcome(rule.code, view.side)
            if read != view.outcomes[index]:
                yield f"{rule.code}, {view.side}: {view.outcomes[index]}, but by the file {read}"


def _conclusions(reading: PlainReading, sitting: Sitting, view: View) -> Iterator[str]:
    for state in reading.states:
        if reading.states[state].get("given_by") != "screen":
            read = KLEENE[sitting.state(state, view.side)]
            if read is not view.states[state]:
                yield f"state {state}, {view.side}: {view.states[state]}, but by the files {read}"
    for contributor in reading.scored:
        found = view.standings[contributor]
        points = (found.support, found.against, found.supporting_clusters)
        read_points = sitting.points(contributor, view.side)
        if points != read_points:
            yield f"{contributor}, {view.side}: {points}, but by the files {read_points}"
        read_class = sitting.class_of(contributor, view.side)
        if found.name != read_class:
            yield f"{contributor}, {view.side}: {found.name}, but by the files {read_class}"
