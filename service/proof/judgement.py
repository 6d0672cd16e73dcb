"""The rules judged from one side, by recursion: a rule is judged when something asks for it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from service.domain.exam import Key, Side
from service.domain.logic import Truth
from service.domain.rule import (
    AssessedTest,
    ClassTest,
    Condition,
    CoverageTest,
    Criterion,
    FindingTest,
    FlagTest,
    Group,
    NotKnown,
    RaiseFlag,
    Rule,
    Score,
    SetState,
    StateTest,
)
from service.proof.book import Book
from service.proof.conditions import Conditions
from service.proof.sight import Sight, compares

OUTCOMES = {
    (True, True): "suppressed",
    (True, False): "fires",
    (None, True): "suppressed",
    (None, False): "undetermined",
}
"""By whether `when` holds and whether `unless` is known to; where `when` is false the rule is silent."""


class Gap(NamedTuple):
    finding: str
    side: Side | None
    status: str
    any_of: tuple[str, ...] = ()


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


class Judgement:
    """The rules of the screen, or all others, from one side.

    `given` are the states that the screen gives; `siblings` are the judgements in which a flag may
    have been raised.
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
        self.siblings: tuple[Judgement, ...] = ()
        self._given = dict(given or {})
        self._outcomes: dict[str, str] = {}
        self._states: dict[str, Truth] = {}
        self._standings: dict[str, Standing] = {}
        self._gaps: dict[tuple[str, str], tuple[Gap, ...]] = {}
        self._missing: dict[str, tuple[Gap, ...]] = {}
        self._plainly = Conditions(self.truth)
        self._strictly = Conditions(self.strictly, strict=True)

    # -- outcomes --------------------------------------------------------------------------

    def outcome(self, rule: Rule) -> str:
        """Fires, suppressed, undetermined or silent; disabled where the rule is not run."""
        if rule.code not in self._outcomes:
            self._outcomes[rule.code] = self._judge(rule) if rule.active else "disabled"
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

    def strictly(self, criterion: Criterion) -> Truth:
        """Unknown as well where a formula speaks although answers are missing."""
        if isinstance(criterion, FindingTest):
            return self.sight.strictly(criterion)
        return self.truth(criterion)

    def state(self, state: str) -> Truth:
        """True if a rule that sets it fired, unknown if one is open, else false."""
        if state not in self._states:
            setters = [r for r in self.book.concluding(SetState, state) if r.safety == self.safety]
            found = {self.outcome(rule) for rule in setters}
            told = True if "fires" in found else None if "undetermined" in found else False
            self._states[state] = told if setters else self._given.get(state, False)
        return self._states[state]

    def flagged(self, flag: str) -> bool:
        return any(j.fires(rule) for rule in self.book.concluding(RaiseFlag, flag) for j in self.siblings)

    def covered(self, contributor: str) -> tuple[int, int]:
        """Key groups of which something was observed, and all."""
        groups = self.rulebase.contributors[contributor].key_groups
        seen = [any(self.sight.value(f) is not None for f in group.any_of) for group in groups]
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
        scoring = [r for r in self.book.concluding(Score, contributor) if r.safety == self.safety]
        fired = tuple(
            self.book.scores(contributor, [rule for rule in scoring if self.outcome(rule) == "fires"])
        )
        groups: dict[tuple[bool, str], list[Score]] = {}
        for _, score in fired:
            groups.setdefault((score.supports, score.cluster), []).append(score)
        best = [max(group, key=lambda score: score.points) for group in groups.values()]
        support = [score.points for score in best if score.supports]
        against = [score.points for score in best if not score.supports]
        assessed, of = self.covered(contributor)
        quantities: dict[str, int | Fraction] = {
            "support": sum(support), "against": sum(against), "net": sum(support) - sum(against),
            "supporting_clusters": len(support), "coverage": Fraction(100 * assessed, of),
        }  # fmt: skip
        return Standing(
            sum(support), sum(against), len(support), assessed, of, self._class(quantities), fired,
            frozenset(map(id, best)),
        )  # fmt: skip

    def _class(self, quantities: Mapping[str, int | Fraction]) -> str:
        for line in self.rulebase.class_rules:
            if all(compares(bound.word, quantities[bound.quantity], bound.limits) for bound in line.bounds):
                return line.name
        raise ValueError("no class rule holds")

    def merit(self, contributor: str) -> tuple[int, int, int, int]:
        """What decides the rank: less is better."""
        standing, certainty = (
            self.standing(contributor),
            self.rulebase.contributors[contributor].link_certainty,
        )
        return (
            self.rulebase.class_order.index(standing.name),
            self.rulebase.link_certainty_order.index(certainty.grade),
            -standing.net,
            -standing.clusters,
        )

    # -- what an outcome rests on ----------------------------------------------------------

    def held(self, condition: Condition, wanted: bool = True) -> Iterator[Criterion]:
        """The criteria that make a true condition true; of what is not known, the tests known not to hold."""
        if self._plainly.truth(condition) is not wanted:
            return
        if isinstance(condition, Group):
            turned = isinstance(condition, NotKnown)
            if turned and not wanted:
                return
            for member in condition.members:
                yield from self.held(member, wanted != turned)
        elif wanted or isinstance(condition, FindingTest):
            yield condition

    def missing(self, rule: Rule) -> tuple[Gap, ...]:
        """The unknown findings that an undetermined rule waits for, or that a fired one assumed."""
        if rule.code not in self._missing:
            fired = self.outcome(rule) == "fires"
            self._missing[rule.code] = self._assumed(rule) if fired else self._waits_for(rule)
        return self._missing[rule.code]

    def _waits_for(self, rule: Rule) -> tuple[Gap, ...]:
        return self.gaps(self._plainly.left_open(rule.when))

    def _assumed(self, rule: Rule) -> tuple[Gap, ...]:
        return self.gaps((*self._let_pass(rule.when), *self._strictly.left_open(rule.unless)))

    def _let_pass(self, condition: Condition) -> Iterator[Criterion]:
        """The criteria by whose being unknown a condition holds."""
        if self._strictly.truth(condition) is not None:
            return
        if isinstance(condition, NotKnown):
            yield from self._strictly.left_open(condition)
        elif isinstance(condition, Group):
            for member in condition.members:
                yield from self._let_pass(member)
        elif self.truth(condition) is not None:
            yield condition

    # -- gaps ------------------------------------------------------------------------------

    def gaps(self, criteria: Iterable[Criterion]) -> tuple[Gap, ...]:
        """The findings whose absence leaves these criteria open, each once."""
        return tuple(dict.fromkeys(gap for criterion in criteria for gap in self._gaps_of(criterion)))

    def _gaps_of(self, criterion: Criterion) -> Iterable[Gap]:
        match criterion:
            case FindingTest():
                return [self.gap(key) for key in self.sight.grounds(criterion).open]
            case StateTest(state):
                return self._once(("state", state), self._state_gaps)
            case ClassTest(contributor):
                return self._once(("class", contributor), self._class_gaps)
            case _:
                return ()

    def _once(self, place: tuple[str, str], find: Callable[[str], Iterable[Gap]]) -> tuple[Gap, ...]:
        if place not in self._gaps:
            self._gaps[place] = tuple(find(place[1]))
        return self._gaps[place]

    def _state_gaps(self, state: str) -> Iterator[Gap]:
        """Those of the open rules that could set it."""
        for rule in self.book.concluding(SetState, state):
            if rule.safety == self.safety and self.outcome(rule) == "undetermined":
                yield from self.missing(rule)

    def _class_gaps(self, contributor: str) -> Iterator[Gap]:
        """For each key group of which nothing was observed its first finding, and what else would do."""
        for group in self.rulebase.contributors[contributor].key_groups:
            keys = [self.sight.key(finding) for finding in group.any_of]
            if not any(key in self.sight.counting.observed for key in keys):
                first = self.gap(keys[0])
                yield first._replace(any_of=group.any_of) if len(keys) > 1 else first

    def gap(self, key: Key) -> Gap:
        return Gap(*key, self.sight.counting.status(key))


CONCLUSIONS: dict[type, Callable[[Judgement, Any], Truth]] = {
    StateTest: lambda judgement, test: judgement.state(test.state),
    ClassTest: lambda judgement, test: judgement.has_class(test),
    CoverageTest: lambda judgement, test: judgement.has_coverage(test),
    FlagTest: lambda judgement, test: judgement.flagged(test.flag),
    AssessedTest: lambda judgement, _: judgement.assessed,
}
"""How each kind of criterion over an earlier conclusion is judged."""
