"""How one contributor follows from what is observed, as a circuit: inputs, and nodes that compute from them.

Groups, states, clusters and sums are folded member by member, in the order in which their members
can be known. So whoever goes through the inputs one after the other never has to remember more
than what is still needed (diagram.py). It says again, in another form, what the reference
evaluator says; tests hold the two against each other.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

from service.domain.logic import Truth
from service.domain.rule import (
    NEVER,
    AllOf,
    AnyOf,
    AtLeastN,
    ClassTest,
    Condition,
    CoverageTest,
    Criterion,
    ExactlyN,
    FindingTest,
    NotKnown,
    StateTest,
)
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import (
    Count,
    Difference,
    FindingDefinition,
    FirstUsable,
    Formula,
    KnownTrue,
    ObservedCount,
    Operand,
    Ratio,
    in_steps,
)
from service.inference.comparison import level_test
from service.inference.dark import dark_groups
from service.inference.dependencies import Read
from service.inference.reference import FIRES, UNDETERMINED, outcome
from service.inference.standing import Standings, percent

Compute = Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value computed from others; an input has none and names what it is filled from."""

    args: "tuple[Node, ...]" = ()
    compute: Compute | None = None
    read: Read | None = None
    state: str | None = None
    ready: int = 0
    """The place of the last input it waits for, in the order of the inputs."""

    @property
    def is_input(self) -> bool:
        return self.compute is None


Name = Read | str
"""What an input is filled from: a finding as one side reads it, or a state that the screen gives."""


def name_of(node: Node) -> Name:
    name = node.read or node.state
    assert name is not None
    return name


def in_order(root: Node) -> list[Node]:
    """Every node of the circuit, each after its arguments."""
    seen: dict[Node, None] = {}

    def visit(node: Node) -> None:
        if node not in seen:
            for arg in node.args:
                visit(arg)
            seen[node] = None

    visit(root)
    return list(seen)


@dataclass(frozen=True, slots=True)
class Link:
    """Two numbers that a formula joins, and the values of the formula that tell something apart."""

    formula: Ratio | Difference
    of: Read
    other: Read
    thresholds: tuple[Fraction, ...]
    fills: Read | None = None
    """The finding that the formula fills in where it was not posted."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """`root` computes (class, net) of one contributor. `tests` are those of each finding read.

    The inputs stand in the order in which a reader of the circuit, conclusion first, meets them.
    """

    root: Node
    inputs: tuple[Node, ...]
    tests: Mapping[Read, tuple[FindingTest, ...]]
    links: tuple[Link, ...]


class Builder:
    """Builds the circuit of one contributor, given the order of the inputs (or none, to find one)."""

    def __init__(self, rulebase: RuleBase, order: Mapping[Name, int] | None = None) -> None:
        self.rulebase = rulebase
        self._order = order or {}
        self._standings = Standings(rulebase)
        self._dark = dark_groups(rulebase)
        self._made: dict[object, Node] = {}
        self._tests: dict[Read, dict[FindingTest, None]] = {}
        self._compared: dict[tuple[Any, ...], set[Fraction]] = {}
        """What is compared with each formula, (finding, other) or ("derive", finding, other)."""
        self._scorers: dict[str, list[tuple[int, int, tuple[str, bool]]]] = {}
        for index, rule in enumerate(rulebase.rules):
            for score in rule.scores if rule.active else ():
                place = (score.cluster, score.supports)
                self._scorers.setdefault(score.target, []).append((index, score.points, place))

    def build(self, contributor: str) -> Circuit:
        standing, coverage = self._points(contributor), self._coverage(contributor)
        root = self._node(
            (standing, self._class(contributor), coverage), lambda p, name, _: (name, p[0] - p[1])
        )
        inputs = tuple(node for node in in_order(root) if node.is_input)
        read = {node.read for node in inputs}
        return Circuit(
            root=root,
            inputs=inputs,
            tests={read: tuple(tests) for read, tests in self._tests.items()},
            links=tuple(link for link in self._links() if {link.of, link.other} <= read),
        )

    # -- nodes ---------------------------------------------------------------------------------

    def _once(self, key: object, make: Callable[[], Node]) -> Node:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _input(self, read: Read | None = None, state: str | None = None) -> Node:
        key = ("input", read, state)
        ready = self._order.get(read or state, 0)  # type: ignore[arg-type]
        return self._once(key, lambda: Node(read=read, state=state, ready=ready))

    def _node(self, args: Iterable[Node], compute: Compute) -> Node:
        args = tuple(args)
        return Node(args, compute, ready=max((arg.ready for arg in args), default=0))

    def _fold(self, members: Iterable[Node], first: Any, add: Callable[[Any, Any], Any]) -> Node:
        """The members taken together, one by one, as they become known."""
        by_ready = sorted(members, key=lambda node: node.ready)
        if not by_ready:
            return self._node((), lambda: first)
        start = self._node(by_ready[:1], lambda value: add(first, value))
        return reduce(lambda so_far, node: self._node((so_far, node), add), by_ready[1:], start)

    # -- findings and formulas -----------------------------------------------------------------

    def _level(self, finding: str, other: bool) -> Node:
        """A finding's level as it counts: posted, or else what its own formula yields."""
        definition = self.rulebase.findings[finding]
        read = (finding, other and definition.sided)
        self._tests.setdefault(read, {})
        posted = self._input(read)
        if definition.derive is None:
            return posted
        return self._once(("level", read), lambda: self._derived_level(definition, posted, read[1]))

    def _derived_level(self, definition: FindingDefinition, posted: Node, other: bool) -> Node:
        formula = definition.derive
        assert formula is not None
        self._compared.setdefault(("derive", definition.id, other), set()).update(_ends(definition))
        computed = self._joined(formula, other, unless=posted)

        def level(sent: Any, value: Fraction | None) -> Any:
            if sent is not None:
                return None if sent is BARRED else sent
            return (
                in_steps(value, definition.step) if value is not None and definition.in_range(value) else None
            )

        return self._node((posted, computed), level)

    def _joined(self, formula: Ratio | Difference, other: bool, unless: Node | None = None) -> Node:
        """A ratio or difference, in its own unit; None where an operand is, or where `unless` is known."""
        compute = formula.value if isinstance(formula, Ratio) else lambda of, minus: of - minus
        operands = [self._number(operand, other) for operand in formula.operands]
        if unless is not None:
            operands = [
                self._node((unless, o), lambda known, at: at if known is None else None) for o in operands
            ]
        return self._node(operands, lambda a, b: None if a is None or b is None else compute(a, b))

    def _number(self, operand: Operand, other: bool) -> Node:
        step = Fraction(self.rulebase.findings[operand.finding].step or 1)
        level = self._level(operand.finding, operand.other != other)
        return self._node((level,), lambda at: None if at is None else at * step)

    def _formula(self, derived: str, other: bool) -> Node:
        return self._once(
            ("formula", derived, other),
            lambda: self._computed(self.rulebase.derived[derived].formula, other),
        )

    def _computed(self, formula: Formula, other: bool) -> Node:
        match formula:
            case Ratio() | Difference():
                return self._joined(formula, other)
            case FirstUsable(tests):
                found: Node = self._node((), lambda: None)
                for part in tests:
                    usable = self._test(part.only_if, other) if part.only_if else self._node((), lambda: True)
                    found = self._node((found, usable, self._test(part.test, other)), _first_usable)
                return found
            case Count(tests, always_known):
                points = [self._worth(self._test(part.test, other), part.points) for part in tests]
                total = self._fold(points, (always_known, 0), lambda a, b: (a[0] or b[0], a[1] + b[1]))
                return self._node((total,), lambda counted: counted[1] if counted[0] else None)
            case KnownTrue(when):
                condition = self._condition(when, other)
                return self._node((condition,), lambda truth: "yes" if truth is True else "no")
            case ObservedCount(region):
                findings = [f for f in self.rulebase.findings.values() if f.region == region]
                known = [self._known(self._level(f.id, other and f.sided)) for f in findings]
                return self._fold(known, 0, lambda a, b: a + b)

    def _worth(self, truth: Node, points: int) -> Node:
        return self._node((truth,), lambda t: (t is not None, points if t is True else 0))

    def _known(self, level: Node) -> Node:
        return self._once(("known", level), lambda: self._node((level,), lambda at: int(at is not None)))

    # -- conditions ----------------------------------------------------------------------------

    def _condition(self, condition: Condition, other: bool = False) -> Node:
        return self._once(("condition", condition, other), lambda: self._combined(condition, other))

    def _combined(self, condition: Condition, other: bool) -> Node:
        match condition:
            case AllOf(members):
                return self._fold(self._members(members, other), True, _both)
            case AnyOf(members):
                return self._fold(self._members(members, other), False, _either)
            case AtLeastN(n, members):
                return self._counted(members, other, n, _at_least)
            case ExactlyN(n, members):
                return self._counted(members, other, n, _exactly)
            case NotKnown(member):
                return self._node((self._condition(member, other),), lambda truth: truth is not True)
            case _:
                return self._criterion(condition, other)

    def _members(self, members: tuple[Condition, ...], other: bool) -> list[Node]:
        return [self._condition(member, other) for member in members]

    def _counted(
        self, members: tuple[Condition, ...], other: bool, n: int, settle: Callable[[int, int, int], Truth]
    ) -> Node:
        def add(so_far: tuple[int, int], truth: Truth) -> tuple[int, int]:
            held, open_ = so_far
            return min(held + (truth is True), n + 1), open_ + (truth is None)

        tally = self._fold(self._members(members, other), (0, 0), add)
        return self._node((tally,), lambda counted: settle(n, *counted))

    def _criterion(self, criterion: Criterion, other: bool) -> Node:
        match criterion:
            case FindingTest():
                return self._test(criterion, other)
            case StateTest(state):
                return self._state(state)
            case ClassTest(contributor, classes):
                undecided = self.rulebase.undecided_classes
                truths = {
                    name: True if name in classes else None if name in undecided else False
                    for name in self.rulebase.class_order
                }
                return self._node((self._class(contributor),), truths.__getitem__)
            case CoverageTest(contributor, word, levels):
                test = level_test(word, levels)
                return self._node((self._coverage(contributor),), lambda covered: test(percent(covered)))
            case _:
                raise TypeError(f"only safety rules read {criterion}")

    def _test(self, test: FindingTest, other: bool) -> Node:
        on_other = test.other != other
        return self._once(
            ("test", test.finding, test.word, test.levels, on_other), lambda: self._judged(test, on_other)
        )

    def _judged(self, test: FindingTest, other: bool) -> Node:
        derived = self.rulebase.derived.get(test.finding)
        if derived is None:
            level = self._level(test.finding, other)
            self._note_test(test, other)
        else:
            level = self._formula(test.finding, other)
            if isinstance(derived.formula, Ratio | Difference):
                self._compared.setdefault((test.finding, other), set()).update(map(Fraction, test.levels))  # type: ignore[arg-type]
        if test.word == "observed":
            return self._node((level,), lambda at: at is not None)
        if test.word == "not_observed":
            return self._node((level,), lambda at: at is None)
        holds = level_test(test.word, test.levels)
        return self._node((level,), lambda at: None if at is None else holds(at))

    def _note_test(self, test: FindingTest, other: bool) -> None:
        definition = self.rulebase.findings[test.finding]
        self._tests[test.finding, other and definition.sided][test] = None
        if definition.derive is not None:
            step = Fraction(definition.step or 1)
            levels = {Fraction(level) * step for level in test.levels}  # type: ignore[arg-type]
            self._compared["derive", test.finding, other and definition.sided].update(levels)

    # -- rules, states, contributors -----------------------------------------------------------

    def _outcome(self, index: int) -> Node:
        """Fires, undetermined, or neither: suppressed and silent lead to the same."""
        return self._once(("rule", index), lambda: self._ruled(index))

    def _ruled(self, index: int) -> Node:
        rule = self.rulebase.rules[index]
        when = self._condition(rule.when)
        if rule.unless == NEVER:
            return self._node((when,), lambda truth: _told(outcome(truth, False)))
        unless = self._condition(rule.unless)
        return self._node((when, unless), lambda truth, exception: _told(outcome(truth, exception)))

    def _state(self, state: str) -> Node:
        if self.rulebase.states[state].given_by_screen:
            return self._input(state=state)
        setters = self.rulebase.setters.get(state, ())
        absent: Truth = None if state in self.rulebase.dark_states else False
        return self._once(
            ("state", state), lambda: self._fold([self._outcome(i) for i in setters], absent, _set_by)
        )

    def _points(self, contributor: str) -> Node:
        """(support, against, supporting clusters): in each cluster and direction the strongest counts."""
        return self._once(("points", contributor), lambda: self._summed(contributor))

    def _summed(self, contributor: str) -> Node:
        clusters: dict[tuple[str, bool], list[Node]] = {}
        for index, points, place in self._scorers.get(contributor, ()):
            clusters.setdefault(place, []).append(self._scored(self._outcome(index), points))
        sums = [
            self._directed(self._fold(rules, 0, max), supports) for (_, supports), rules in clusters.items()
        ]
        return self._fold(sums, (0, 0, 0), lambda a, b: (a[0] + b[0], a[1] + b[1], a[2] + b[2]))

    def _scored(self, ruled: Node, points: int) -> Node:
        return self._node((ruled,), lambda told: points if told == FIRES else 0)

    def _directed(self, strongest: Node, supports: bool) -> Node:
        if supports:
            return self._node((strongest,), lambda points: (points, 0, int(points > 0)))
        return self._node((strongest,), lambda points: (0, points, 0))

    def _coverage(self, contributor: str) -> Node:
        return self._once(("coverage", contributor), lambda: self._covered(contributor))

    def _covered(self, contributor: str) -> Node:
        groups = self.rulebase.contributors[contributor].key_groups
        dark = self._dark.get(contributor, frozenset())
        assessed = [
            self._fold([self._known(self._level(f, False)) for f in group.any_of], 0, max)
            for place, group in enumerate(groups)
            if place not in dark
        ]
        count = self._fold(assessed, 0, lambda a, b: a + b)
        return self._node((count,), lambda known: (known, len(groups)))

    def _class(self, contributor: str) -> Node:
        return self._once(("class", contributor), lambda: self._classed(contributor))

    def _classed(self, contributor: str) -> Node:
        name = self._standings.class_of
        return self._node(
            (self._points(contributor), self._coverage(contributor)),
            lambda p, covered: name(p[0], p[1], p[2], covered),
        )

    # -- formulas over two numbers -------------------------------------------------------------

    def _links(self) -> Iterable[Link]:
        for place, thresholds in self._compared.items():
            finding, other = place[-2:]
            fills = (finding, other) if len(place) == 3 else None
            formula: Any = (
                self.rulebase.findings[finding].derive if fills else self.rulebase.derived[finding].formula
            )
            one, two = (self._read(operand, other) for operand in formula.operands)
            yield Link(formula, one, two, tuple(sorted(thresholds)), fills)

    def _read(self, operand: Operand, other: bool) -> Read:
        return operand.finding, operand.other != other and self.rulebase.findings[operand.finding].sided


class _Barred:
    """In place of a level: posted as unable, refused or not applicable, so that no formula fills it in."""

    def __repr__(self) -> str:
        return "barred"


BARRED = _Barred()


def _ends(definition: FindingDefinition) -> set[Fraction]:
    assert definition.minimum is not None and definition.maximum is not None
    return {Fraction(definition.minimum), Fraction(definition.maximum)}


def _first_usable(found: str | None, usable: Truth, truth: Truth) -> str | None:
    if found is not None or usable is not True or truth is None:
        return found
    return "yes" if truth else "no"


def _both(one: Truth, two: Truth) -> Truth:
    if one is False or two is False:
        return False
    return None if one is None or two is None else True


def _either(one: Truth, two: Truth) -> Truth:
    if one is True or two is True:
        return True
    return None if one is None or two is None else False


def _at_least(n: int, held: int, open_: int) -> Truth:
    return True if held >= n else None if held + open_ >= n else False


def _exactly(n: int, held: int, open_: int) -> Truth:
    if held > n or held + open_ < n:
        return False
    return None if open_ else True


def _told(ruled: str) -> str | None:
    return ruled if ruled in (FIRES, UNDETERMINED) else None


def _set_by(state: Truth, told: str | None) -> Truth:
    return _either(state, True if told == FIRES else None if told == UNDETERMINED else False)
