"""Typed reading of a mapping, strict and kind.

A wrong field is noted with file and line and answered with a harmless stand-in,
so that one run finds every mistake; whatever was read is thrown away if any
problem was noted.
"""

import re
from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from string import Formatter

from service.knowledge.problems import Kind, Problem, did_you_mean
from service.knowledge.source import Mapping, Scalar, Sequence, Source

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
YAML_1_1_BOOLEANS = frozenset({"yes", "no", "on", "off", "y", "n"})


class Fields:
    """The entries of one mapping; `done` reports those nobody asked for."""

    def __init__(
        self, source: Source | None, problems: list[Problem], what: str, at: tuple[str, int] | None = None
    ) -> None:
        """`at` is the place of the key the mapping stands under, where it has one."""
        self.problems = problems
        self.what = what
        self._asked: set[str] = set()
        if isinstance(source, Mapping):
            self._entries, self._lines = source.entries, source.lines
            self.file, self.line = at or (source.file, source.line)
            return
        self._entries, self._lines = {}, {}
        self.file, self.line = at or ((source.file, source.line) if source else ("?", 0))
        if source is not None:
            self.problem(f"{what} must be a mapping of keys to values")
        self.problems = []  # of what is not there, nothing more is said

    def problem(self, message: str, line: int | None = None, kind: Kind = "refused") -> None:
        self.problems.append(Problem(self.file, self.line if line is None else line, message, kind))

    def has(self, key: str) -> bool:
        return key in self._entries

    def line_of(self, key: str) -> int:
        return self._lines.get(key, self.line)

    def node(self, key: str, required: bool = True) -> Source | None:
        self._asked.add(key)
        if key not in self._entries and required:
            self.problem(f"{self.what} lacks '{key}'")
        return self._entries.get(key)

    def text(self, key: str, required: bool = True) -> str:
        scalar = self._scalar(key, required)
        if scalar is None:
            return ""
        text = " ".join(scalar.text.split())
        if not text and required:
            self.problem(f"'{key}' is empty", self.line_of(key))
        return text

    def optional_text(self, key: str) -> str | None:
        return self.text(key, required=False) or None

    def one_of(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        text = self.text(key, required=default is None)
        if not text and default is not None:
            return default
        if text and text not in allowed:
            choices = ", ".join(sorted(allowed)) if len(allowed) <= 12 else "a known one"
            hint = did_you_mean(text, allowed)
            self.problem(f"'{key}' is '{text}', not {choices}.{hint}", self.line_of(key))
            return next(iter(allowed), text)
        return text

    def template(self, key: str, names: Collection[str]) -> str:
        """A text in which {name} stands for something filled in later; only these names are."""
        text = self.text(key)
        try:
            used = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        except ValueError:
            self.problem(f"'{key}' has a brace without its fellow", self.line_of(key))
            return text
        for name in sorted(used - set(names)):
            hint = did_you_mean(name, names)
            self.problem(f"nothing fills in '{{{name}}}' of '{key}'.{hint}", self.line_of(key), "undefined")
        return text

    def integer(self, key: str, default: int | None = None, at_least: int | None = None) -> int:
        number = self.number(key, Decimal(default) if default is not None else None)
        if number != number.to_integral_value():
            self.problem(f"'{key}' must be a whole number", self.line_of(key))
        if at_least is not None and number < at_least:
            self.problem(f"'{key}' is {number}, less than {at_least}", self.line_of(key))
        return int(number)

    def number(self, key: str, default: Decimal | None = None) -> Decimal:
        scalar = self._scalar(key, default is None)
        if scalar is None:
            return default if default is not None else Decimal(1)
        number = decimal(scalar)
        if number is None:
            self.problem(f"'{key}' is '{scalar.text}', not a number", scalar.line)
            return Decimal(1)
        return number

    def flag(self, key: str) -> bool:
        scalar = self._scalar(key, required=False)
        if scalar is None:
            return False
        if scalar.plain and scalar.text in ("true", "false"):
            return scalar.text == "true"
        hint = " (yes, no, on and off are words here)" if scalar.text in YAML_1_1_BOOLEANS else ""
        self.problem(f"'{key}' is '{scalar.text}', not true or false{hint}", scalar.line)
        return False

    def day(self, key: str, required: bool = True) -> date | None:
        text = self.text(key, required)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.problem(f"'{key}' is '{text}', not a date like 2027-05-22", self.line_of(key))
            return None

    def texts(self, key: str, required: bool = True) -> tuple[str, ...]:
        return tuple(" ".join(s.text.split()) for s in self._scalars(key, required))

    def ids(self, key: str, known: Collection[str], kind: str, required: bool = True) -> tuple[str, ...]:
        """A list of ids that must exist; each unknown one is a problem of its own."""
        scalars = self._scalars(key, required)
        for scalar in scalars:
            self.known(scalar, known, kind)
        return tuple(scalar.text for scalar in scalars)

    def id(self, key: str, known: Collection[str], kind: str, required: bool = True) -> str:
        scalar = self._scalar(key, required)
        if scalar is None:
            return ""
        self.known(scalar, known, kind)
        return scalar.text

    def known(self, scalar: Scalar, known: Collection[str], kind: str) -> None:
        if scalar.text not in known:
            hint = did_you_mean(scalar.text, known)
            self.problem(f"there is no {kind} '{scalar.text}'.{hint}", scalar.line, "undefined")

    def words(self, key: str, required: bool = True) -> dict[str, str]:
        """A mapping of text to text."""
        node = self.node(key, required)
        if node is None:
            return {}
        fields = Fields(node, self.problems, f"'{key}'")
        return {name: fields.text(name) for name in fields.names()}

    def names(self) -> Iterator[str]:
        return iter(tuple(self._entries))

    def section(self, key: str, required: bool = True) -> "Fields":
        """The mapping under a key; of one that is missing, nothing more is said than that."""
        place = self.file, self.line_of(key)
        return Fields(self.node(key, required), self.problems, f"'{key}'", place)

    def each(self, key: str, required: bool = True) -> list["Fields"]:
        node = self.node(key, required)
        if node is None:
            return []
        if not isinstance(node, Sequence):
            self.problem(f"'{key}' must be a list", node.line)
            return []
        return [Fields(item, self.problems, f"an item of '{key}'") for item in node.items]

    def done(self) -> None:
        """Every key nobody asked for is a mistake."""
        for key in self._entries:
            if key not in self._asked:
                hint = did_you_mean(key, self._asked)
                self.problem(f"{self.what} has an unknown key '{key}'.{hint}", self._lines[key])

    def _scalar(self, key: str, required: bool) -> Scalar | None:
        node = self.node(key, required)
        if node is None or isinstance(node, Scalar):
            return node
        self.problem(f"'{key}' must be a single value", node.line)
        return None

    def _scalars(self, key: str, required: bool) -> list[Scalar]:
        node = self.node(key, required)
        if node is None:
            return []
        if not isinstance(node, Sequence):
            self.problem(f"'{key}' must be a list", node.line)
            return []
        scalars = [item for item in node.items if isinstance(item, Scalar)]
        if len(scalars) != len(node.items):
            self.problem(f"'{key}' must be a list of single values", node.line)
        return scalars


def decimal(scalar: Scalar) -> Decimal | None:
    """The number a plain scalar stands for; no exponents, no infinities."""
    if not scalar.plain or not NUMBER.fullmatch(scalar.text):
        return None
    try:
        return Decimal(scalar.text)
    except InvalidOperation:
        return None
