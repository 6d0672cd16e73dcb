"""The values of a finding that some tests tell apart: a cell for each, and one value to stand for it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import chain, combinations, pairwise
from math import ceil, floor

from service.domain.exam import Level, Value
from service.domain.rule import FindingTest
from service.domain.vocabulary import FindingDefinition
from service.inference.comparison import level_test


@dataclass(frozen=True, slots=True)
class Cell:
    """Values that no test of a finding tells apart. `value` stands for all of them, `level` is its level.

    `lowest` and `highest` are the ends of the cell of an ordered finding, in its unit; `values` are
    all its values otherwise.
    """

    value: Value
    level: Level
    lowest: Value | None = None
    highest: Value | None = None
    values: tuple[Value, ...] = ()

    def holds(self, definition: FindingDefinition, value: Value) -> bool:
        """Whether a value of the finding lies in this cell."""
        if not definition.ordered:
            return value in self.values
        assert self.lowest is not None and self.highest is not None
        return definition.level(self.lowest) <= definition.level(value) <= definition.level(self.highest)  # type: ignore[operator]


def cells(
    definition: FindingDefinition, tests: Iterable[FindingTest], cuts: Iterable[Fraction] = ()
) -> tuple[Cell, ...]:
    """The cells of one finding under these tests of it, lowest or first declared first.

    `cuts` are further places on the finding's scale, in steps, that tell values apart: below, on, above.
    """
    tests = tuple(dict.fromkeys(test for test in tests if test.levels))
    if definition.ordered:
        return tuple(_ordered_cells(definition, tests, cuts))
    if definition.type == "set":
        return _grouped(_sets(definition, tests), tests)
    known: list[Value] = [value for value in definition.values if value not in definition.unknown_values]
    return _grouped(known, tests)


def cell_of(definition: FindingDefinition, found: Iterable[Cell], value: Value) -> Cell:
    """The cell that a value lies in."""
    return next(cell for cell in found if cell.holds(definition, value))


def common_cells(definition: FindingDefinition, several: Iterable[Iterable[Cell]]) -> tuple[Cell, ...]:
    """The cells that come of cutting one finding in several ways at once."""
    if definition.ordered:
        lowest, highest = ends(definition)
        starts = {
            definition.level(cell.lowest) for found in several for cell in found if cell.lowest is not None
        }
        return tuple(_between(definition, starts, lowest, highest))  # type: ignore[arg-type]
    first, *rest = (list(found) for found in several)
    groups = [cell.values for cell in first]
    for found in rest:
        groups = [tuple(v for v in group if v in cell.values) for group in groups for cell in found]
    return tuple(Cell(group[0], definition.level(group[0]), values=group) for group in groups if group)


# -- numbers and grades --------------------------------------------------------------------


def _ordered_cells(
    definition: FindingDefinition, tests: tuple[FindingTest, ...], cuts: Iterable[Fraction]
) -> Iterator[Cell]:
    lowest, highest = ends(definition)
    starts = set(chain.from_iterable(map(_starts, tests)))
    for cut in cuts:
        starts |= {ceil(cut), floor(cut) + 1}
    yield from _between(definition, starts, lowest, highest)


def _between(definition: FindingDefinition, starts: set[int], lowest: int, highest: int) -> Iterator[Cell]:
    """The cells that begin at these levels."""
    inner = sorted(start for start in starts if lowest < start <= highest)
    for first, after in pairwise([lowest, *inner, highest + 1]):
        level = _standing_for(first, after - 1, lowest, highest)
        value, low, high = (value_at(definition, at) for at in (level, first, after - 1))
        yield Cell(value, level, low, high)


def ends(definition: FindingDefinition) -> tuple[int, int]:
    """The lowest and the highest level of a number or grade."""
    if definition.type == "grade":
        return 0, len(definition.values) - 1
    assert definition.minimum is not None and definition.maximum is not None
    step = Fraction(definition.step or 1)
    return ceil(Fraction(definition.minimum) / step), floor(Fraction(definition.maximum) / step)


def value_at(definition: FindingDefinition, level: int) -> Value:
    """The value of a number or grade at a level, as it would be posted."""
    if definition.type == "grade":
        return list(definition.values)[level]
    return level if definition.type == "integer" else (definition.step or Decimal(1)) * level


def _starts(test: FindingTest) -> Iterator[int]:
    """The levels at which a test may turn, seen from below."""
    levels = [level for level in test.levels if isinstance(level, int | Fraction)]
    before, after = map(ceil, levels), (floor(level) + 1 for level in levels)
    match test.word:
        case "at_least" | "below":
            yield from before
        case "at_most" | "above":
            yield from after
        case "between":
            yield from (ceil(levels[0]), floor(levels[1]) + 1)
        case _:
            yield from (*before, *after)


def _standing_for(first: int, last: int, lowest: int, highest: int) -> int:
    """The middle; of a cell at the end of the range the level nearest to its neighbour."""
    if first == lowest and last < highest:
        return last
    if last == highest and first > lowest:
        return first
    return (first + last) // 2


# -- choices and sets ------------------------------------------------------------------------


def _grouped(values: Iterable[Value], tests: tuple[FindingTest, ...]) -> tuple[Cell, ...]:
    """Values alike under every test together; the first stands for them."""
    judges: list[Callable[[Level], bool]] = [level_test(test.word, test.levels) for test in tests]
    groups: dict[tuple[bool, ...], list[Value]] = {}
    for value in values:
        groups.setdefault(tuple(judge(value) for judge in judges), []).append(value)  # type: ignore[arg-type]
    return tuple(Cell(group[0], group[0], values=tuple(group)) for group in groups.values())  # type: ignore[arg-type]


def _sets(definition: FindingDefinition, tests: tuple[FindingTest, ...]) -> Iterator[Value]:
    """Every combination of the members that tests name, with and without one that none names."""
    known = [value for value in definition.values if value not in definition.unknown_values]
    named = [v for v in known if any(v in test.levels for test in tests)]
    unnamed = [v for v in known if v not in named and v not in definition.exclusive_values][:1]
    members = [*(v for v in named if v not in definition.exclusive_values), *unnamed]
    for size in range(1, len(members) + 1):
        yield from map(frozenset, combinations(members, size))
    yield from (frozenset({alone}) for alone in known if alone in definition.exclusive_values)
