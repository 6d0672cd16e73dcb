"""Three-valued logic (Kleene): True, False, and None for unknown.

Unknown is never normal: nothing here turns None into False.
"""

from collections.abc import Iterable

Truth = bool | None


def all_of(truths: Iterable[Truth]) -> Truth:
    """False if any is false, else unknown if any is unknown, else true."""
    unknown = False
    for truth in truths:
        if truth is False:
            return False
        unknown = unknown or truth is None
    return None if unknown else True


def any_of(truths: Iterable[Truth]) -> Truth:
    """True if any is true, else unknown if any is unknown, else false."""
    unknown = False
    for truth in truths:
        if truth is True:
            return True
        unknown = unknown or truth is None
    return None if unknown else False


def at_least(n: int, truths: Iterable[Truth]) -> Truth:
    """True once n are true, false once n can no longer be reached, else unknown."""
    held, open_ = _tally(truths)
    if held >= n:
        return True
    return None if held + open_ >= n else False


def exactly(n: int, truths: Iterable[Truth]) -> Truth:
    """True or false once the count is settled or out of reach, else unknown."""
    held, open_ = _tally(truths)
    if held > n or held + open_ < n:
        return False
    return None if open_ else True


def _tally(truths: Iterable[Truth]) -> tuple[int, int]:
    held = open_ = 0
    for truth in truths:
        held += truth is True
        open_ += truth is None
    return held, open_
