"""Whether the examples are enough: every outcome, every threshold on and one step beyond, every cluster."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from service.domain.rule import (
    ALWAYS,
    COMPARING,
    NEVER,
    Condition,
    CoverageTest,
    FindingTest,
    Group,
    NotKnown,
    Rule,
)
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import Count, Difference, KnownTrue, ObservedCount, Ratio
from service.inference.comparison import level_test
from service.inference.patterns import Conjunction, Patterns
from service.inference.standing import percent
from service.inference.view import Slots
from service.knowledge.problems import Problem
from service.verify.examples import Run

MOST_CELLS = 40


def missing_examples(rulebase: RuleBase, slots: Slots, runs: list[Run]) -> Iterator[Problem]:
    """What the examples of each active rule leave out."""
    by_rule: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_rule[run.rule.code].append(run)
    for rule in rulebase.rules:
        if rule.active:
            mine = by_rule[rule.code]
            for said in (*_outcomes(rule, mine), *_thresholds(rulebase, slots, rule, mine)):
                yield Problem(rule.file, rule.line, said)
    yield from _clusters(rulebase, by_rule)


# -- outcomes ------------------------------------------------------------------------------


def _outcomes(rule: Rule, runs: list[Run]) -> Iterator[str]:
    seen = {run.outcome for run in runs}
    wanted = {"fires"}
    if rule.when != ALWAYS:
        wanted.add("silent")
    if not rule.always_known:
        wanted.add("undetermined")
    if rule.unless != NEVER:
        wanted.add("suppressed")
    for outcome in sorted(wanted - seen):
        yield f"no example in which {rule.code} is {outcome}"
    if rule.always_known and "undetermined" in seen:
        yield f"{rule.code} says always_known, but an example is undetermined"


# -- thresholds ----------------------------------------------------------------------------


def _thresholds(rulebase: RuleBase, slots: Slots, rule: Rule, runs: list[Run]) -> Iterator[str]:
    coverage: dict[tuple[str, tuple[Any, ...]], list[CoverageTest]] = defaultdict(list)
    for criterion in dict.fromkeys(rule.criteria()):
        match criterion:
            case FindingTest(_, word) if word in COMPARING:
                yield from _finding_threshold(rulebase, slots, rule, criterion, runs)
            case CoverageTest(_, word, levels):
                coverage[word, levels].append(criterion)
    for tests in coverage.values():  # every_contributor writes one threshold for all of them
        reached = [percent(run.view.coverage[test.contributor]) for test in tests for run in runs]
        yield from _threshold(rule, tests[0], reached, lambda level: [level + 1, level - 1])


def _finding_threshold(
    rulebase: RuleBase, slots: Slots, rule: Rule, test: FindingTest, runs: list[Run]
) -> Iterator[str]:
    slot = slots.of(test.finding, test.other)
    derived = rulebase.derived.get(test.finding)
    if derived is not None and isinstance(derived.formula, Ratio | Difference):
        yield from _computed_threshold(rulebase, slots, rule, test, runs)
        return
    reached = [run.view.levels[slot] for run in runs if run.view.levels[slot] is not None]
    yield from _threshold(rule, test, reached, lambda level: _neighbours(rulebase, test, level))


def _threshold(rule: Rule, test: FindingTest | CoverageTest, reached: list[Any], near: Any) -> Iterator[str]:
    holds = level_test(test.word, test.levels)
    for level in test.levels:
        if level not in reached:
            yield f"no example of {rule.code} exactly on the threshold {_named(test)}"
        beyond = [n for n in near(level) if holds(n) != holds(level)]
        if beyond and not any(n in reached for n in beyond):
            yield f"no example of {rule.code} one step beyond the threshold {_named(test)}"


def _neighbours(rulebase: RuleBase, test: FindingTest, level: Any) -> list[int]:
    """The levels one step away that the finding allows."""
    definition = rulebase.findings.get(test.finding)
    if definition is None:
        formula = rulebase.derived[test.finding].formula
        assert isinstance(formula, Count | ObservedCount)
        return [n for n in (level - 1, level + 1) if n >= 0]
    if definition.type == "grade":
        return [n for n in (level - 1, level + 1) if 0 <= n < len(definition.values)]
    assert definition.minimum is not None and definition.maximum is not None
    low, high = definition.level(definition.minimum), definition.level(definition.maximum)
    return [n for n in (level - 1, level + 1) if low <= n <= high]


def _computed_threshold(
    rulebase: RuleBase, slots: Slots, rule: Rule, test: FindingTest, runs: list[Run]
) -> Iterator[str]:
    """For a ratio or difference: exactly on it, and an example that one step of one input would turn."""
    slot = slots.of(test.finding, test.other)
    holds = level_test(test.word, test.levels)
    (level,) = test.levels
    if not any(run.view.levels[slot] == level for run in runs):
        yield f"no example of {rule.code} exactly on the threshold {_named(test)}"
    turned = [
        run for run in runs
        if (reached := run.view.levels[slot]) is not None and holds(reached) != holds(level)
    ]  # fmt: skip
    if not any(holds(m) == holds(level) for run in turned for m in _moved(rulebase, slots, test, run)):
        yield f"no example of {rule.code} one step beyond the threshold {_named(test)}"


def _moved(rulebase: RuleBase, slots: Slots, test: FindingTest, run: Run) -> Iterator[Fraction]:
    """The formula's values with one of its inputs moved by one step."""
    formula = rulebase.derived[test.finding].formula
    assert isinstance(formula, Ratio | Difference)
    compute = slots.formula(test.finding, test.other)
    for operand in formula.operands:
        place = slots.of(operand.finding, operand.other != test.other)
        for step in (-1, 1):
            levels = list(run.view.levels)
            levels[place] += step
            moved = compute(levels)
            if moved is not None:
                yield moved


def _named(test: FindingTest | CoverageTest) -> str:
    name = test.finding if isinstance(test, FindingTest) else f"coverage of {test.contributor}"
    return f"{name}: {test.needed}"


# -- clusters ------------------------------------------------------------------------------


def _clusters(rulebase: RuleBase, by_rule: dict[str, list[Run]]) -> Iterator[Problem]:
    patterns = Patterns(rulebase)
    members: dict[tuple[str, str, bool], list[Rule]] = defaultdict(list)
    for rule in rulebase.rules:
        for score in rule.scores if rule.active else ():
            members[score.target, score.cluster, score.supports].append(rule)
    for (target, cluster, _), rules in members.items():
        if not any(_together(patterns, a, b) for a, b in itertools.combinations(rules, 2)):
            continue
        if not any(_shows_two(rulebase, rules, target, run) for rule in rules for run in by_rule[rule.code]):
            rule = rules[0]
            yield Problem(
                rule.file, rule.line, f"no example in which two rules of cluster {cluster} of {target} fire"
            )


def _shows_two(rulebase: RuleBase, rules: list[Rule], target: str, run: Run) -> bool:
    expected = run.example.expect.get("net")
    if not isinstance(expected, dict) or target not in expected:
        return False
    codes = {rule.code for rule in rules}
    fired = [
        rule.code
        for rule, outcome in zip(rulebase.rules, run.view.outcomes, strict=True)
        if outcome == "fires" and rule.code in codes
    ]
    return len(fired) >= 2


def _together(patterns: Patterns, one: Rule, two: Rule) -> bool:
    """Whether both can fire on one exam, taking states and classes as free."""
    return any(
        _possible(patterns.rulebase, a + b)
        for a in patterns.firing(_spelled_out(patterns.rulebase, one))
        for b in patterns.firing(_spelled_out(patterns.rulebase, two))
    )


def _spelled_out(rulebase: RuleBase, rule: Rule) -> Rule:
    """The rule with every known-true formula replaced by the condition it stands for."""
    return replace(rule, when=_expand(rulebase, rule.when), unless=_expand(rulebase, rule.unless))


def _expand(rulebase: RuleBase, condition: Condition) -> Condition:
    if isinstance(condition, Group):
        if isinstance(condition, NotKnown):
            return NotKnown(_expand(rulebase, condition.member))
        return replace(condition, members=tuple(_expand(rulebase, m) for m in condition.members))
    if isinstance(condition, FindingTest) and not condition.other:
        derived = rulebase.derived.get(condition.finding)
        if derived is not None and isinstance(derived.formula, KnownTrue):
            when = derived.formula.when
            return when if condition.levels == ("yes",) else NotKnown(when)
    return condition


def _possible(rulebase: RuleBase, conjunction: Conjunction) -> bool:
    """Whether some value of each finding, or its absence, meets all the tests on it."""
    by_finding: dict[tuple[str, bool, str], list[Any]] = defaultdict(list)
    for atom in conjunction:
        kind = atom.property.kind
        group = "level" if kind in ("low", "high", "choice", "observed") else f"{kind}{atom.property.member}"
        by_finding[atom.property.of, atom.property.other, group].append(atom)
    return all(
        any(_meets(atoms, value) for value in _values(rulebase, group))
        for (_, _, group), atoms in by_finding.items()
    )


def _values(rulebase: RuleBase, group: str) -> Iterable[int | None]:
    """Every cell a property of this kind can have, and None where it can be unknown."""
    if group == "class":
        return range(len(rulebase.class_order))
    if group in ("state", "flag", "assessed"):
        return (0, 1)
    return (None, *range(MOST_CELLS))


def _meets(atoms: Iterable[Any], value: int | None) -> bool:
    unknown = {"low": 9999, "observed": 0}
    for atom in atoms:
        kind = atom.property.kind
        cell = unknown.get(kind, -1) if value is None else 1 if kind == "observed" else value
        held = {
            "==": cell == atom.cell,
            "!=": cell != atom.cell,
            "<": cell < atom.cell,
            "<=": cell <= atom.cell,
            ">": cell > atom.cell,
            ">=": cell >= atom.cell,
        }[atom.op]
        if not held:
            return False
    return True
