"""How the right answer writes values, findings, gaps and names."""

from collections.abc import Iterable, Iterator
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
    return at_side(case.rulebase.findings[key[0]].label, key[1])


def at_side(label: str, side: Side | None) -> str:
    return label if side is None else f"{label}, {side}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def said(case: Case, observations: Iterable[Observation]) -> Iterator[str]:
    """`Navicular drop, left: 16 mm`."""
    for one in observations:
        definition = case.rulebase.findings[one.finding]
        words = value_words(case.rulebase, definition, shown(one.value))
        yield f"{name_of(case, (one.finding, one.side))}: {words}"


def value_words(rulebase: RuleBase, definition: FindingDefinition, value: Any) -> str:
    """`16 mm`, `4+`, `the chest moves first or more`."""
    if definition.numeric:
        return number_words(rulebase, value, definition.unit)
    if definition.type == "set":
        return ", ".join(definition.values[member] for member in value)
    return str(value) if definition.type == "grade" else definition.values[value]


def number_words(rulebase: RuleBase, value: Any, unit: str | None) -> str:
    """`16 mm`, `0.85`."""
    number = f"{float(value):g}"
    return rulebase.units[unit].write(number) if unit else number
