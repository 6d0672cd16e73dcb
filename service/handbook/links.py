"""Where things stand in the handbook, and sentences in which the ids of the rule base become links."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Protocol

from service.domain.rulebase import RuleBase

WORD = re.compile(r"(?<![\w-])\w+(?![\w-])")
INDENT = 2
"""By how many spaces `describe.condition_lines` sets a member below its group."""


class Labelled(Protocol):
    """What has a name in words."""

    @property
    def label(self) -> str: ...


def anchor(kind: str, id_: str) -> str:
    """The id that an entry has in the document."""
    return f"{kind}-{id_}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text, and the anchor it leads to if it leads anywhere."""

    text: str
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a condition, and the lines that stand below it."""

    pieces: tuple[Piece, ...]
    below: "tuple[Line, ...]"


class Links:
    """The entries of one rule base by id. Rules are not among them: a flag may have the code of one."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase

    @cached_property
    def _named(self) -> dict[str, Piece]:
        base = self.rulebase
        coded = {
            code: Piece(f"{code} {entry.label}", anchor(kind, code))
            for kind, entries in (("flag", base.red_flags), ("option", base.recommendations))
            for code, entry in entries.items()
        }
        by_kind: dict[str, Mapping[str, Labelled]] = {
            "finding": base.findings, "formula": base.derived, "state": base.states,
            "contributor": base.contributors, "alternative": base.alternatives,
        }  # fmt: skip
        return coded | {
            id_: Piece(entry.label, anchor(kind, id_))
            for kind, entries in by_kind.items()
            for id_, entry in entries.items()
        }

    def name(self, id_: str) -> Piece:
        """An id as its label, linked; as it stands where it names no entry."""
        return self._named.get(id_, Piece(id_))

    def within(self, text: str) -> tuple[Piece, ...]:
        """A line of `describe` with each id in it as its label, linked; names of clusters are no ids."""
        head, cluster, tail = text.partition(", cluster ")
        return (*self._pieces(head), *((Piece(cluster + tail),) if cluster else ()))

    def condition(self, lines: list[str]) -> tuple[Line, ...]:
        """The lines of a condition as a tree; what stands after a colon is what was needed, and no id."""
        return self._tree([(_depth(line), line.strip()) for line in lines], 0)

    def _tree(self, lines: list[tuple[int, str]], depth: int) -> tuple[Line, ...]:
        starts = [place for place, (at, _) in enumerate(lines) if at == depth]
        return tuple(
            Line(self._criterion(lines[start][1]), self._tree(lines[start + 1 : end], depth + 1))
            for start, end in pairwise([*starts, len(lines)])
        )

    def _criterion(self, line: str) -> tuple[Piece, ...]:
        head, colon, needed = line.partition(": ")
        return (*self._pieces(head), *((Piece(colon + needed),) if colon else ()))

    def _pieces(self, text: str) -> Iterator[Piece]:
        done = 0
        for match in WORD.finditer(text):
            if match.group() in self._named:
                yield Piece(text[done : match.start()])
                yield self._named[match.group()]
                done = match.end()
        yield Piece(text[done:])


def _depth(line: str) -> int:
    return (len(line) - len(line.lstrip())) // INDENT
