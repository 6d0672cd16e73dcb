"""Seeded exams over any rule base, as the bodies a client posts: drawn where two evaluators could differ.

Numbers and grades lie on a threshold of some rule or formula, one step beside it, at an end
of their range, or anywhere; ratios and differences are brought to their thresholds through
their operands; some exams aim at rules, so that long conditions hold or just fail. Anything
may be missing, unable or refused, stale, painful, on one side or both.
"""

import itertools
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from schemas.exam import ExamReader
from service.domain.exam import OTHER, SIDES, Exam, Key, Side
from service.domain.rule import (
    AnyOf,
    AtLeastN,
    ClassTest,
    Condition,
    CoverageTest,
    ExactlyN,
    FindingTest,
    Group,
    NotKnown,
    Rule,
    SetState,
    StateTest,
    criteria,
)
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import (
    Count,
    Difference,
    FindingDefinition,
    FirstUsable,
    KnownTrue,
    Ratio,
    UsableTest,
)

FULL = os.environ.get("KNEECHAIN_FULL") == "1"
NOT_OBSERVED = ("not_assessed", "unable", "refused", "not_applicable")
AIMS = (0, 0, 1, 1, 2, 4)
DENSITIES = (0.02, 0.1, 0.3, 0.6, 0.9, 1.0)
LOSSES = (0.0, 0.0, 0.05, 0.3)
AGES_IN_HOURS = (-0.05, -0.01, 1, 24, 25, 24 * 89, 24 * 90, 24 * 91, 24 * 400)
DEEPEST_AIM = 4

Body = dict[str, Any]


def size(usual: int, full: int) -> int:
    """How many to try: the usual number, or with KNEECHAIN_FULL=1 the full one."""
    return full if FULL else usual


def as_json(body: Body) -> bytes:
    return json.dumps(body, default=float).encode()


@dataclass
class ExamGenerator:
    """Exams over one rule base; the same seed gives the same exams."""

    rulebase: RuleBase
    now: datetime
    seed: int = 0
    rules: tuple[Rule, ...] = ()
    """The rules to aim at; all of them unless given."""
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.rules = self.rules or self.rulebase.rules
        self._reader = ExamReader(self.rulebase)
        self._levels = _levels_compared(self.rulebase)
        self._ratios = list(_ratios(self.rulebase))
        self._clearable = [
            flag.code
            for flag in self.rulebase.red_flags.values()
            if not (flag.out_of_scope or flag.outside_intended_use)
        ]
        self._values: dict[Key, Any] = {}
        self._share_dated = 0.0
        self._turn = itertools.cycle(self.rules)

    def exams(self, how_many: int) -> Iterator[Exam]:
        for body in self.bodies(how_many):
            yield self._reader.read(body, self.now)

    def bodies(self, how_many: int) -> Iterator[Body]:
        for _ in range(how_many):
            yield self.body()

    def body(self) -> Body:
        """One exam as a client would post it; every one is accepted."""
        pick = self.random
        knees = pick.choice((["left"], ["right"], ["left", "right"]))
        self._values = {}
        self._fill(pick.choice(DENSITIES))
        self._bring_to_thresholds()
        for _ in range(pick.choice(AIMS)):
            self._aim_at_rule(pick.choice(self.rules), pick.choice(SIDES), DEEPEST_AIM)
        calm = pick.random() < 0.6
        if calm:
            self._answer_safety_normally()
            self._aim_at_rule(next(self._turn), pick.choice(knees), DEEPEST_AIM)
        self._share_dated = 0.0 if calm else pick.choice((0.0, 0.1))
        for side in knees:
            if (self.rulebase.knee_pain, side) in self._values:
                self._values[self.rulebase.knee_pain, side] = "yes"
        findings = [self._item(key, value) for key, value in self._values.items()]
        self._lose_some(findings, pick.choice(LOSSES), spare_safety=calm)
        pick.shuffle(findings)
        body: Body = {"knees": knees, "findings": findings}
        if pick.random() < 0.1:
            body["performed_at"] = self.now.isoformat()
            body["clearances"] = [self._clearance(flag) for flag in self._some(self._clearable)]
        return body

    # -- filling in ------------------------------------------------------------------------

    def _fill(self, density: float) -> None:
        for definition in self.rulebase.findings.values():
            for side in SIDES if definition.sided else (None,):
                if self.random.random() < density:
                    self._values.setdefault((definition.id, side), self.value(definition))

    def _answer_safety_normally(self) -> None:
        """What is always due is not abnormal, the rest is left to the gates: mostly nothing is withheld."""
        for definition in self.rulebase.findings.values():
            if definition.safety is None:
                continue
            abnormal = definition.safety.abnormal | definition.unknown_values
            normal = [v for v in definition.values if v not in abnormal]
            for side in SIDES if definition.sided else (None,):
                if definition.safety.due == "always":
                    middle = sum(_ends(definition)) // 2 if definition.numeric else 0
                    normally = self.random.choice(normal) if normal else _value_of(definition, middle)
                    self._values[definition.id, side] = normally
                else:
                    self._values.pop((definition.id, side), None)

    def _lose_some(self, findings: list[Body], share: float, spare_safety: bool) -> None:
        for item in list(findings):
            spared = spare_safety and self.rulebase.findings[item["id"]].safety is not None
            if not spared and self.random.random() < share:
                if self.random.random() < 0.5:
                    findings.remove(item)
                else:
                    self._take_back(item)

    def _take_back(self, item: Body) -> None:
        del item["value"]
        item.pop("unit", None)
        item["status"] = self.random.choice(NOT_OBSERVED)

    def _item(self, key: Key, value: Any) -> Body:
        finding, side = key
        definition = self.rulebase.findings[finding]
        sent = sorted(value) if isinstance(value, frozenset) else value
        item: Body = {"id": finding, "value": sent}
        if side:
            item["side"] = side
        pick = self.random
        if definition.unit and pick.random() < 0.2:
            item["unit"] = definition.unit
        if pick.random() < 0.05:
            item["painful"] = pick.random() < 0.5
        if pick.random() < 0.04:
            item["method"] = 'seated, "belt" fixed {two trials}'
        if pick.random() < self._share_dated:
            item["observed_at"] = (self.now - timedelta(hours=pick.choice(AGES_IN_HOURS))).isoformat()
        return item

    def _clearance(self, flag: str) -> Body:
        at = self.now - timedelta(hours=self.random.choice((-0.05, 0, 3)))
        return {
            "flag": flag, "by": "Dr A. Example", "role": "physician", "reason": "seen today",
            "evidence": "radiograph", "at": at.isoformat(),
        }  # fmt: skip

    def _some(self, items: list[Any]) -> list[Any]:
        return self.random.sample(items, min(len(items), self.random.randint(1, 3)))

    # -- values ------------------------------------------------------------------------------

    def value(self, definition: FindingDefinition) -> Any:
        """A value the finding allows."""
        pick = self.random
        if definition.numeric or definition.type == "grade":
            levels = self.levels_near(definition)
            low, high = _ends(definition)
            level = pick.choice(levels) if levels and pick.random() < 0.7 else pick.randint(low, high)
            return _value_of(definition, level)
        allowed = list(definition.values)
        if definition.type != "set":
            return pick.choice(allowed)
        usable = sorted(set(allowed) - definition.unknown_values)
        chosen = frozenset(pick.sample(usable, pick.randint(1, len(usable))))
        alone = sorted(chosen & definition.exclusive_values)
        return frozenset(alone[:1]) if alone else chosen

    def levels_near(self, definition: FindingDefinition) -> list[int]:
        """On each threshold, one step to either side of it, and the ends of the range."""
        low, high = _ends(definition)
        near = {low, low + 1, high - 1, high}
        for level in self._levels.get(definition.id, ()):
            near |= {math.floor(level) + step for step in (-1, 0, 1, 2)}
        return sorted(level for level in near if low <= level <= high)

    def _bring_to_thresholds(self) -> None:
        for name, formula in self._ratios:
            for side in SIDES:
                keys = [self._key(o.finding, side, o.other) for o in _operands(formula)]
                wanted = self._levels.get(name)
                if wanted and all(key in self._values for key in keys) and self.random.random() < 0.5:
                    self._set_operands(formula, side, self._number(name, self.random.choice(wanted)))

    def _set_operands(self, formula: Ratio | Difference, side: Side, wanted: Fraction) -> None:
        """Operands that give the wanted number exactly if a few tries find such, else nearly; ± a step."""
        one, two = (self._key(o.finding, side, o.other) for o in _operands(formula))
        first, second = self.rulebase.findings[one[0]], self.rulebase.findings[two[0]]
        for attempt in range(12):
            base = self.value(second)
            match formula:
                case Ratio(_, _, times, per):
                    exact = wanted * Fraction(base) * per / times
                case _:
                    exact = wanted + Fraction(base)
            level = exact / Fraction(first.step or 1)
            low, high = _ends(first)
            if low <= level <= high and (level.denominator == 1 or attempt == 11):
                moved = math.floor(level) + self.random.choice((-1, 0, 0, 1))
                self._values[two] = base
                self._values[one] = _value_of(first, min(max(moved, low), high))
                return

    # -- aiming at rules -----------------------------------------------------------------------

    def _aim_at_rule(self, rule: Rule, side: Side, depth: int) -> None:
        self._aim(rule.when, side, depth)
        if self.random.random() < 0.3:
            self._aim(rule.unless, side, depth)

    def _aim(self, condition: Condition, side: Side, depth: int) -> None:
        """Sets values that make the condition true, as far as one can say without inferring."""
        if depth == 0:
            return
        match condition:
            case AnyOf(members):
                self._aim_at_some(members, 1, side, depth)
            case AtLeastN(n, members) | ExactlyN(n, members):
                self._aim_at_some(members, n, side, depth)
            case NotKnown():
                pass
            case _ if isinstance(condition, Group):
                for member in condition.members:
                    self._aim(member, side, depth)
            case FindingTest():
                self._aim_at_test(condition, side, depth)
            case StateTest(state):
                setting = [rule for rule in self.rulebase.rules if SetState(state) in rule.effects]
                self._aim_at_any(setting, 1, side, depth)
            case ClassTest(contributor, classes):
                best = self.rulebase.class_order[0] in classes
                self._aim_at_any(self._scoring(contributor, supports=best), 3, side, depth)
            case CoverageTest(contributor):
                self._examine(contributor, side)

    def _scoring(self, contributor: str, supports: bool) -> list[Rule]:
        return [
            rule for rule in self.rulebase.rules
            if any(s.target == contributor and s.supports == supports for s in rule.scores)
        ]  # fmt: skip

    def _examine(self, contributor: str, side: Side) -> None:
        """Something of most key groups is observed."""
        for group in self.rulebase.contributors[contributor].key_groups:
            definition = self.rulebase.findings[self.random.choice(group.any_of)]
            if self.random.random() < 0.8:
                self._values.setdefault(self._key(definition.id, side, False), self.value(definition))

    def _aim_at_some(self, members: tuple[Condition, ...], n: int, side: Side, depth: int) -> None:
        for member in self.random.sample(members, min(n, len(members))):
            self._aim(member, side, depth)

    def _aim_at_any(self, rules: list[Rule], n: int, side: Side, depth: int) -> None:
        for rule in self.random.sample(rules, min(n, len(rules))):
            self._aim_at_rule(rule, side, depth - 1)

    def _aim_at_test(self, test: FindingTest, side: Side, depth: int) -> None:
        seen_from = OTHER[side] if test.other else side
        definition = self.rulebase.findings.get(test.finding)
        if definition is not None:
            self._satisfy(definition, test, self._key(test.finding, side, test.other))
            return
        match self.rulebase.derived[test.finding].formula:
            case FirstUsable(tests):
                self._aim_at_options(tests, test.levels == ("yes",), seen_from, depth)
            case Count(tests):
                self._aim_at_options(tests, self.random.random() < 0.5, seen_from, depth)
            case KnownTrue(when):
                self._aim(when, seen_from, depth - 1)
            case Ratio() | Difference() as formula:
                level = Fraction(test.levels[0])  # type: ignore[arg-type]
                self._set_operands(formula, seen_from, level)

    def _aim_at_options(self, tests: tuple[UsableTest, ...], true: bool, side: Side, depth: int) -> None:
        for option in self._some(list(tests)) if true else tests:
            if true:
                self._aim(option.test, side, depth - 1)
            else:
                self._violate(option.test, side)
            if option.only_if and self.random.random() < 0.5:
                self._aim(option.only_if, side, depth - 1)

    def _satisfy(self, definition: FindingDefinition, test: FindingTest, key: Key) -> None:
        self._set(definition, key, lambda level: holds(test.word, test.levels, level))

    def _violate(self, test: FindingTest, side: Side) -> None:
        definition = self.rulebase.findings.get(test.finding)
        if definition is not None:
            key = self._key(test.finding, side, test.other)
            self._set(definition, key, lambda level: not holds(test.word, test.levels, level))

    def _set(self, definition: FindingDefinition, key: Key, wanted: Callable[[Any], bool]) -> None:
        for _ in range(20):
            value = self.value(definition)
            if wanted(definition.level(value)):
                self._values[key] = value
                return

    def _key(self, finding: str, side: Side, other: bool) -> Key:
        if not self.rulebase.findings[finding].sided:
            return finding, None
        return finding, OTHER[side] if other else side

    def _number(self, name: str, level: Fraction) -> Fraction:
        definition = self.rulebase.findings.get(name)
        return level * Fraction((definition.step if definition else None) or 1)


def holds(word: str, levels: tuple[Any, ...], level: Any) -> bool:
    """A word's meaning, for aiming only."""
    match word:
        case "at_least":
            return bool(level >= levels[0])
        case "at_most":
            return bool(level <= levels[0])
        case "above":
            return bool(level > levels[0])
        case "below":
            return bool(level < levels[0])
        case "between":
            return bool(levels[0] <= level <= levels[1])
        case "one_of":
            return level in levels
        case "includes_any":
            return bool(level & {*levels})
        case "includes_all":
            return bool(level >= {*levels})
        case "only":
            return bool(level <= {*levels})
        case _:
            return word == "observed"


def without(exam: Exam, key: Key, status: str | None = None) -> Exam:
    """The exam with one finding taken out, or with a status in its place."""
    observations = dict(exam.observations)
    if status is None:
        del observations[key]
    else:
        observations[key] = replace(observations[key], status=status, value=None, level=None)
    return replace(exam, observations=observations)


def _value_of(definition: FindingDefinition, level: int) -> Any:
    if definition.type == "grade":
        return list(definition.values)[level]
    value = level * (definition.step or Decimal(1))
    return int(value) if definition.type == "integer" else value


def _ends(definition: FindingDefinition) -> tuple[int, int]:
    if definition.type == "grade":
        return 0, len(definition.values) - 1
    assert definition.minimum is not None and definition.maximum is not None
    step = definition.step or Decimal(1)
    return math.ceil(definition.minimum / step), math.floor(definition.maximum / step)


def _operands(formula: Ratio | Difference) -> tuple[Any, Any]:
    return (formula.of, formula.to) if isinstance(formula, Ratio) else (formula.of, formula.minus)


def _ratios(rulebase: RuleBase) -> Iterator[tuple[str, Ratio | Difference]]:
    for name, formula in (
        *((d.id, d.formula) for d in rulebase.derived.values()),
        *((f.id, f.derive) for f in rulebase.findings.values()),
    ):
        if isinstance(formula, Ratio | Difference):
            yield name, formula


def _levels_compared(rulebase: RuleBase) -> Mapping[str, list[Fraction]]:
    """Every ordered level some rule, formula or safety role compares a finding with."""
    found: dict[str, set[Fraction]] = {}
    for test in _tests(rulebase):
        ordered = [Fraction(level) for level in test.levels if isinstance(level, int | Fraction)]
        found.setdefault(test.finding, set()).update(ordered)
    for definition in rulebase.findings.values():
        above = definition.safety.abnormal_above if definition.safety else None
        if isinstance(above, int | Fraction):
            found.setdefault(definition.id, set()).add(Fraction(above))
    return {finding: sorted(levels) for finding, levels in found.items() if levels}


def _tests(rulebase: RuleBase) -> Iterator[FindingTest]:
    conditions: Iterable[Condition] = [c for rule in rulebase.rules for c in (rule.when, rule.unless)]
    for condition in conditions:
        yield from (c for c in criteria(condition) if isinstance(c, FindingTest))
    for derived in rulebase.derived.values():
        match derived.formula:
            case FirstUsable(tests) | Count(tests):
                yield from (t for option in tests for t in (option.test, option.only_if) if t)
            case KnownTrue(when):
                yield from (c for c in criteria(when) if isinstance(c, FindingTest))
