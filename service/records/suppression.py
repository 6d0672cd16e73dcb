"""Keeping small groups out of sight: a count is shown where neither it nor what it leaves over is small.

`service.domain.statistics.NOT_COVERED` tells people what this does not prevent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from service.domain.statistics import FEWEST, Count, Part


@dataclass(slots=True)
class Cell:
    """A number of records, and the first few persons they speak of."""

    count: int = 0
    persons: set[str] = field(default_factory=set)

    def add(self, person: str) -> None:
        self.count += 1
        if len(self.persons) < FEWEST:
            self.persons.add(person)

    @property
    def small(self) -> bool:
        return self.count < FEWEST or len(self.persons) < FEWEST


HIDDEN = Part(None, None)


def shown(cell: Cell, *within: Cell) -> Count:
    """The count, if it is not small, nor what is left over of anything it is part of."""
    left_over = (whole.count - cell.count for whole in within)
    return None if cell.small or any(0 < left < FEWEST for left in left_over) else cell.count


def part(cell: Cell, whole: Cell, *within: Cell) -> Part:
    """The count and its share of the whole, which must itself be shown."""
    count = None if shown(whole) is None else shown(cell, whole, *within)
    return Part(count, None if count is None else count / whole.count)


def part_beside(cell: Cell, whole: Cell, other: Part) -> Part:
    """A part, unless what it and another that is shown leave over of the whole together is few.

    Both may be true of one record: then they may also be more than the whole, and that by few.
    """
    left = whole.count - cell.count - (other.count or 0)
    return HIDDEN if other.count is not None and 0 < abs(left) < FEWEST else part(cell, whole)


def parts(cells: Mapping[str, Cell], whole: Cell) -> dict[str, Part]:
    """Cells that add up to a whole: where some are hidden, so many that none is found by subtraction.

    Where a record is in several of them, they are more than the whole, and each is held against it too.
    """
    hidden = {name for name, cell in cells.items() if whole.small or shown(cell, whole) is None}
    for name in sorted(cells, key=lambda name: (cells[name].count, name)):
        if _safe([cells[name] for name in hidden]):
            break
        hidden.add(name)
    return {
        name: HIDDEN if name in hidden else Part(cell.count, cell.count / whole.count)
        for name, cell in cells.items()
    }


def _safe(hidden: Iterable[Cell]) -> bool:
    """Whether their sum, which anyone can find, tells of no small group; an empty one is nobody."""
    filled = [cell for cell in hidden if cell.count]
    persons = set[str]().union(*(cell.persons for cell in filled))
    return not filled or (len(filled) > 1 and len(persons) >= FEWEST)
