"""YAML 1.2 as plain nodes that know their file and line. The only module that imports a YAML library.

The parser hands over scalars as their source text; `fields` gives them a type
where one is expected, so `no` is never a boolean, `1:30` never a number and
`4+` never loses its plus. Anchors, aliases, tags, repeated keys and several
documents in one file are refused.
"""

from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from service.knowledge.problems import Problem


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
    try:
        text = path.read_text(encoding="utf-8")
        node = YAML(typ="base").compose(text)
    except UnicodeDecodeError:
        problems.append(Problem(name, 1, "is not UTF-8 text"))
        return None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problems.append(Problem(name, line, f"is not YAML: {error.problem or error.context}"))
        return None
    if node is None:
        problems.append(Problem(name, 1, "is empty"))
        return None
    seen: set[int] = set()
    return _convert(node, name, problems, seen)


def _convert(node: Node, file: str, problems: list[Problem], seen: set[int]) -> Source:
    line = node.start_mark.line + 1
    if id(node) in seen or getattr(node, "anchor", None):
        problems.append(Problem(file, line, "anchors and aliases are not allowed: write it out"))
    seen.add(id(node))
    if isinstance(node, MappingNode):
        return _convert_mapping(node, file, line, problems, seen)
    if isinstance(node, SequenceNode):
        items = tuple(_convert(item, file, problems, seen) for item in node.value)
        return Sequence(items, file, line)
    assert isinstance(node, ScalarNode)
    return Scalar(node.value, not node.style, file, line)


def _convert_mapping(
    node: MappingNode, file: str, line: int, problems: list[Problem], seen: set[int]
) -> Mapping:
    entries: dict[str, Source] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        key_line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            problems.append(Problem(file, key_line, "a key must be a word"))
            continue
        key = key_node.value
        if key in entries:
            problems.append(Problem(file, key_line, f"'{key}' is given twice (first in line {lines[key]})"))
            continue
        entries[key] = _convert(value_node, file, problems, seen)
        lines[key] = key_line
    return Mapping(entries, lines, file, line)


def plain(source: Source) -> object:
    """The node as text, lists and dicts, every scalar its source text."""
    match source:
        case Scalar():
            return source.text
        case Sequence():
            return [plain(item) for item in source.items]
        case Mapping():
            return {key: plain(value) for key, value in source.entries.items()}
