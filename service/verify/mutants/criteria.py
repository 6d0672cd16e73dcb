"""Small changes of one criterion: its threshold, its word, its members, whether it is there, its side."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from service.domain.exam import Level
from service.domain.rule import COMPARING, ClassTest, CoverageTest, Criterion, FindingTest, Word
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition
from service.inference.cells import ends, value_at

Changed = tuple[str, str, Criterion]
"""The kind of a change, what it changed to, and the criterion so changed."""

OTHER_WORDS: dict[Word, tuple[Word, ...]] = {
    "at_least": ("above", "at_most"),
    "at_most": ("below", "at_least"),
    "above": ("at_least", "below"),
    "below": ("at_most", "above"),
    "includes_any": ("includes_all",),
    "includes_all": ("includes_any",),
    "only": ("includes_any",),
    "observed": ("not_observed",),
    "not_observed": ("observed",),
}
YES_NO: dict[tuple[Level, ...], str] = {("yes",): "no", ("no",): "yes"}
LAST_DECIMALS = re.compile(r"-?\d+(?:\.(\d+))?")


def changes(rulebase: RuleBase, criterion: Criterion) -> Iterator[Changed]:
    """Every small change of one criterion."""
    match criterion:
        case FindingTest():
            yield from _of_finding_test(rulebase, criterion)
        case ClassTest(classes=classes):
            for what, members in _fewer_and_more(classes, rulebase.class_order):
                yield "member", what, replace(criterion, classes=members)
        case CoverageTest(word=word, levels=(int(level),)):
            for near in (level - 1, level + 1):
                yield "threshold", f"{word} {near}", replace(criterion, levels=(near,))
            for other in OTHER_WORDS[word]:
                yield "operator", other, replace(criterion, word=other)


def _of_finding_test(rulebase: RuleBase, test: FindingTest) -> Iterator[Changed]:
    if test.word in COMPARING:
        yield from _nearer_and_further(rulebase, test)
    elif test.levels in YES_NO:
        opposite = YES_NO[test.levels]
        yield "presence", opposite, replace(test, levels=(opposite,))
    elif test.levels:
        for what, members in _fewer_and_more(test.levels, _addable(rulebase, test)):
            yield "member", what, replace(test, levels=members)
    if test.word in COMPARING or test.word == "only" or len(test.levels) != 1:
        for word in OTHER_WORDS.get(test.word, ()):
            yield "operator" if test.levels else "presence", word, replace(test, word=word)
    if (rulebase.findings.get(test.finding) or rulebase.derived[test.finding]).sided:
        yield "side", "this side" if test.other else "other side", replace(test, other=not test.other)


# -- thresholds ------------------------------------------------------------------------------


def _nearer_and_further(rulebase: RuleBase, test: FindingTest) -> Iterator[Changed]:
    for at, level in enumerate(test.levels):
        for near, words in _neighbours(rulebase, test, level):
            levels = (*test.levels[:at], near, *test.levels[at + 1 :])
            yield "threshold", f"{test.word} {words}", replace(test, levels=levels)
    if test.word == "between":
        lowest, highest = test.levels
        yield "operator", "at_least", replace(test, word="at_least", levels=(lowest,))
        yield "operator", "at_most", replace(test, word="at_most", levels=(highest,))


def _neighbours(rulebase: RuleBase, test: FindingTest, level: Level) -> Iterator[tuple[Level, str]]:
    """One step either way, or the next grade; of a formula one in the last digit written."""
    definition = rulebase.findings.get(test.finding)
    assert isinstance(level, int | Fraction)
    if definition is None:
        step = _last_digit(test.needed)
        yield from ((near, f"{float(near):g}") for near in (level - step, level + step))
        return
    lowest, highest = ends(definition)
    for near in (int(level) - 1, int(level) + 1):
        if lowest <= near <= highest:
            yield near, str(value_at(definition, near))


def _last_digit(written: str) -> Fraction:
    found = LAST_DECIMALS.search(written)
    return Fraction(1, 10 ** len(found[1] or "")) if found else Fraction(1)


# -- lists -----------------------------------------------------------------------------------


def _fewer_and_more(
    members: tuple[Any, ...], addable: Iterable[Any]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """One member fewer, where one is left; one more."""
    for at, member in enumerate(members) if len(members) > 1 else ():
        yield f"without {member}", (*members[:at], *members[at + 1 :])
    for member in addable:
        if member not in members:
            yield f"with {member}", (*members, member)


def _addable(rulebase: RuleBase, test: FindingTest) -> tuple[Level, ...]:
    """Any other value; of grades and numbers the next ones only."""
    definition: FindingDefinition = rulebase.findings[test.finding]
    if not definition.ordered:
        return tuple(value for value in definition.values if value not in definition.unknown_values)
    lowest, highest = ends(definition)
    near = {level + step for level in test.levels for step in (-1, 1) if isinstance(level, int)}
    return tuple(level for level in sorted(near) if lowest <= level <= highest)
