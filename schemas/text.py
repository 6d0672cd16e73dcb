"""References, short texts and instants: the plain shapes every body shares."""

import re
from datetime import UTC, datetime
from typing import Any

REFERENCE = re.compile(r"[A-Za-z0-9._:/-]{1,128}")
REFERENCE_EXPECTED = "1 to 128 of A–Z a–z 0–9 . _ : / -"
INSTANT_EXPECTED = "a time with its offset, such as 2026-11-20T09:30:00+01:00"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:[0-5]\d)", re.ASCII)


def parse_instant(text: str) -> datetime | None:
    """An RFC 3339 time in UTC, or None; a time without offset is none."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_instant(instant: datetime) -> str:
    """In UTC, to the second unless there is a fraction: 2026-11-20T08:30:00Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def without_none(written: dict[str, Any]) -> dict[str, Any]:
    """Without the keys that have no value."""
    return {key: value for key, value in written.items() if value is not None}


def short_text(value: Any, longest: int = 200) -> bool:
    """One line of printable text."""
    return isinstance(value, str) and 1 <= len(value.strip()) <= longest and value.isprintable()
