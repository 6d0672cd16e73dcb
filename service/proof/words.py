"""What each word of a test means for what was seen."""

from collections.abc import Sequence
from typing import Any

from service.domain.logic import Truth


def truth_of(word: str, seen: Any, limits: Sequence[Any]) -> Truth:
    """The truth of one test: unknown where nothing was seen."""
    if word == "observed":
        return seen is not None
    if word == "not_observed":
        return seen is None
    return None if seen is None else compares(word, seen, limits)


def compares(word: str, seen: Any, limits: Sequence[Any]) -> bool:
    """Whether what was seen is as the word and its limits ask."""
    match word:
        case "one_of":
            return seen in limits
        case "at_least":
            return not seen < limits[0]
        case "below":
            return bool(seen < limits[0])
        case "at_most":
            return not seen > limits[0]
        case "above":
            return bool(seen > limits[0])
        case "between":
            return not (seen < limits[0] or seen > limits[1])
        case "includes_any":
            return any(value in seen for value in limits)
        case "includes_all":
            return all(value in seen for value in limits)
        case "only":
            return all(value in limits for value in seen)
    raise ValueError(f"no such word: {word}")
