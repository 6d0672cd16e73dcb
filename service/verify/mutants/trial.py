"""Whether any example or case notices a mutant, by the reference evaluator alone.

Only what a change can reach is run again: the examples and cases in which the changed rule has another
outcome, or fires with other effects, and those of its own examples that say what is unknown.
"""

from collections.abc import Callable, Iterable, Iterator

from service.answer.case import Case
from service.assess import Assessor
from service.domain.rule import FindingTest, Rule
from service.domain.rulebase import RuleBase
from service.inference.no_answer import CannotInfer, NoAnswer
from service.inference.reference import FIRES
from service.inference.screen import SafetyScreen
from service.inference.view import View
from service.knowledge.problems import Problem, RuleBaseError
from service.verify.alone import inference_alone
from service.verify.cases import WholeCase
from service.verify.examples import BadExample, Examples, Run
from service.verify.mutants.mutant import Mutant

CANNOT_RUN = "the rules cannot run"


class Bench:
    """One rule base, made ready to run examples and cases. Raises CannotInfer."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.inference = inference_alone(rulebase)
        self.examples = Examples(self.inference)
        self.assessor = Assessor(rulebase, self.inference, SafetyScreen(self.inference))

    def holds(self, run: Run) -> bool:
        """Whether an example still holds."""
        rule = self.inference.rulebase.rule_by_code[run.rule.code]
        try:
            return not any(self.examples.differences(self.examples.run(rule, run.example)))
        except (BadExample, NoAnswer):
            return False


class Trial:
    """The examples and cases of a rule base, run once on it and then, as far as need be, on its mutants."""

    def __init__(self, rulebase: RuleBase, cases: Iterable[WholeCase]) -> None:
        """Raises RuleBaseError where an example or case does not hold to begin with."""
        self.rulebase = rulebase
        self.unchanged = Bench(rulebase)
        problems: list[Problem] = []
        self.runs = self.unchanged.examples.run_all(problems)
        self.cases = [(case, self.unchanged.assessor.case(case.exam)) for case in cases]
        for case, _ in self.cases:
            if not case.holds(self.unchanged.assessor):
                problems.append(Problem(f"case {case.code}", 1, "does not hold"))
        if problems:
            raise RuleBaseError(problems)

    def noticed_by(self, mutant: Mutant) -> str | None:
        """The first example or case found that no longer holds; None if all do."""
        return next(self._noticing(mutant), None)

    def _noticing(self, mutant: Mutant) -> Iterator[str]:
        mine, others = self._runs(mutant)
        if mutant.rule is not None and self._decides_otherwise(mutant.rule):
            judge = self.unchanged.inference.reference.judging(mutant.rule)
            yield from (_name(run) for run in mine if judge(run.view) != run.outcome)
        try:
            changed = Bench(mutant.make())
        except CannotInfer:
            yield CANNOT_RUN
            return
        reached = self._reached(mutant, changed)
        for run in mine:
            if (reached(run.case) or not UNKNOWNS.isdisjoint(run.example.expect)) and not changed.holds(run):
                yield _name(run)
        for run in others:
            if reached(run.case) and not changed.holds(run):
                yield _name(run)
        for case, found in self.cases:
            if reached(found) and not case.holds(changed.assessor):
                yield f"case {case.code}"

    def _runs(self, mutant: Mutant) -> tuple[list[Run], list[Run]]:
        """The examples of the changed rule, and those that a change of it could reach."""
        rule = mutant.rule
        if rule is None:
            return [], self.runs
        others = (run for run in self.runs if run.rule.safety == rule.safety)
        return [r for r in self.runs if r.rule.code == rule.code], [
            r for r in others if r.rule.code != rule.code
        ]

    def _reached(self, mutant: Mutant, changed: Bench) -> Callable[[Case], bool]:
        """Whether anything of an exam may be another under the mutant."""
        rule = mutant.rule
        if rule is None:
            return lambda case: any(
                mutant.reaches(changed.inference, view)
                for safety in (True, False)
                for view in _views(case, safety)
            )
        if self._reads_anew(rule):
            return lambda case: True
        index = self.unchanged.inference.index[rule.code]
        if not self._decides_otherwise(rule):
            return lambda case: any(view.outcomes[index] == FIRES for view in _views(case, rule.safety))
        judge = self.unchanged.inference.reference.judging(rule)
        return lambda case: any(view.outcomes[index] != judge(view) for view in _views(case, rule.safety))

    def _decides_otherwise(self, rule: Rule) -> bool:
        original = self.rulebase.rule_by_code[rule.code]
        return not self._reads_anew(rule) and (rule.when, rule.unless) != (original.when, original.unless)

    def _reads_anew(self, rule: Rule) -> bool:
        """Whether it reads a formula of the other side that no rule of the unchanged base reads there."""
        slots = self.unchanged.inference.slots
        read = (criterion for criterion in rule.criteria() if isinstance(criterion, FindingTest))
        return any(
            c.other and c.finding in self.rulebase.derived and (c.finding, True) not in slots for c in read
        )


UNKNOWNS = frozenset({"gaps", "assumed"})
"""What an example may expect that another condition can change while the outcome stays."""


def _views(case: Case, safety: bool) -> tuple[View, ...]:
    """The views in which the safety rules, or all others, were judged."""
    return tuple((case.screen.views if safety else case.views).values())


def _name(run: Run) -> str:
    return f"{run.rule.code}, {run.example.name}"
