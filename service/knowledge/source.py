"""YAML 1.2 as plain nodes that know their file and line. The only module that imports a YAML library.

The parser hands over scalars as their source text; `fields` gives them a type
where one is expected, so `no` is never a boolean, `1:30` never a number and
`4+` never loses its plus. Anchors, aliases, tags, repeated keys and several
documents in one file are refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from service.knowledge.problems import Problem

DEEPEST = 30


@dataclass(frozen=True, slots=True)
class Scalar:
    text: str
    plain: bool
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Sequence:
    items: "tuple[Source, ...]"
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    entries: "dict[str, Source]"
    lines: dict[str, int]
    file: str
    line: int


Source = Scalar | Sequence | Mapping


def read_source(path: Path, name: str, problems: list[Problem]) -> Source | None:
    """The one document of the file, or None with the problem noted."""
    return parse_source(path.read_bytes(), name, problems)


def parse_source(content: bytes, name: str, problems: list[Problem]) -> Source | None:
    """The one document of a file with this content, or None with the problem noted."""
    text = ""
    try:
        text = content.decode()
        events = list(YAML(typ="base").parse(text))
        return _Reader(iter(events), name, problems).document()
    except UnicodeDecodeError:
        problems.append(Problem(name, 1, "is not UTF-8 text"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problems.append(Problem(name, line, f"is not YAML: {error.problem or error.context}"))
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problems.append(Problem(name, line, f"is not YAML: {error.reason}"))
    except _TooDeep as error:
        problems.append(Problem(name, error.line, f"is nested more than {DEEPEST} levels deep"))
    return None


class _TooDeep(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _Reader:
    """Makes nodes of the parser's events; what the language of rules leaves out of YAML is noted."""

    def __init__(self, events: Iterator[Event], file: str, problems: list[Problem]) -> None:
        self.events = events
        self.file = file
        self.problems = problems

    def document(self) -> Source | None:
        found: Source | None = None
        for event in self.events:
            if not isinstance(event, DocumentStartEvent):
                continue
            if found is not None:
                self._note(event, "is more than one document")
                return None
            found = self._node(next(self.events), 1)
        if found is None:
            self.problems.append(Problem(self.file, 1, "is empty"))
        return found

    def _node(self, event: Event, depth: int) -> Source:
        line = event.start_mark.line + 1
        if depth > DEEPEST:
            raise _TooDeep(line)
        if getattr(event, "anchor", None):
            self._note(event, "anchors and aliases are not allowed: write it out")
        if tag := getattr(event, "tag", None):
            self._note(event, f"tags are not allowed: leave out '{tag}'")
        match event:
            case MappingStartEvent():
                return self._mapping(line, depth)
            case SequenceStartEvent():
                return Sequence(tuple(self._items(depth)), self.file, line)
            case ScalarEvent():
                return Scalar(event.value, not event.style, self.file, line)
            case _:
                return Scalar("alias", True, self.file, line)

    def _items(self, depth: int) -> Iterator[Source]:
        while not isinstance(event := next(self.events), SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _mapping(self, line: int, depth: int) -> Mapping:
        entries: dict[str, Source] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                self._note(event, "a key must be a word")
            elif key.text in entries:
                self._note(event, f"'{key.text}' is given twice (first in line {lines[key.text]})")
            else:
                entries[key.text], lines[key.text] = value, key.line
        return Mapping(entries, lines, self.file, line)

    def _note(self, event: Event, message: str) -> None:
        self.problems.append(Problem(self.file, event.start_mark.line + 1, message))


def plain(source: Source) -> object:
    """The node as text, lists and dicts, every scalar its source text."""
    match source:
        case Scalar():
            return source.text
        case Sequence():
            return [plain(item) for item in source.items]
        case Mapping():
            return {key: plain(value) for key, value in source.entries.items()}
