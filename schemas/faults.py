"""What is wrong with a body: every fault at once, each with where, what was sent and what would be right."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

LONGEST_ECHO = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake. `pointer` is a JSON pointer (RFC 6901).

    `value` is left out where it could identify someone.
    """

    pointer: str
    detail: str
    expected: str
    value: str | None = None
    did_you_mean: str | None = None

    def as_json(self) -> dict[str, str]:
        fields = {
            "pointer": self.pointer,
            "detail": self.detail,
            "value": self.value,
            "expected": self.expected,
            "did_you_mean": self.did_you_mean,
        }
        return {key: text for key, text in fields.items() if text is not None}


class InvalidBody(Exception):
    """A body that cannot be used. `faults` is never empty."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"{len(self.faults)} faults")


class NothingNamed(Exception):
    """An address that names something there is not. `kind` is what it would be."""

    def __init__(self, kind: str, fault: Fault) -> None:
        self.kind, self.fault = kind, fault
        super().__init__(f"no {kind} of that name")


def faults_of(
    messages: Any, known: Iterable[str], pointer: str = "", known_within: Iterable[str] = ()
) -> Iterator[Fault]:
    """marshmallow's nested messages as faults, by key and place, each with its whole pointer.

    `known` are the keys there may be; `known_within` those of objects in lists.
    """
    if isinstance(messages, dict):
        for key in sorted(messages):
            at = f"{pointer}/{escaped(str(key))}"
            yield from faults_of(messages[key], known, at, known_within)
        return
    for message in messages:
        if isinstance(message, Fault):
            yield replace(message, pointer=message.pointer if message.pointer.startswith("/") else pointer)
        else:  # the one thing that marshmallow says in its own words
            yield _unknown_key(pointer, known, known_within)


def _unknown_key(pointer: str, known: Iterable[str], known_within: Iterable[str]) -> Fault:
    parent, _, key = pointer.rpartition("/")
    keys = tuple((known_within or known) if parent else known)
    return Fault(pointer, "is no key here", f"one of {', '.join(keys)}", did_you_mean=nearest(key, keys))


def nearest(word: object, known: Iterable[str], alike: float = 0.6) -> str | None:
    """The known word most like this one, if any is near. `alike`: how much, from 0 to 1."""
    if not isinstance(word, str) or len(word) > LONGEST_ECHO:
        return None
    near = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=alike)
    return near[0] if near else None


def echo(value: object) -> str:
    """A value as it was sent, short enough to read; what is nested is only named.

    Only for what stands where a word of the vocabulary, a number, a time or a key belongs, and only told to
    whoever sent it: a reference or free text could name someone, and is never echoed.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            text = f'"{printable(value)}"'
        case Decimal():
            text = format(value, "f") if -9 <= value.adjusted() <= 18 else str(value)
        case _:
            text = str(value)
    return text if len(text) <= LONGEST_ECHO else f"{text[:LONGEST_ECHO]}…"


def echo_kind(value: object) -> str:
    """What was sent where a list or an object belongs. A text there may be a whole exam: only named."""
    return "a text" if isinstance(value, str) else echo(value)


def printable(text: str) -> str:
    """Text that any terminal and any encoding can take: what is not printable as an escape."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii")
        for sign in text[: 2 * LONGEST_ECHO]
    )


def escaped(key: str) -> str:
    """A key as a part of a JSON pointer, cut where it is absurdly long."""
    encodable = key[:LONGEST_ECHO].encode("utf-8", "backslashreplace").decode("utf-8")
    return encodable.replace("~", "~0").replace("/", "~1")
