"""One rule base made ready to be asked: its encodings, its evaluators, and where everything stands."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from schemas.assessment import write_assessment
from service.assess import Assessor
from service.domain.rule import AssessedTest, Condition, FindingTest, FlagTest, Rule, StateTest
from service.domain.rulebase import RuleBase
from service.inference.infer import Inference
from service.inference.screen import SafetyScreen
from service.knowledge.places import Places
from service.verify.static.encoding import Encoding, Held
from service.verify.static.observed import Cells
from service.verify.static.reading import Reading
from service.verify.static.report import Report
from service.verify.static.terms import Questions, Solution, Term
from service.verify.static.witness import MOMENT, Witness, Witnesses


class Study:
    """What the analyses share. Raises CannotInfer where the rules cannot run."""

    def __init__(self, rulebase: RuleBase, folder: Path | None = None) -> None:
        self.rulebase = rulebase
        self.inference = Inference(rulebase)
        self.places = Places(folder)
        self.witnesses = Witnesses(self.inference)
        self.reading = Reading(rulebase)
        self.questions = Questions()
        self.whole = Encoding(rulebase, self.questions)
        """Every conclusion as the rules draw it."""
        self.loose = Encoding(rulebase, Questions(), held=Held(conclusions=True))
        """States, classes and flags as they may be: what cannot be here cannot be at all."""

    @cached_property
    def active(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rulebase.rules if rule.active)

    @cached_property
    def assessor(self) -> Assessor:
        return Assessor(self.rulebase, self.inference, SafetyScreen(self.inference))

    @cached_property
    def firing(self) -> dict[str, Witness]:
        """For each active rule that can fire an exam in which it does."""
        found = {rule.code: self.witness(rule, self.whole.fires(rule)) for rule in self.active}
        return {code: witness for code, witness in found.items() if witness is not None}

    @cached_property
    def exams(self) -> tuple[Witness, ...]:
        """A few exams in which, taken together, every active rule that can fire does."""
        chosen: list[Witness] = []
        for witness in self.firing.values():
            for place, other in enumerate(chosen):
                both = self.witnesses.together(other, witness)
                if both is not None:
                    chosen[place] = both
                    break
            else:
                chosen.append(witness)
        return tuple(chosen)

    def answer(self, witness: Witness) -> Any:
        """The whole answer to an exam, as JSON has it."""
        exam = self.witnesses.exam(witness)
        answer = self.assessor.assess(exam, now=MOMENT, assessment_id="proof", with_ledger=True)
        return write_assessment(answer, self.rulebase)

    def assessed(self, rule: Rule) -> Term:
        """All is seen from the left knee, which is assessed; the screen may see it while it is not."""
        return True if rule.safety else self.whole.exam.assessed("left")

    def find(self, rule: Rule, *terms: Term) -> Solution | None:
        """An exam of which all these hold, as this rule sees it."""
        return self.questions.find(self.assessed(rule), *terms)

    def never(self, rule: Rule, *terms: Term) -> bool:
        return self.questions.never(self.assessed(rule), *terms)

    def witness(self, rule: Rule, *terms: Term, also: Iterable[Rule] = ()) -> Witness | None:
        """A confirmed exam of which all these terms hold, for the outcome of this rule and others."""
        solution = self.find(rule, *terms)
        if solution is None:
            return None
        return self.witnesses.of(self.whole, solution, (rule, *also), rule.safety)

    def of_rule(
        self, kind: str, rule: Rule, key: str, says: str, proof: str,
        parts: Iterable[str] = (), witness: Witness | None = None,
    ) -> Report:  # fmt: skip
        """A report about a rule, at the line where that key of it stands."""
        line = self.places.in_rule(rule, key)
        return Report(kind, rule.code, tuple(parts), rule.file, line, says, proof, witness)

    def of_entry(
        self, kind: str, id_: str, says: str, proof: str,
        parts: Iterable[str] = (), witness: Witness | None = None,
    ) -> Report:  # fmt: skip
        """A report about something the vocabulary declares."""
        file, line = self.places.of(id_)
        return Report(kind, id_, tuple(parts), file, line, says, proof, witness)

    def cannot_be(self, condition: Condition) -> tuple[bool, bool]:
        """Whether the condition can never be known true, and never known false, whatever was concluded."""
        truth, never = self.loose.truth(condition), self.loose.questions.never
        if self._stands_alone(condition):
            return truth.true is False, truth.false is False
        return never(truth.true), never(truth.false)

    def _stands_alone(self, condition: Condition) -> bool:
        """Whether a criterion reads one thing that may be anything: then its terms tell already."""
        if isinstance(condition, FindingTest) and condition.finding in self.rulebase.findings:
            key = self.loose.exam.key(condition.finding, "left", condition.other)
            return isinstance(self.loose.exam.of(key), Cells)
        return isinstance(condition, StateTest | FlagTest | AssessedTest)
