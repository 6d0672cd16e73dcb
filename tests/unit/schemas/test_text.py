"""Times carry their offset, references are plain, statements are one printable line."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.text import REFERENCE, parse_instant, short_text, write_instant


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-20T09:30:00Z", "2026-11-20T09:30:00Z"),
        ("2026-11-20T09:30:00+01:00", "2026-11-20T08:30:00Z"),
        ("2026-11-20T09:30:00-05:00", "2026-11-20T14:30:00Z"),
        ("2026-11-20T09:30:00+05:45", "2026-11-20T03:45:00Z"),
        ("2026-11-20T00:30:00+01:00", "2026-11-19T23:30:00Z"),
        ("2026-11-20T09:30:00+00:00", "2026-11-20T09:30:00Z"),
        ("2026-11-20T09:30:00-00:00", "2026-11-20T09:30:00Z"),
        ("2026-11-20T09:30:00+23:59", "2026-11-19T09:31:00Z"),
        ("2026-11-20t09:30:00z", "2026-11-20T09:30:00Z"),
        ("2026-11-20t09:30:00+01:00", "2026-11-20T08:30:00Z"),
        ("2026-11-20T09:30Z", "2026-11-20T09:30:00Z"),
        ("2026-11-20T09:30:00.5Z", "2026-11-20T09:30:00.500000Z"),
        ("2026-11-20T09:30:00.123456Z", "2026-11-20T09:30:00.123456Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00-01:00", "0001-01-01T01:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("9999-12-31T23:59:59+01:00", "9999-12-31T22:59:59Z"),
    ],
)
def test_a_time_with_its_offset_is_read_and_written_in_utc(text: str, written: str) -> None:
    instant = parse_instant(text)
    assert instant is not None
    assert instant.utcoffset() == timedelta(0)
    assert write_instant(instant) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-20",
        "20261120T093000Z",
        "2026-11-20T09:30:00",
        "2026-11-20 09:30:00Z",
        "2026-11-20T09Z",
        "2026-11-20T9:30:00Z",
        "2026-11-20T09:30:00 Z",
        " 2026-11-20T09:30:00Z",
        "2026-11-20T09:30:00Z\n",
        "2026-11-20T09:30:00,5Z",
        "2026-11-20T09:30:00.Z",
        "2026-11-20T09:30:00.1234567Z",
        "2026-11-20T09:30:00+1:00",
        "2026-11-20T09:30:00+0100",
        "2026-11-20T09:30:00+01",
        "2026-11-20T09:30:00+01:60",
        "2026-11-20T09:30:00+24:00",
        "2026-11-20T09:30:00-99:00",
        "2026-11-20T09:30:00+01:00:00",
        "2026-11-20T09:30:00UTC",
        "2026-11-20T09:30:00Europe/Berlin",
        "2026-W47-5T09:30:00Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T09:60:00Z",
        "2026-00-20T09:30:00Z",
        "2026-13-20T09:30:00Z",
        "2026-11-31T09:30:00Z",
        "2026-02-29T09:30:00Z",
        "2100-02-29T09:30:00Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "-2026-11-20T09:30:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "٢٠٢٦-11-20T09:30:00Z",
        "2026-11-20T09:30:00Z\ud800",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    assert parse_instant(text) is None


@pytest.mark.parametrize("text", ["2016-12-31T23:59:60Z", "2026-11-20T09:30:60Z", "2026-11-20T09:30:61Z"])
def test_a_leap_second_is_refused_rather_than_moved(text: str) -> None:
    assert parse_instant(text) is None


def test_an_instant_of_another_zone_is_written_in_utc() -> None:
    instant = datetime.fromisoformat("2026-07-01T00:15:00+02:00")
    assert write_instant(instant) == "2026-06-30T22:15:00Z"
    assert parse_instant(write_instant(instant)) == instant
    assert write_instant(datetime(2026, 7, 1, 0, 0, 0, 1, UTC)) == "2026-07-01T00:00:00.000001Z"


@pytest.mark.parametrize("text", ["a", "A-1", "urn:oid:1.2.840", "Patient/17", "._:/-", "a_b", "x" * 128])
def test_a_reference_is_plain(text: str) -> None:
    assert REFERENCE.fullmatch(text)


@pytest.mark.parametrize(
    "text", ["", " ", "a b", "a\n", "é", "a@b", "a#b", "a%20b", "a\\b", "a\x00", "x" * 129, "١"]
)
def test_a_reference_has_no_other_signs(text: str) -> None:
    assert not REFERENCE.fullmatch(text)


@pytest.mark.parametrize("text", ["x", "MRI of the knee: no tear.", "Röntgen, 膝", " x ", "x" * 200])
def test_a_short_text_is_one_printable_line(text: str) -> None:
    assert short_text(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\t", "a\nb", "a\x00b", "a\x1bb", "a\ud800", "a\u202eb", "a\u2028b", "x" * 201, None, 5, ["x"]],
)
def test_what_cannot_be_printed_on_one_line_is_no_short_text(text: object) -> None:
    assert not short_text(text)


def test_how_long_a_text_may_be_can_be_said() -> None:
    assert short_text("x" * 5, 5)
    assert not short_text("x" * 6, 5)
