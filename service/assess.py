"""The use case: an exam in, an assessment with its whole reasoning out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from itertools import chain, count

from service.answer.alternatives import alternatives
from service.answer.both_sides import merged_recommendations
from service.answer.case import Case
from service.answer.chains import chains
from service.answer.contributors import contributors, states
from service.answer.firings import knee_firings, not_fired, safety_firings
from service.answer.ledger import ledger
from service.answer.next_tests import next_tests
from service.answer.notes import convention_notes, noted, screen_notes
from service.answer.recommendations import Offer
from service.answer.safety import safety
from service.answer.summary import summary
from service.domain.assessment import Assessment, Firing, Knee
from service.domain.exam import Exam, Side
from service.domain.rulebase import RuleBase
from service.inference.durable_engine import DurableEngine
from service.inference.infer import Inference, MadeFor
from service.inference.no_answer import CannotInfer
from service.inference.screen import SafetyScreen
from service.inference.usable import what_counts
from service.inference.view import View
from service.knowledge.problems import Problem, RuleBaseError

SOFTWARE = {
    "name": "kneechain",
    "version": version("kneechain"),
    "engine": f"durable_rules {version('durable_rules')}",
}


@dataclass(frozen=True, slots=True)
class Assessor:
    """Answers exams under one rule base. Made once; safe to share between threads."""

    rulebase: RuleBase
    inference: Inference
    screen: SafetyScreen

    @classmethod
    def of(cls, rulebase: RuleBase, engine: MadeFor = DurableEngine) -> "Assessor":
        """Raises RuleBaseError where the rules cannot run: they are circular, or too many for the engine."""
        try:
            inference = Inference(rulebase, engine)
        except CannotInfer as error:
            rule = rulebase.rule_by_code[error.codes[0]]
            raise RuleBaseError([Problem(rule.file, rule.line, str(error))]) from error
        return cls(rulebase, inference, SafetyScreen(inference))

    @property
    def ready(self) -> bool:
        """Whether exams can be answered at all."""
        return self.inference.engine.usable

    def case(self, exam: Exam) -> Case:
        """The exam screened and inferred, for all that is said of it. Raises NoAnswer."""
        usable = what_counts(self.rulebase, exam)
        screen = self.screen.screen(exam, usable)
        views = {
            side: self.inference.infer(self.inference.view(usable.counting, side, given=screen.states))
            for side in exam.knees
            if screen.shows(side)
        }
        return Case(self.inference, exam, usable, screen, views)

    def assess(
        self,
        exam: Exam,
        *,
        now: datetime,
        assessment_id: str,
        with_ledger: bool = False,
        recorded: bool = False,
        software: Mapping[str, str] = SOFTWARE,
    ) -> Assessment:
        """The answer to one exam: a pure function of all that is given and of the rule base.

        `recorded`: whether it will be kept before anyone sees it. `software`: what the answer names; where
        an answer is given again, what it named then. Raises NoAnswer: the evaluators disagree, or the
        engine failed.
        """
        return self.answer(
            self.case(exam),
            now=now,
            assessment_id=assessment_id,
            with_ledger=with_ledger,
            recorded=recorded,
            software=software,
        )

    def answer(
        self,
        case: Case,
        *,
        now: datetime,
        assessment_id: str,
        with_ledger: bool = False,
        recorded: bool = False,
        software: Mapping[str, str] = SOFTWARE,
    ) -> Assessment:
        """The answer to an exam already screened and inferred."""
        exam = case.exam
        shown = {side: view for side, view in case.views.items() if case.screen.shows(side)}
        steps = count(1)
        screened = list(safety_firings(case, steps))
        traces = {side: list(knee_firings(case, view, steps)) for side, view in shown.items()}
        trace = [*screened, *chain.from_iterable(traces.values())]
        knees = tuple(self._knee(case, side, traces.get(side)) for side in exam.knees)
        screen_suppressed, screen_open = not_fired(case, case.screen.views, safety=True)
        knee_suppressed, knee_open = not_fired(case, shown, safety=False)
        open_rules = [*screen_open, *knee_open]
        screening = safety(case)
        return Assessment(
            id=assessment_id,
            exam=exam,
            assessed_at=now,
            recorded=recorded,
            software=software,
            summary=summary(case, screening, knees),
            outside_intended_use=case.screen.outside_intended_use,
            safety=screening,
            knees=knees,
            merged_recommendations=tuple(merged_recommendations(case, knees)),
            trace=tuple(trace),
            suppressed=(*screen_suppressed, *knee_suppressed),
            undetermined=tuple(open_rules),
            notes=(
                *screen_notes(case),
                *noted(trace),
                *(() if case.screen.hold else convention_notes(case, knees, trace, open_rules)),
            ),
            stale=tuple(case.input(observation) for observation in case.usable.stale),
            ledger=tuple(ledger(case, shown)) if with_ledger else None,
        )

    def _knee(self, case: Case, side: Side, trace: list[Firing] | None) -> Knee:
        """One knee of the answer; empty under a hold or out of scope."""
        screen = case.screen
        in_scope = side not in screen.out_of_scope
        secondary = screen.referral_first and not screen.hold
        knee = Knee(side, in_scope, screen.status == "incomplete", secondary)
        if trace is None:
            return knee
        view = case.views[side]
        ranked = contributors(case, view, trace)
        ranks = {contributor.definition.id: contributor.standing.rank or 0 for contributor in ranked}
        return replace(
            knee,
            contributors=ranked,
            alternatives=tuple(alternatives(case, trace)),
            states=tuple(states(case, view)),
            chains=tuple(chains(case, view)),
            recommendations=Offer(case, view).given(trace, ranks),
            next_tests=tuple(next_tests(case, view, trace)),
            regions_not_assessed=tuple(_regions_not_assessed(case, view)),
        )


def _regions_not_assessed(case: Case, view: View) -> Iterable[str]:
    slot = case.inference.slots.of
    for region in case.rulebase.regions:
        findings = (f.id for f in case.rulebase.findings.values() if f.region == region)
        if all(view.levels[slot(finding)] is None for finding in findings):
            yield region
