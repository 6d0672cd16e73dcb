"""Canonical JSON (RFC 8785) of what a chain covers, and its digest.

Records hold text, whole numbers, true, false, null, lists and objects with ASCII keys. Of these the bytes
below are those of RFC 8785, which tests hold against an implementation of it; numbers with a fraction,
where the two could differ, are refused.
"""

import hashlib
from typing import Any

import orjson

Json = Any


def canonical(content: Json) -> bytes:
    """The canonical bytes. Raises TypeError for what no record holds."""
    _check(content)
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def digest(data: bytes) -> str:
    """`sha256:` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _check(content: Json) -> None:
    if isinstance(content, float):
        raise TypeError("a record holds no fraction")
    if isinstance(content, dict):
        for key, value in content.items():
            if not key.isascii():
                raise TypeError("the keys of a record are ASCII")
            _check(value)
    elif isinstance(content, list | tuple):
        for item in content:
            _check(item)
