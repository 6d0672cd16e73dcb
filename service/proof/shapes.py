"""How the parts of an answer are compared with the right ones, and how each discrepancy is called.

The layout of an answer is data: a new part is one more line here and a function that gives the
right one. What the layout does not know is itself a discrepancy: an answer is proved as a whole.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Discrepancy:
    """Where an answer claims something else than rules and findings say.

    `pointer` is a JSON pointer (RFC 6901) into the answer. `claimed` and `right` are ABSENT where one
    of them says nothing.
    """

    kind: str
    pointer: str
    claimed: Any
    right: Any


class _Absent:
    def __str__(self) -> str:
        return "nothing"


ABSENT = _Absent()
Found = Iterator[Discrepancy]


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, and of one type throughout: true is not 1, nor 3 the same as 3.0."""
    if type(one) is not type(other):
        return False
    match one:
        case dict():
            return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
        case list():
            return len(one) == len(other) and all(map(_same, one, other))
        case _:
            return bool(one == other)


@dataclass(frozen=True)
class Plain:
    """A value that must be the same."""

    kind: str

    def compare(self, pointer: str, claimed: Any, right: Any) -> Found:
        if not _same(claimed, right):
            yield Discrepancy(self.kind, pointer, claimed, right)

    def kinds(self) -> Iterator[str]:
        yield self.kind


@dataclass(frozen=True)
class Form:
    """A text that rules and findings do not settle: only its form is; the right one says which in words."""

    kind: str
    pattern: re.Pattern[str]

    def compare(self, pointer: str, claimed: Any, right: Any) -> Found:
        if not isinstance(claimed, str) or not self.pattern.fullmatch(claimed):
            yield Discrepancy(self.kind, pointer, claimed, right)

    def kinds(self) -> Iterator[str]:
        yield self.kind


@dataclass(frozen=True)
class YesOrNo:
    """A yes or no that rules and findings do not settle: it may be either, and nothing else."""

    kind: str

    def compare(self, pointer: str, claimed: Any, right: Any) -> Found:
        if not isinstance(claimed, bool):
            yield Discrepancy(self.kind, pointer, claimed, right)

    def kinds(self) -> Iterator[str]:
        yield self.kind


@dataclass(frozen=True)
class Bag:
    """Plain values in any order."""

    kind: str

    def compare(self, pointer: str, claimed: Any, right: Any) -> Found:
        if not _same_in_any_order(claimed, right):
            yield Discrepancy(self.kind, pointer, claimed, right)

    def kinds(self) -> Iterator[str]:
        yield self.kind


def _same_in_any_order(one: Any, other: Any) -> bool:
    if not isinstance(one, list) or not isinstance(other, list):
        return _same(one, other)
    left = list(other)
    for item in one:
        place = next((place for place, it in enumerate(left) if _same(item, it)), None)
        if place is None:
            return False
        left.pop(place)
    return not left


@dataclass(frozen=True)
class Record:
    """An object with these members; any other is unknown here. `kind`: where there is no object at all."""

    kind: str
    members: "Members"

    def compare(self, pointer: str, claimed: Any, right: Any) -> Found:
        if not isinstance(claimed, dict) or not isinstance(right, dict):
            yield Discrepancy(self.kind, pointer, claimed, right)
            return
        for key in dict.fromkeys((*right, *claimed)):
            shape = self.members.get(key, UNKNOWN)
            here, there = claimed.get(key, ABSENT), right.get(key, ABSENT)
            yield from shape.compare(f"{pointer}/{escaped(key)}", here, there)

    def kinds(self) -> Iterator[str]:
        yield self.kind
        for shape in self.members.values():
            yield from shape.kinds()


@dataclass(frozen=True)
class Each:
    """A list of objects, each found again by what `by` names; in any order unless `ordered`."""

    kind: str
    by: tuple[str, ...]
    members: "Members"
    ordered: bool = False

    def compare(self, pointer: str, claimed: Any, right: Any) -> Found:
        if not isinstance(claimed, list) or not isinstance(right, list):
            kind = "invented" if right is ABSENT else "left_out"
            yield Discrepancy(f"{self.kind}_{kind}", pointer, claimed, right)
            return
        wanted, found = self._named(right), self._named(claimed)
        for name, (_, item) in wanted.items():
            if name not in found:
                yield Discrepancy(f"{self.kind}_left_out", pointer, ABSENT, item)
        for name, (place, item) in found.items():
            if name not in wanted:
                yield Discrepancy(f"{self.kind}_invented", f"{pointer}/{place}", item, ABSENT)
            else:
                yield from self._one.compare(f"{pointer}/{place}", item, wanted[name][1])
        if self.ordered:
            yield from self._order(pointer, wanted, found)

    @property
    def _one(self) -> Record:
        return Record(f"{self.kind}_left_out", self.members)

    def _order(self, pointer: str, wanted: Mapping[Any, Any], found: Mapping[Any, Any]) -> Found:
        claimed, right = [n for n in found if n in wanted], [n for n in wanted if n in found]
        if claimed != right:
            yield Discrepancy(f"{self.kind}_out_of_order", pointer, _names(claimed), _names(right))

    def _named(self, items: list[Any]) -> dict[tuple[str, int], tuple[int, Any]]:
        """Each item by what names it, and by the how-manieth of that name it is."""
        times: Counter[str] = Counter()
        named = {}
        for place, item in enumerate(items):
            name = (
                " ".join(str(item.get(key, "")) for key in self.by) if isinstance(item, dict) else repr(item)
            )
            times[name] += 1
            named[name, times[name]] = place, item
        return named

    def kinds(self) -> Iterator[str]:
        yield f"{self.kind}_left_out"
        yield f"{self.kind}_invented"
        if self.ordered:
            yield f"{self.kind}_out_of_order"
        for shape in self.members.values():
            yield from shape.kinds()


def _names(keys: list[tuple[str, int]]) -> list[str]:
    return [name.strip() for name, _ in keys]


UNKNOWN = Plain("unknown_part")
Shape = Plain | Form | YesOrNo | Bag | Record | Each
Members = Mapping[str, Shape]


def escaped(key: str) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")
