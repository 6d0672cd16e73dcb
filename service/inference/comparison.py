"""What each comparing word means for a level. The only place that says so to the reference evaluator."""

from collections.abc import Callable
from typing import Any

from service.domain.logic import Truth
from service.domain.rule import Word

LevelTest = Callable[[Any], bool]


def level_test(word: Word, levels: tuple[Any, ...]) -> LevelTest:
    """The test of one observed level; never called for an unknown one."""
    first = levels[0] if levels else None
    match word:
        case "at_least":
            return lambda level: level >= first
        case "at_most":
            return lambda level: level <= first
        case "above":
            return lambda level: level > first
        case "below":
            return lambda level: level < first
        case "between":
            lowest, highest = levels
            return lambda level: lowest <= level <= highest
        case "one_of":
            return frozenset(levels).__contains__
        case "includes_any":
            return lambda level: not level.isdisjoint(levels)
        case "includes_all":
            return frozenset(levels).issubset
        case "only":
            return frozenset(levels).issuperset
        case "observed" | "not_observed":
            raise ValueError("being observed is no test of a level")


def slot_test(slot: int, word: Word, levels: tuple[Any, ...]) -> Callable[[list[Any]], Truth]:
    """The test of one slot of a view's levels: unknown where nothing was observed."""
    if word == "observed":
        return lambda seen: seen[slot] is not None
    if word == "not_observed":
        return lambda seen: seen[slot] is None
    test = level_test(word, levels)

    def judge(seen: list[Any]) -> Truth:
        level = seen[slot]
        return None if level is None else test(level)

    return judge
