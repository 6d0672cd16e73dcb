"""A fault repeats what was sent only so far as anyone can read it, and names what was near."""

import json
from decimal import Decimal
from typing import Any

import orjson
import pytest

from schemas.faults import LONGEST_ECHO, Fault, InvalidBody, echo, escaped, nearest, printable
from schemas.strict_json import NotANumber


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-12, "-12"),
        (Decimal("8.50"), "8.50"),
        (Decimal("1E+1"), "10"),
        (Decimal("1E-9"), "0.000000001"),
        (Decimal("1E-10"), "1E-10"),
        (NotANumber("1e-999999999"), "1e-999999999"),
        ("", '""'),
        ("left", '"left"'),
        ("größer", '"größer"'),
        ({"name": "Jane"}, "an object"),
        (["Jane"], "a list"),
        ("a\x00b\n", '"a\\x00b\\n"'),
        ("\ud800", '"\\ud800"'),
        ("\x1b[31m", '"\\x1b[31m"'),
        ("\u202e", '"\\u202e"'),
    ],
)
def test_an_echo_reads_as_it_was_sent(value: Any, shown: str) -> None:
    assert echo(value) == shown


@pytest.mark.parametrize(
    "value", ["x" * 59, "x" * 100_000, "\ud800" * 100_000, "\x00" * 61, 10**100, NotANumber("9" * 100_000)]
)
def test_an_echo_is_cut_where_it_grows_too_long(value: Any) -> None:
    shown = echo(value)
    assert len(shown) == LONGEST_ECHO + 1
    assert shown.endswith("…")
    assert shown.isprintable()


def test_an_echo_of_sixty_signs_is_whole() -> None:
    assert echo("x" * 58) == f'"{"x" * 58}"'


@pytest.mark.parametrize(
    "sign", [chr(code) for code in (0, 7, 27, 127, 0x85, 0x200B, 0x2028, 0xD83D, 0xE0001)]
)
def test_what_is_not_printable_becomes_an_escape_that_is(sign: str) -> None:
    shown = printable(f"a{sign}b")
    assert shown.isprintable()
    assert shown.startswith("a\\")
    assert shown.encode("ascii").decode("unicode_escape") == f"a{sign}b"


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("value", "value"),
        ("", ""),
        ("a/b", "a~1b"),
        ("m~n", "m~0n"),
        ("~1", "~01"),
        ("ä", "ä"),
        ("\ud800", "\\ud800"),
        ("/" * 100, "~1" * LONGEST_ECHO),
    ],
)
def test_a_key_becomes_a_part_of_a_json_pointer(key: str, part: str) -> None:
    assert escaped(key) == part


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [
        ("moderat", ["mild", "moderate", "severe"], "moderate"),
        ("MODERAT", ["mild", "moderate"], "moderate"),
        ("left ", ["left", "right"], "left"),
        ("xyzzy", ["left", "right"], None),
        ("", ["left"], None),
        ("left", [], None),
        (4, ["4"], None),
        (None, ["none"], None),
        (["left"], ["left"], None),
        ("left" * 16, ["left" * 15], None),
    ],
)
def test_the_nearest_word_is_named_if_any_is_near(word: object, known: list[str], near: str | None) -> None:
    assert nearest(word, known) == near


def test_a_fault_says_only_what_it_has() -> None:
    assert Fault("/a", "is wrong", "b").as_json() == {"pointer": "/a", "detail": "is wrong", "expected": "b"}
    assert Fault("", "d", "e", "", "near").as_json() == {
        "pointer": "",
        "detail": "d",
        "value": "",
        "expected": "e",
        "did_you_mean": "near",
    }


def test_any_fault_can_be_written_as_json() -> None:
    nasty = "\ud800\x00\x1b/~\udfff"
    fault = Fault(f"/{escaped(nasty)}", "is wrong", "a value", echo(nasty))
    assert json.loads(orjson.dumps(fault.as_json())) == fault.as_json()


def test_an_invalid_body_says_how_many_faults_it_has_and_nothing_of_them() -> None:
    error = InvalidBody([Fault("/subject", "is no reference", "a reference", "Jane")] * 2)
    assert len(error.faults) == 2
    assert str(error) == "2 faults"
