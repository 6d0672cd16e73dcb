"""The rules judged from one side, by recursion: a rule is judged when something asks for it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from service.domain.logic import Truth
from service.domain.rule import (
    AssessedTest,
    ClassTest,
    CoverageTest,
    Criterion,
    FindingTest,
    FlagTest,
    RaiseFlag,
    Rule,
    Score,
    SetState,
    StateTest,
)
from service.proof.book import Book
from service.proof.conditions import Conditions
from service.proof.sight import Sight
from service.proof.words import compares

OUTCOMES = {
    (True, True): "suppressed",
    (True, False): "fires",
    (None, True): "suppressed",
    (None, False): "undetermined",
}
"""By whether `when` holds and whether `unless` is known to; where `when` is false the rule is silent."""


@dataclass(frozen=True)
class Standing:
    """How a contributor stands: points counted, all fired scores, and the class they give."""

    support: int
    against: int
    clusters: int
    assessed: int
    of: int
    name: str
    fired: tuple[tuple[Rule, Score], ...]
    counted: frozenset[int]
    """The scores that count, by identity: each effect of a rule is its own."""

    @property
    def net(self) -> int:
        return self.support - self.against

    @property
    def examined(self) -> bool:
        return bool(self.assessed or self.support or self.against)


class Outcomes:
    """The rules of the screen, or all others, from one side.

    `given` are the states that the screen gives; `siblings` are those in which a flag may have been
    raised.
    """

    def __init__(
        self, book: Book, sight: Sight, safety: bool, assessed: bool, given: Mapping[str, bool] | None = None
    ) -> None:
        self.book = book
        self.rulebase = book.rulebase
        self.sight = sight
        self.side = sight.side
        self.safety = safety
        self.assessed = assessed
        self.rules = book.screening if safety else book.others
        self.siblings: tuple[Outcomes, ...] = ()
        self._given = dict(given or {})
        self._outcomes: dict[str, str] = {}
        self._states: dict[str, Truth] = {}
        self._standings: dict[str, Standing] = {}
        self._plainly = Conditions(self.truth)

    # -- outcomes --------------------------------------------------------------------------

    def outcome(self, rule: Rule) -> str:
        """Fires, suppressed, undetermined or silent; disabled or retired where the rule is not run."""
        if rule.code not in self._outcomes:
            self._outcomes[rule.code] = self._judge(rule) if rule.active else rule.status
        return self._outcomes[rule.code]

    def _judge(self, rule: Rule) -> str:
        when = self._plainly.truth(rule.when)
        if when is False:
            return "silent"
        return OUTCOMES[when, self._plainly.truth(rule.unless) is True]

    def fires(self, rule: Rule) -> bool:
        return rule.safety == self.safety and self.outcome(rule) == "fires"

    def fired(self) -> Iterator[Rule]:
        return (rule for rule in self.rules if self.outcome(rule) == "fires")

    # -- criteria --------------------------------------------------------------------------

    def truth(self, criterion: Criterion) -> Truth:
        if isinstance(criterion, FindingTest):
            return self.sight.truth(criterion)
        return CONCLUSIONS[type(criterion)](self, criterion)

    def state(self, state: str) -> Truth:
        """True if a rule that sets it fired, unknown if one is open, else false."""
        if state not in self._states:
            setters = [r for r in self.book.concluding(SetState, state) if r.safety == self.safety]
            found = {self.outcome(rule) for rule in setters}
            open_ = "undetermined" in found or (state in self.book.off.states and state not in self._given)
            told = True if "fires" in found else None if open_ else False
            self._states[state] = told if setters or open_ else self._given.get(state, False)
        return self._states[state]

    def flagged(self, flag: str) -> Truth:
        """Whether it was raised on either side; unknown where a rule that is switched off might have."""
        raised = any(j.fires(rule) for rule in self.book.concluding(RaiseFlag, flag) for j in self.siblings)
        return raised or (None if flag in self.book.off.flags else False)

    def covered(self, contributor: str) -> tuple[int, int]:
        """Key groups of which something was observed and can still speak, and all."""
        groups, silent = self.rulebase.contributors[contributor].key_groups, self.book.off.groups[contributor]
        seen = [
            place not in silent and any(self.sight.value(f) is not None for f in group.any_of)
            for place, group in enumerate(groups)
        ]
        return sum(seen), len(seen)

    def has_class(self, test: ClassTest) -> Truth:
        name = self.standing(test.contributor).name
        if name in test.classes:
            return True
        return None if name in self.rulebase.undecided_classes else False

    def has_coverage(self, test: CoverageTest) -> bool:
        assessed, of = self.covered(test.contributor)
        return compares(test.word, Fraction(100 * assessed, of), test.levels)

    # -- points ----------------------------------------------------------------------------

    def standing(self, contributor: str) -> Standing:
        if contributor not in self._standings:
            self._standings[contributor] = self._stand(contributor)
        return self._standings[contributor]

    def _stand(self, contributor: str) -> Standing:
        """In each cluster and direction the strongest fired score counts, the first among equals."""
        scoring = [rule for rule in self.book.concluding(Score, contributor) if self.fires(rule)]
        fired = tuple(
            (rule, score) for rule in scoring for score in rule.scores if score.target == contributor
        )
        groups: dict[tuple[bool, str], list[Score]] = {}
        for _, score in fired:
            groups.setdefault((score.supports, score.cluster), []).append(score)
        best = [max(group, key=self._points) for group in groups.values()]
        support = [self._points(score) for score in best if score.supports]
        against = [self._points(score) for score in best if not score.supports]
        assessed, of = self.covered(contributor)
        quantities: dict[str, int | Fraction] = {
            "support": sum(support), "against": sum(against), "net": sum(support) - sum(against),
            "supporting_clusters": len(support), "coverage": Fraction(100 * assessed, of),
        }  # fmt: skip
        return Standing(
            sum(support), sum(against), len(support), assessed, of, self._class(quantities), fired,
            frozenset(map(id, best)),
        )  # fmt: skip

    def _points(self, score: Score) -> int:
        return self.rulebase.strengths[score.strength]

    def _class(self, quantities: Mapping[str, int | Fraction]) -> str:
        for line in self.rulebase.class_rules:
            if all(compares(bound.word, quantities[bound.quantity], bound.limits) for bound in line.bounds):
                return line.name
        raise ValueError("no class rule holds")

    def merit(self, contributor: str) -> tuple[int, int, int, int]:
        """What decides the rank: less is better."""
        standing = self.standing(contributor)
        certainty = self.rulebase.contributors[contributor].link_certainty
        return (
            self.rulebase.class_order.index(standing.name),
            self.rulebase.link_certainty_order.index(certainty.grade),
            -standing.net,
            -standing.clusters,
        )


CONCLUSIONS: dict[type, Callable[[Outcomes, Any], Truth]] = {
    StateTest: lambda outcomes, test: outcomes.state(test.state),
    ClassTest: lambda outcomes, test: outcomes.has_class(test),
    CoverageTest: lambda outcomes, test: outcomes.has_coverage(test),
    FlagTest: lambda outcomes, test: outcomes.flagged(test.flag),
    AssessedTest: lambda outcomes, _: outcomes.assessed,
}
"""How each kind of criterion over an earlier conclusion is judged."""
