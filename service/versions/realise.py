"""Findings that lead to given conclusions: made of the examples written beside the rules that draw them."""

from collections.abc import Iterator, Mapping
from itertools import islice
from random import Random
from typing import Any

from service.domain.exam import OTHER, Exam, Key, Side, Value
from service.domain.rule import RaiseFlag, Rule
from service.inference.reference import FIRES
from service.inference.usable import what_counts
from service.versions.base import KNEE, MOMENT, Base, Values
from service.versions.points import Subject, conclusions, observed

DEEPEST = 4
WAYS = 6
"""So many ways are tried for each conclusion of a point."""
MIXTURES = 150
"""So many mixtures of examples are tried to reach a class."""


class Realiser:
    """Leads to conclusions under one rule base. What it yields is a guess: whoever asks confirms it."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self._classes: dict[tuple[str, str], list[Values]] = {}

    def exams(
        self, values: Values, given: Mapping[Subject, Any]
    ) -> Iterator[tuple[Values, tuple[Side, ...]]]:
        """Exams that hold these values and may lead to these conclusions, with the knees assessed."""
        knees: tuple[Side, ...] = (KNEE,) if given.get(("assessed", ""), True) else (OTHER[KNEE],)
        ways: list[Values] = [{}]
        for subject, wanted in given.items():
            reaching = list(islice(self._reach(subject, wanted, DEEPEST), WAYS))
            if reaching:
                mixed: list[Values] = [{**before, **more} for before in ways for more in reaching]
                ways = mixed[: WAYS * WAYS]
        for way in ways:
            yield {**way, **values}, knees

    def _reach(self, subject: Subject, wanted: Any, depth: int) -> Iterator[Values]:
        kind, id_ = subject
        rulebase = self.base.rulebase
        if depth == 0:
            return
        match kind:
            case "state" if wanted is True:
                for index in rulebase.setters.get(id_, ()):
                    yield from self._firing(rulebase.rules[index], depth)
            case "state" if wanted is False:
                yield self._silent(id_)
            case "flag" if wanted:
                for rule in rulebase.rules:
                    if rule.active and any(isinstance(e, RaiseFlag) and e.flag == id_ for e in rule.effects):
                        yield from self._firing(rule, depth)
            case "class":
                yield from self._class(id_, wanted)
            case "coverage":
                yield self._covering(id_, wanted)

    def _firing(self, rule: Rule, depth: int) -> Iterator[Values]:
        """What the examples give on which a rule fires, with what leads to the conclusions they set."""
        for given in self.base.given_by(rule, FIRES):
            seen = observed(given)
            for subject, wanted in conclusions(given).items():
                for way in islice(self._reach(subject, wanted, depth - 1), 1):
                    seen = {**way, **seen}
            yield seen

    def _silent(self, state: str) -> Values:
        """Together, an example of each rule that may set the state, on which that rule is silent."""
        rules = (self.base.rulebase.rules[index] for index in self.base.rulebase.setters.get(state, ()))
        examples = (given for rule in rules for given in islice(self.base.given_by(rule, "silent"), 1))
        return {key: value for example in examples for key, value in observed(example).items()}

    def _covering(self, contributor: str, wanted: Any) -> Values:
        """Something observed of so many key groups, the least telling value of each."""
        groups = self.base.rulebase.contributors[contributor].key_groups
        values: dict[Key, Value] = {}
        for group in groups[: round(wanted * len(groups) / 100)]:
            definition = self.base.rulebase.findings[group.any_of[0]]
            side = KNEE if definition.sided else None
            if not definition.numeric:
                values[definition.id, side] = next(iter(definition.values))
        return values

    def _class(self, contributor: str, wanted: str) -> Iterator[Values]:
        if not self._classes:
            self._find_classes()
        yield from self._classes.get((contributor, wanted), ())

    def _find_classes(self) -> None:
        """For each contributor and class the first mixtures of firing examples that reach it."""
        rules = [rule for rule in self.base.rulebase.rules if rule.scores and rule.active]
        firing = {rule.code: list(islice(self._firing(rule, 1), 3)) for rule in rules}
        random = Random(0)
        for contributor in self.base.rulebase.contributors:
            scoring = [r for r in rules if any(s.target == contributor for s in r.scores) and firing[r.code]]
            self._note({})
            for _ in range(min(MIXTURES, 25 * len(scoring))):
                chosen = random.sample(scoring, min(len(scoring), random.randint(1, 5)))
                mixed = [random.choice(firing[rule.code]) for rule in chosen]
                self._note({key: value for values in mixed for key, value in values.items()})

    def _note(self, values: Values) -> None:
        inference = self.base.assessor.inference
        exam = Exam(MOMENT, (KNEE,), self.base.observed(values))
        view = inference.infer(inference.view(what_counts(self.base.rulebase, exam).counting, KNEE))
        for id_, standing in view.standings.items():
            found = self._classes.setdefault((id_, standing.name), [])
            if len(found) < WAYS and values not in found:
                found.append(values)
