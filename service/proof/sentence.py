"""The sentence of a rule that fired, word for word: what it saw, concluded and went ahead without."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import starmap
from operator import itemgetter
from typing import Any

from service.domain.exam import Observation
from service.domain.rule import (
    COMPARING,
    AssessedTest,
    ClassTest,
    CoverageTest,
    Criterion,
    FindingTest,
    FlagTest,
    Rule,
    StateTest,
)
from service.domain.vocabulary import ObservedCount
from service.proof.case import Case
from service.proof.judgement import WAYS, Judgement
from service.proof.writing import at_side, capital, name_of, number_words, said

PARTS = ("seen", "not_examined", "concluded", "screen", *WAYS)
"""What may stand between title and rationale, in this order; each a key of the wording."""
TURNED = {"at_least": "below", "below": "at_least", "at_most": "above", "above": "at_most"}
"""What is so where a test is known not to hold."""
UPPER = ("at_most", "below")
Place = tuple[str, bool]
"""A finding, and whether it is read on the other side."""
Told = Iterator[tuple[str, str]]
"""Pieces of a sentence, each with the part it stands in."""


class Sentence:
    """Why one rule fired, judged from one side."""

    def __init__(self, case: Case, rule: Rule, judgement: Judgement) -> None:
        self.case, self.rule, self.judgement = case, rule, judgement
        self.rulebase, self.sight = case.rulebase, judgement.sight
        self.readings = list(judgement.readings(rule.when))

    def written(self) -> str:
        """Its title, each part that has anything to say, its rationale."""
        told: dict[str, dict[str, None]] = {part: {} for part in PARTS}
        for part, piece in (*self._held(), *self._assumed()):
            told[part][piece] = None
        wording = self.rulebase.wording
        parts = [wording[part].format(list="; ".join(pieces)) for part, pieces in told.items() if pieces]
        return " ".join([f"{self.rule.title}.", *parts, self.rule.because])

    def _held(self) -> Told:
        for criterion, _ in self.readings:
            if isinstance(criterion, FindingTest):
                yield "not_examined" if self._not_examined(criterion) else "seen", self._finding(criterion)
            elif not isinstance(criterion, AssessedTest):
                yield self._conclusion(criterion)

    def _assumed(self) -> Told:
        for way, gaps in self.judgement.assumed(self.rule).items():
            yield from ((way, name_of(self.case, (gap.finding, gap.side))) for gap in gaps)

    # -- findings --------------------------------------------------------------------------

    def _not_examined(self, test: FindingTest) -> bool:
        """Whether it holds because something was not observed."""
        derived = self.rulebase.derived.get(test.finding)
        if derived is None:
            return test.word == "not_observed"
        return isinstance(derived.formula, ObservedCount) and not self.sight.of(test).value(test.finding)

    def _finding(self, test: FindingTest) -> str:
        """`Navicular drop, left: 16 mm (at least 15 mm)`; in square brackets what it was computed from."""
        if test.finding in self.rulebase.derived:
            return self._formula(test)
        key = self.sight.of(test).key(test.finding)
        seen = self.case.counting.observed.get(key)
        if seen is None:
            return name_of(self.case, key)
        beside = [self._needed(test)]
        if seen.painful and self.rulebase.findings[test.finding].type != "yes_no":
            beside.append(self.rulebase.wording["pain_limited"])
        (words,) = said(self.case, [seen])
        limits = "; ".join(filter(None, beside))
        computed_from = self.judgement.inputs([test])[1:]
        return self._with(f"{words} ({limits})" if limits else words, computed_from)

    def _formula(self, test: FindingTest) -> str:
        """A yes is said by naming it."""
        derived, sight = self.rulebase.derived[test.finding], self.sight.of(test)
        words = at_side(derived.label, sight.side if derived.sided else None)
        if self._not_examined(test):
            return words
        value = sight.value(test.finding)
        if not derived.two_valued:
            words += f": {number_words(self.rulebase, value, derived.unit)} ({self._needed(test)})"
        elif value == "no":
            words += ": no"
        return self._with(words, self.judgement.inputs([test]))

    def _with(self, words: str, computed_from: Iterable[Observation]) -> str:
        behind = "; ".join(said(self.case, computed_from))
        return f"{words} [{behind}]" if behind else words

    # -- limits ----------------------------------------------------------------------------

    def _needed(self, test: FindingTest) -> str:
        return self._limits.get((test.finding, test.other), "")

    @cached_property
    def _limits(self) -> dict[Place, str]:
        """Of each finding that is compared the tightest: `above 10 mm, below 15 mm`."""
        found: dict[Place, dict[str, list[tuple[Any, str]]]] = {}
        for criterion, holds in self.readings:
            if isinstance(criterion, FindingTest) and criterion.word in COMPARING:
                word, needed = _limit(criterion, holds)
                words = found.setdefault((criterion.finding, criterion.other), {})
                words.setdefault(word, []).append((criterion.levels[0], needed))
        return {place: ", ".join(starmap(_tightest, words.items())) for place, words in found.items()}

    # -- conclusions -----------------------------------------------------------------------

    def _conclusion(self, criterion: Criterion) -> tuple[str, str]:
        match criterion:
            case StateTest(state):
                return self._state(state)
            case ClassTest(contributor):
                name = self.judgement.standing(contributor).name
                return "concluded", capital(self.case.classed(contributor, name, self._of_knee(contributor)))
            case CoverageTest(contributor):
                assessed, of = self.judgement.covered(contributor)
                label = capital(self._of_knee(contributor))
                told = self.rulebase.wording["coverage"].format(label=label, assessed=assessed, of=of)
                return "concluded", told
            case FlagTest(flag):
                label = self.rulebase.red_flags[flag].label
                return "concluded", self.rulebase.wording["flag"].format(code=flag, label=label)
            case _:
                raise TypeError(f"not a conclusion: {criterion}")

    def _state(self, id_: str) -> tuple[str, str]:
        """Only what was observed was seen."""
        state = self.rulebase.states[id_]
        part = "screen" if state.given_by_screen else "seen" if state.basis == "observed" else "concluded"
        side = self.judgement.side if self.case.book.sided_state(id_) else None
        return part, capital(at_side(state.label, side))

    def _of_knee(self, contributor: str) -> str:
        return f"{self.rulebase.contributors[contributor].label}, {self.judgement.side} knee"


def _limit(test: FindingTest, holds: bool) -> tuple[str, str]:
    """The word of a test and how it reads; of one that is known not to hold, of what is so instead."""
    if holds:
        return test.word, test.needed
    turned = TURNED.get(test.word)
    if turned is None:
        return test.word, f"not {test.needed}"
    return turned, test.needed.replace(test.word.replace("_", " "), turned.replace("_", " "), 1)


def _tightest(word: str, limits: list[tuple[Any, str]]) -> str:
    """The lowest of upper limits, the highest of others."""
    ordered = sorted(limits, key=itemgetter(0))
    return ordered[0 if word in UPPER else -1][1]
