"""How the right answer writes values, findings, gaps and sentences."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from service.domain.exam import Key, Observation, Side
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition
from service.proof.case import Case
from service.proof.judgement import Gap

Json = dict[str, Any]
DIGITS = 4
"""Decimals of a computed value."""


@dataclass(frozen=True, eq=False)
class Sentence:
    """A sentence as far as it is settled: its fixed beginning and end, and what it must name between.

    A text equals it if it has all three.
    """

    begins: str
    names: tuple[str, ...]
    ends: str

    def __eq__(self, text: object) -> bool:
        return isinstance(text, str) and self.fits(text)

    __hash__ = None  # type: ignore[assignment]

    def fits(self, text: str) -> bool:
        middle = text[len(self.begins) : len(text) - len(self.ends)]
        return (
            text.startswith(self.begins)
            and text.endswith(self.ends)
            and all(_names(middle, name) for name in self.names)
        )

    def __str__(self) -> str:
        named = f" … {'; '.join(self.names)}" if self.names else ""
        return f"{self.begins}{named} … {self.ends}"


def _names(text: str, name: str) -> bool:
    """Whether it is there whole: what follows ends it."""
    return any(f"{name}{end}" in text for end in (" (", "; ", "]", ". ", " ["))


def sided(side: Side | None, fields: Json) -> Json:
    """`side` is left out where there is none."""
    return fields if side is None else {"side": side, **fields}


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def shown(value: object) -> Any:
    """A value as an answer writes it."""
    match value:
        case frozenset():
            return sorted(value)
        case Decimal() | Fraction():
            exact = Fraction(value)
            rounded = exact if isinstance(value, Decimal) else round(exact, DIGITS)
            return exact.numerator if exact.denominator == 1 else float(rounded)
        case _:
            return value


def seen(rulebase: RuleBase, observation: Observation) -> Json:
    """A finding as it was seen."""
    written: Json = {"finding": observation.finding}
    if observation.side is not None:
        written["side"] = observation.side
    written["value"] = shown(observation.value)
    unit = rulebase.findings[observation.finding].unit
    if unit is not None:
        written["unit"] = unit
    written["observed_at"] = instant(observation.observed_at)
    if observation.through_gate is not None:
        written["through_gate"] = observation.through_gate
    if observation.derived_from:
        written["derived_from"] = [finding for finding, _ in observation.derived_from]
    if observation.painful:
        written["painful"] = True
    return written


def gaps(found: Iterable[Gap]) -> list[Json]:
    return [_gap(gap) for gap in found]


def _gap(gap: Gap) -> Json:
    written = sided(gap.side, {"finding": gap.finding, "status": gap.status})
    return {**written, "any_of": list(gap.any_of)} if gap.any_of else written


# -- words ---------------------------------------------------------------------------------


def name_of(case: Case, key: Key) -> str:
    """`Navicular drop, left`."""
    label = case.rulebase.findings[key[0]].label
    return label if key[1] is None else f"{label}, {key[1]}"


def said(case: Case, observations: Iterable[Observation]) -> Iterator[str]:
    """`Navicular drop, left: 16 mm`."""
    for one in observations:
        definition = case.rulebase.findings[one.finding]
        words = value_words(case.rulebase, definition, shown(one.value))
        yield f"{name_of(case, (one.finding, one.side))}: {words}"


def value_words(rulebase: RuleBase, definition: FindingDefinition, value: Any) -> str:
    """`16 mm`, `4+`, `the chest moves first or more`."""
    if definition.numeric:
        number = f"{value:g}"
        return rulebase.units[definition.unit].write(number) if definition.unit else number
    if definition.type == "set":
        return ", ".join(definition.values[member] for member in value)
    return str(value) if definition.type == "grade" else definition.values[value]
