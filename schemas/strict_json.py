"""JSON read strictly: exact numbers, no repeated keys, nothing nested out of reach."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from schemas.faults import Fault, InvalidBody, escaped

DEEPEST = 12


@dataclass(frozen=True, slots=True)
class NotANumber:
    """NaN, Infinity, or a number too long or too small to be a measurement."""

    text: str

    def __str__(self) -> str:
        return self.text


class RepeatedKeys(dict[str, Any]):
    """An object some of whose keys were given more than once."""

    repeated: tuple[str, ...] = ()


class UnsoundJson(InvalidBody):
    """Repeated keys, or nested too deeply. `value` is what can be read all the same: the last of each key."""

    def __init__(self, faults: Iterable[Fault], value: Any) -> None:
        self.value = value
        super().__init__(faults)


def read_json(body: bytes) -> Any:
    """The JSON value of a UTF-8 body; numbers as int or Decimal.

    Raises InvalidBody: malformed, not UTF-8; UnsoundJson: repeated keys, nested too deeply.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=NotANumber,
        )
    except UnicodeDecodeError:
        raise InvalidBody([Fault("", "the body is not UTF-8 text", "JSON in UTF-8")]) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidBody(
            [Fault("", f"the body is not JSON: {error.msg} at {where}", "a JSON object")]
        ) from None
    except RecursionError:
        raise InvalidBody([_too_deep("")]) from None
    if not _sound(value, 1):
        raise UnsoundJson(_faults(value, "", 1), value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    marked = RepeatedKeys(made)
    times = Counter(key for key, _ in pairs)
    marked.repeated = tuple(key for key in made if times[key] > 1)
    return marked


def _integer(text: str) -> int | NotANumber:
    return int(text) if len(text) <= 18 else NotANumber(text)


def _decimal(text: str) -> Decimal | NotANumber:
    try:
        number = Decimal(text) if len(text) <= 40 else None
    except InvalidOperation:  # an exponent beyond what Decimal can hold
        number = None
    if number is None or not -12 <= int(number.as_tuple().exponent) <= 12 or number.adjusted() > 18:
        return NotANumber(text)
    return number


def _sound(value: Any, depth: int) -> bool:
    """Whether no key is repeated and nothing lies too deep; only if not is it worth naming the places."""
    if not isinstance(value, dict | list):
        return True
    if depth > DEEPEST or isinstance(value, RepeatedKeys):
        return False
    children = value.values() if isinstance(value, dict) else value
    return all(_sound(child, depth + 1) for child in children if isinstance(child, dict | list))


def _faults(value: Any, pointer: str, depth: int) -> Iterator[Fault]:
    if not isinstance(value, dict | list):
        return
    if depth > DEEPEST:
        yield _too_deep(pointer)
        return
    if isinstance(value, RepeatedKeys):
        for key in value.repeated:
            yield Fault(f"{pointer}/{escaped(key)}", "this key is given more than once", "each key once")
    children: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in children:
        if isinstance(child, dict | list):
            yield from _faults(child, f"{pointer}/{escaped(str(key))}", depth + 1)


def _too_deep(pointer: str) -> Fault:
    return Fault(pointer, "nested too deeply", f"at most {DEEPEST} levels")


def same_json(one: bytes, other: bytes) -> bool:
    """Whether two bodies that were read before say the same: spaces, order of keys and ways to write a
    number or letter aside."""
    return one == other or _canonical(one) == _canonical(other)


def _canonical(body: bytes) -> str:
    return json.dumps(json.loads(body, parse_int=float), sort_keys=True, allow_nan=False)
