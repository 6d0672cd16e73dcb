"""What a test rests on: the observed findings that decide it, and the unknown ones it went ahead without.

A `not_known`, a formula that is never unknown, and an `unless` that is open all let a rule
fire on what is not known. A strict three-valued reading would leave it open there; what that
reading leaves open is what the rule assumed, and by which of the three is what WAYS name.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from service.domain.exam import Key
from service.domain.logic import Truth
from service.domain.rule import (
    Condition,
    Criterion,
    ExactlyN,
    FindingTest,
    Group,
    NotKnown,
    Rule,
)
from service.domain.vocabulary import Count, FirstUsable, KnownTrue
from service.inference.comparison import level_test
from service.inference.conditions import verdict
from service.inference.infer import Inference
from service.inference.view import View

TruthOf = Callable[[Criterion], Truth]
WAYS = ("unanswered_counts", "unknown_not_counted", "exception_not_made")
"""How a rule goes ahead without a finding: by `not_known`, by a formula, by `unless`; keys of the wording."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """The findings that decide a test, and the unknown ones that could have decided it otherwise."""

    seen: tuple[Key, ...] = ()
    open: tuple[Key, ...] = ()


class Grounding:
    """Finds what tests and rules rest on in one view."""

    def __init__(self, inference: Inference, view: View) -> None:
        self._inference = inference
        self._slots = inference.slots
        self._derived = inference.rulebase.derived
        self._view = view
        self._found: dict[tuple[FindingTest, bool], Grounds] = {}

    def assumed(self, rule: Rule) -> dict[str, tuple[Criterion, ...]]:
        """For each of WAYS the criteria of a fired rule whose being unknown let it fire."""
        if rule.code not in self._inference.rulebase.may_assume:
            return {}
        let_pass = dict.fromkeys(_let_pass(rule.when, self._verdict, self._strict_verdict))
        open_ = tuple(criterion for criterion in let_pass if self._verdict(criterion) is None)
        formulas = tuple(criterion for criterion in let_pass if criterion not in open_)
        could_suppress = tuple(dict.fromkeys(_open(rule.unless, self._strict_verdict)))
        return dict(zip(WAYS, (open_, formulas, could_suppress), strict=True))

    def _verdict(self, criterion: Criterion) -> Truth:
        return self._inference.reference.truth(criterion, self._view)

    def _strict_verdict(self, criterion: Criterion) -> Truth:
        """Unknown also where a formula says so little as no, or so few, for want of an answer."""
        if isinstance(criterion, FindingTest) and criterion.finding in self._derived:
            return None if self.of(criterion).open else self._verdict(criterion)
        return self._verdict(criterion)

    # -- tests -----------------------------------------------------------------------------

    def of(self, test: FindingTest, from_other: bool = False) -> Grounds:
        """The grounds of one test; `from_other`: read by a formula of the other side."""
        place = test, from_other
        if place not in self._found:
            self._found[place] = self._find(test, test.other != from_other)
        return self._found[place]

    def _find(self, test: FindingTest, other: bool) -> Grounds:
        derived = self._derived.get(test.finding)
        match derived.formula if derived else None:
            case FirstUsable() as formula:
                return self._first_usable(formula, other)
            case Count() as formula:
                return self._count(formula, test, other)
            case KnownTrue(when):
                return self._known_true(when, other)
            case _:
                return self._plain(test, other)

    def _truth(self, test: FindingTest, from_other: bool) -> Truth:
        return self._slots.condition(test, from_other)(self._view.levels)

    def _plain(self, test: FindingTest, other: bool) -> Grounds:
        """A finding, or a formula that needs all it reads."""
        keys = self._slots.inputs(test.finding, self._view.side, other)
        seen = tuple(key for key in keys if self._observed(key))
        if test.word in ("observed", "not_observed"):
            return Grounds(seen)
        return Grounds(seen, tuple(key for key in keys if key not in seen))

    def _observed(self, key: Key) -> bool:
        finding, side = key
        on_other_side = side is not None and side != self._view.side
        return self._view.levels[self._slots.of(finding, on_other_side)] is not None

    def _first_usable(self, formula: FirstUsable, other: bool) -> Grounds:
        """The test that decides and what made it usable; open, what another only lacked to be used first.

        While none decides, everything that any of them waits for is open.
        """
        passed_over: list[tuple[Truth, Grounds, Grounds]] = []
        for option in formula.tests:
            verdict, found = self._truth(option.test, other), self.of(option.test, other)
            usable = self.of(option.only_if, other) if option.only_if else Grounds()
            allowed = option.only_if is None or self._truth(option.only_if, other) is True
            if allowed and verdict is not None:
                otherwise = [first.open for said, first, _ in passed_over if said is (not verdict)]
                open_ = _each_once(*otherwise, usable.open, found.open)
                return Grounds(_each_once(usable.seen, found.seen), open_)
            passed_over.append((verdict, usable, found))
        return Grounds(open=_each_once(*(keys.open for _, *both in passed_over for keys in both)))

    def _count(self, formula: Count, test: FindingTest, other: bool) -> Grounds:
        """What was answered; open, the unanswered that could turn what the count is tested for."""
        members = [(t.points, self._truth(t.test, other), self.of(t.test, other)) for t in formula.tests]
        seen = _each_once(*(grounds.seen for _, _, grounds in members))
        unknown = [(points, grounds.open) for points, truth, grounds in members if truth is None]
        if not formula.always_known:
            known = len(unknown) < len(members)
            return Grounds(seen, () if known else _each_once(*(keys for _, keys in unknown)))
        holds = level_test(test.word, test.levels)
        now = sum(points for points, truth, _ in members if truth is True)
        lowest = now + sum(points for points, _ in unknown if points < 0)
        highest = now + sum(points for points, _ in unknown if points > 0)
        turns = {False: holds(lowest) != holds(now), True: holds(highest) != holds(now)}
        return Grounds(seen, _each_once(*(keys for points, keys in unknown if turns[points > 0])))

    def _known_true(self, when: Condition, other: bool) -> Grounds:
        def strictly(criterion: Criterion) -> Truth:
            assert isinstance(criterion, FindingTest)
            return None if self.of(criterion, other).open else self._truth(criterion, other)

        decided_by = [self.of(c, other) for c in deciding(when, strictly) if isinstance(c, FindingTest)]
        open_ = [self.of(c, other) for c in _open(when, strictly) if isinstance(c, FindingTest)]
        return Grounds(_each_once(*(g.seen for g in decided_by)), _each_once(*(g.open for g in open_)))


def _each_once(*keys: Iterable[Key]) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(key for some in keys for key in some))


# -- strict reading --------------------------------------------------------------------------


def _strict(condition: Condition, truth: TruthOf) -> Truth:
    """The condition in three values throughout."""
    return verdict(condition, _judge, strict=True)(truth)


def _judge(criterion: Criterion) -> Callable[[TruthOf], Truth]:
    return lambda truth: truth(criterion)


def deciding(condition: Condition, truth: TruthOf) -> Iterator[Criterion]:
    """The criteria that make a condition what it is, in reading order."""
    found = _strict(condition, truth)
    if not isinstance(condition, Group):
        yield condition
        return
    for member in condition.members:
        if isinstance(condition, NotKnown | ExactlyN) or _strict(member, truth) is found:
            yield from deciding(member, truth)


def _open(condition: Condition, truth: TruthOf) -> Iterator[Criterion]:
    """The criteria that leave a condition open."""
    if _strict(condition, truth) is None:
        yield from (c for c in deciding(condition, truth) if truth(c) is None)


def _let_pass(condition: Condition, verdict: TruthOf, strictly: TruthOf) -> Iterator[Criterion]:
    """The criteria by whose being unknown a condition holds."""
    if _strict(condition, strictly) is not None:
        return
    if isinstance(condition, NotKnown):
        yield from _open(condition, strictly)
    elif isinstance(condition, Group):
        for member in condition.members:
            yield from _let_pass(member, verdict, strictly)
    elif verdict(condition) is not None:
        yield condition
