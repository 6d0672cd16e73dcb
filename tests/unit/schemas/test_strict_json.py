"""JSON is read as it stands: exact numbers, each key once, nothing nested out of reach."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.faults import InvalidBody
from schemas.strict_json import DEEPEST, NotANumber, read_json


def refusals(text: str | bytes) -> list[tuple[str, str]]:
    """Pointer and detail of all that is wrong with a text."""
    with pytest.raises(InvalidBody) as caught:
        read_json(text if isinstance(text, bytes) else text.encode())
    return [(fault.pointer, fault.detail) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("8", 8),
        ("-12", -12),
        ("999999999999999999", 999999999999999999),
        ("-99999999999999999", -99999999999999999),
        ("8.0", Decimal("8.0")),
        ("0.1", Decimal("0.1")),
        ("-0.0", Decimal("0")),
        ("1e1", Decimal(10)),
        ("1E+1", Decimal(10)),
        ("151e-1", Decimal("15.1")),
        ("0.000000000001", Decimal("0.000000000001")),
        ("1e12", Decimal(10) ** 12),
    ],
)
def test_a_number_is_exactly_what_was_written(text: str, value: int | Decimal) -> None:
    read = read_json(text.encode())
    assert read == value
    assert type(read) is type(value)


def test_a_tenth_is_a_tenth_and_not_the_nearest_binary_fraction() -> None:
    assert read_json(b"0.1") * 3 == Decimal("0.3")


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1000000000000000000",
        "-999999999999999999",
        "1" * 5000,
        "0.0000000000001",
        "1e13",
        "1e-13",
        "1e400",
        "1e-400",
        "1e999999999",
        "1e-999999999",
        "1e99999999999999999999999",
        "-1e-99999999999999999999999",
        "1." + "0" * 40,
    ],
)
def test_what_is_too_long_or_too_small_to_be_measured_is_no_number(text: str) -> None:
    assert read_json(text.encode()) == NotANumber(text)
    assert str(read_json(text.encode())) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}),
        ("[]", []),
        ('""', ""),
        ("null", None),
        ("true", True),
        (' \t\r\n{"a": [1, {"b": false}]} ', {"a": [1, {"b": False}]}),
        ('"\\u00e4\\ud83e\\uddb5ä🦵"', "ä🦵ä🦵"),
        ('"\\ud800"', "\ud800"),
        ('{"__proto__": 1, "": 2}', {"__proto__": 1, "": 2}),
    ],
)
def test_other_values_are_read_as_ever(text: str, value: Any) -> None:
    assert read_json(text.encode()) == value


@pytest.mark.parametrize("text", ["", " ", "{", "[1,]", "01", "1.", ".5", "+1", "0x1", "nul", "'a'", "{} {}"])
def test_what_is_no_json_is_refused_with_its_place(text: str) -> None:
    [(pointer, detail)] = refusals(text)
    assert pointer == ""
    assert detail.startswith("the body is not JSON: ")
    assert " at line 1, column " in detail


def test_the_place_of_a_mistake_counts_lines_and_columns_from_one() -> None:
    assert refusals('{"a": 1,\n "b" 2}') == [
        ("", "the body is not JSON: Expecting ':' delimiter at line 2, column 6")
    ]


@pytest.mark.parametrize("body", [b"\xff", b'"\xfc"', b'"\xed\xa0\x80"', b"\xfe\xff\x00{", b'"\xc0\x80"'])
def test_what_is_no_utf8_is_refused(body: bytes) -> None:
    assert refusals(body) == [("", "the body is not UTF-8 text")]


@pytest.mark.parametrize(
    ("text", "pointers"),
    [
        ('{"a": 1, "a": 1}', ["/a"]),
        ('{"a": 1, "b": 1, "b": 2, "a": 1, "b": 3}', ["/a", "/b"]),
        ('{"a": 1, "\\u0061": 2}', ["/a"]),
        ('{"": 1, "": 2}', ["/"]),
        ('{"a/b": 1, "a/b": 2, "m~n": 1, "m~n": 2}', ["/a~1b", "/m~0n"]),
        ('{"x": [{}, {"y": 1, "y": 2}, [{"z": 1, "z": 2}]]}', ["/x/1/y", "/x/2/0/z"]),
        ('{"a": {"b": 1, "b": 2}, "a": {"c": 1, "c": 2}}', ["/a", "/a/c"]),
    ],
)
def test_every_repeated_key_is_named(text: str, pointers: list[str]) -> None:
    assert refusals(text) == [(pointer, "this key is given more than once") for pointer in pointers]


def test_the_same_key_in_two_objects_is_no_repetition() -> None:
    assert read_json(b'[{"a": 1}, {"a": 2}]') == [{"a": 1}, {"a": 2}]


def test_very_many_repeated_keys_are_all_named() -> None:
    keys = [f"k{place}" for place in range(10_000)]
    text = "{" + ", ".join(f'"{key}": 1' for key in keys * 2) + "}"
    assert [pointer for pointer, _ in refusals(text)] == [f"/{key}" for key in keys]


@pytest.mark.parametrize(("opening", "inner", "closing"), [("[", "1", "]"), ('{"a":', "1", "}")])
def test_twelve_levels_are_read_and_thirteen_are_not(opening: str, inner: str, closing: str) -> None:
    assert DEEPEST == 12
    step = "/0" if opening == "[" else "/a"
    assert read_json((opening * 12 + inner + closing * 12).encode())
    assert refusals(opening * 13 + inner + closing * 13) == [(step * 12, "nested too deeply")]


@pytest.mark.parametrize("depth", [500, 990, 1010, 5_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_no_depth_is_too_deep_to_be_refused(opening: str, closing: str, depth: int) -> None:
    [(_, detail)] = refusals(opening * depth + "1" + closing * depth)
    assert detail == "nested too deeply"
