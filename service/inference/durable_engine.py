"""durable_rules, fenced. The only module that imports it; nothing else knows it exists.

How it can crash, and so what is never done here, is in decision 0002: no
session per exam, no `delete_state`, no joins, no events, no free text, no
number but small whole ones, no rule set made after start.

Each stratum is one rule set or several. The fact of a rule set holds, as small
whole numbers, all that its rules read; each rule is one pattern or several. A *seat* is a
permanent session, used by one thread at a time and wiped by retracting the fact.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from typing import Any

import durable_rules_engine

from service.domain.rule import Rule
from service.domain.rulebase import RuleBase
from service.inference.no_answer import CannotInfer, NoAnswer
from service.inference.patterns import (
    ABOVE_ALL,
    MOST_ALTERNATIVES,
    UNKNOWN,
    Alternatives,
    Conjunction,
    Patterns,
    Property,
    TooManyAlternatives,
)
from service.inference.standing import percent
from service.inference.strata import Stratum
from service.inference.view import Slots, View

MOST_PATTERNS = 60
MOST_PROPERTIES = 240
"""The engine walks a stack of 64 places and reads 255 properties of a fact at most.

The stack never holds more places than a rule set has patterns, so a stratum is
cut into rule sets small enough, each with a fact of its own.
"""

OPERATORS = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
NOT_HANDLED = 1
MOST_WRITTEN = 256
MOST_ABANDONED = 50
"""Each seat left behind keeps its memory for good; after so many something is wrong that will not pass."""
NamedPattern = tuple[str, Conjunction]
_numbers = count()


class EngineFailure(NoAnswer):
    """durable_rules refused a fact it must accept, or has done so too often to be asked again."""


class EngineLimit(CannotInfer):
    """A rule base too large for the engine's fixed tables."""


class Seats:
    """Permanent sessions, handed out one at a time; as many as were ever in use at once."""

    def __init__(self) -> None:
        self._free: list[str] = []
        self._lock = threading.Lock()
        self._made = count()
        self._abandoned = 0

    @property
    def usable(self) -> bool:
        """Whether a seat can be had."""
        return self._abandoned < MOST_ABANDONED

    @contextmanager
    def seat(self) -> Iterator[str]:
        """Raises EngineFailure where too many were abandoned."""
        with self._lock:
            if not self.usable:
                raise EngineFailure(f"durable_rules failed {MOST_ABANDONED} times and is not asked again")
            seat = self._free.pop() if self._free else f"seat{next(self._made)}"
        try:
            yield seat
        except BaseException:
            # a fact may be left behind: such a seat is never used again
            with self._lock:
                self._abandoned += 1
            raise
        with self._lock:
            self._free.append(seat)


class DurableEngine:
    """Says which rules of a stratum fire."""

    def __init__(self, rulebase: RuleBase, slots: Slots, strata: tuple[Stratum, ...]) -> None:
        patterns = Patterns(rulebase)
        self._seats = Seats()
        self._strata = {
            stratum: [
                _RuleSet(rulebase, slots, patterns, part) for part in _parts(rulebase, patterns, stratum)
            ]
            for stratum in strata
        }

    @property
    def usable(self) -> bool:
        """Whether it still answers: false for good once it failed too often."""
        return self._seats.usable

    def fire(self, stratum: Stratum, view: View) -> set[int]:
        """The indexes of the rules that fire, given what the view knows so far.

        Raises EngineFailure if durable_rules refuses the fact, or did so too often before.
        """
        fired: set[int] = set()
        with self._seats.seat() as seat:
            for rule_set in self._strata[stratum]:
                rule_set.fire(seat, view, fired)
        return fired


def _parts(rulebase: RuleBase, patterns: Patterns, stratum: Stratum) -> Iterator[list[NamedPattern]]:
    """The stratum's patterns, named `rule.number`, in parts the engine can hold."""
    part: list[NamedPattern] = []
    for index in stratum.rules:
        conjunctions = _conjunctions(patterns, rulebase.rules[index])
        if len(part) + len(conjunctions) > MOST_PATTERNS and part:
            yield part
            part = []
        part += [(f"{index}.{number}", conjunction) for number, conjunction in enumerate(conjunctions)]
    if part:
        yield part


def _conjunctions(patterns: Patterns, rule: Rule) -> Alternatives:
    try:
        conjunctions = patterns.firing(rule)
    except TooManyAlternatives:
        needed = f"more than {MOST_ALTERNATIVES}"
    else:
        if len(conjunctions) <= MOST_PATTERNS:
            return conjunctions
        needed = str(len(conjunctions))
    limit = f"{rule.code} needs {needed} patterns, the engine holds {MOST_PATTERNS}: cut the rule in two"
    raise EngineLimit(limit, (rule.code,))


def _codes(rulebase: RuleBase, part: list[NamedPattern]) -> tuple[str, ...]:
    """The rules whose patterns these are, each once."""
    return tuple(dict.fromkeys(rulebase.rules[int(name.partition(".")[0])].code for name, _ in part))


class _RuleSet:
    """A part of a stratum as a durable_rules rule set."""

    def __init__(
        self, rulebase: RuleBase, slots: Slots, patterns: Patterns, part: list[NamedPattern]
    ) -> None:
        properties = sorted({atom.property for _, conjunction in part for atom in conjunction})
        if len(properties) > MOST_PROPERTIES:
            codes = _codes(rulebase, part)
            reads = f"{', '.join(codes)} together read {len(properties)} properties"
            raise EngineLimit(f"{reads}, the engine holds {MOST_PROPERTIES}", codes)
        names = {property_: f"p{number}" for number, property_ in enumerate(properties)}
        definition = {name: {"all": [{"m": _pattern(conjunction, names)}]} for name, conjunction in part}
        self._handle = durable_rules_engine.create_ruleset(f"part{next(_numbers)}", json.dumps(definition))
        self._fact = _Fact(rulebase, slots, patterns, names)

    def fire(self, seat: str, view: View, fired: set[int]) -> None:
        fact = f'{{"id":"f","sid":"{seat}","on":1{self._fact.of(view)}}}'
        try:
            status, state = durable_rules_engine.assert_fact(self._handle, fact)
            if status != NOT_HANDLED:
                self._drain(state, fired)
                durable_rules_engine.retract_fact(self._handle, fact)
        except durable_rules_engine.error as error:
            raise EngineFailure("durable_rules refused a fact") from error

    def _drain(self, state: int, fired: set[int]) -> None:
        started = durable_rules_engine.start_action_for_state(self._handle, state)
        message = started[1] if started else None
        while message:
            # {"12.0":{…}}: the name comes first; the rest repeats the fact
            fired.add(int(message[2 : message.index(".", 2)]))
            message = durable_rules_engine.complete_and_start_action(self._handle, state)


def _pattern(conjunction: Conjunction, names: dict[Property, str]) -> dict[str, Any]:
    tests: list[dict[str, Any]] = []
    for atom in conjunction:
        test = {names[atom.property]: atom.cell}
        tests.append(test if atom.op == "==" else {OPERATORS[atom.op]: test})
    return {"$and": tests or [{"on": 1}]}


class _Fact:
    """Writes a view as the properties one stratum reads."""

    def __init__(
        self, rulebase: RuleBase, slots: Slots, patterns: Patterns, names: dict[Property, str]
    ) -> None:
        self._unknown: list[str] = []
        self._by_slot: dict[int, list[tuple[int, Callable[[Any], str]]]] = {}
        self._concluded: list[tuple[int, Callable[[View], str]]] = []
        for position, (property_, name) in enumerate(names.items()):
            prefix = f',"{name}":'
            cell = _cell_of_level(rulebase, patterns, property_)
            if cell is None:
                self._unknown.append("")
                self._concluded.append((position, _conclusion(rulebase, patterns, property_, prefix)))
                continue
            unknown = {"low": ABOVE_ALL, "observed": 0}.get(property_.kind, UNKNOWN)
            self._unknown.append(f"{prefix}{unknown}")
            slot = slots.of(property_.of, property_.other)
            self._by_slot.setdefault(slot, []).append((position, _writer(prefix, cell)))
        self._slots = list(self._by_slot.items())

    def of(self, view: View) -> str:
        parts = self._unknown.copy()
        levels = view.levels
        for slot, writers in self._slots:
            level = levels[slot]
            if level is not None:
                for position, write in writers:
                    parts[position] = write(level)
        for position, conclude in self._concluded:
            parts[position] = conclude(view)
        return "".join(parts)


def _writer(prefix: str, cell: Callable[[Any], int]) -> Callable[[Any], str]:
    """Most levels come again and again; the last few hundred are kept as written."""
    return lru_cache(maxsize=MOST_WRITTEN)(lambda level: f"{prefix}{cell(level)}")


def _cell_of_level(
    rulebase: RuleBase, patterns: Patterns, property_: Property
) -> Callable[[Any], int] | None:
    match property_.kind:
        case "low" | "high":
            return patterns.cells["finding", property_.of].of
        case "choice":
            definition = rulebase.findings.get(property_.of)
            return (list(definition.values) if definition else ["yes", "no"]).index
        case "member":
            return lambda level: int(property_.member in level)
        case "observed":
            return lambda level: 1
        case _:
            return None


def _conclusion(
    rulebase: RuleBase, patterns: Patterns, property_: Property, prefix: str
) -> Callable[[View], str]:
    name = property_.of
    match property_.kind:
        case "state":
            return lambda view: f"{prefix}{int(view.states[name] is True)}"
        case "class":
            return lambda view: f"{prefix}{rulebase.class_order.index(view.standings[name].name)}"
        case "coverage":
            cells = patterns.cells["coverage", name]
            return lambda view: f"{prefix}{cells.of(percent(view.coverage[name]))}"
        case "flag":
            return lambda view: f"{prefix}{int(name in view.flags)}"
        case _:
            return lambda view: f"{prefix}{int(view.assessed)}"
