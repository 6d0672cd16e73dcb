"""Every small change that could be made to an answer, wherever it is made.

A place is the path to a part of an answer; its pattern has a star for each position in a list:
`/knees/*/contributors/*/net`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from service.domain.exam import Exam
from service.proof.check import Checker
from service.proof.layout import ANSWER
from tests.contract.conformance import at
from tests.properties.answered import Answered

Json = Any
Path = tuple[str | int, ...]
Kind = tuple[str, str]
"""The pattern of a part, and the name of its type."""
Change = Callable[[Json, Random], Json]
CLAUSE = "Fracture of the tibia, left: yes; cancer history: yes;"


class NotHere(Exception):
    """This change cannot be made to this value."""


@dataclass(frozen=True)
class Target:
    """One answer with what is right."""

    exam: Exam
    answer: Json
    right: Json

    @classmethod
    def of(cls, given: Answered, checker: Checker) -> "Target":
        return cls(given.exam, given.answer, checker.right(given.exam, tuple(ANSWER.members)))

    @cached_property
    def places(self) -> dict[Kind, list[Path]]:
        """The paths of every part, by kind."""
        found: dict[Kind, list[Path]] = defaultdict(list)
        for path, value in _parts(self.answer, ()):
            found[pattern(path), type(value).__name__].append(path)
        return found

    def accepts(self, answer: Json) -> bool:
        return not any(ANSWER.compare("", answer, self.right))

    def without(self, path: Path) -> Json:
        """The answer without one member of an object."""
        *parent, gone = path
        return _put(self.answer, tuple(parent), lambda value: {k: v for k, v in value.items() if k != gone})

    def changed(self, path: Path, made: Change, random: Random) -> Json:
        """The answer with one part changed. Raises NotHere."""
        return _put(self.answer, path, lambda value: made(value, random))


def _parts(node: Json, here: Path) -> Iterator[tuple[Path, Json]]:
    yield here, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from _parts(child, (*here, key))


def pattern(path: Path) -> str:
    return "".join("/*" if isinstance(key, int) else f"/{key}" for key in path)


def _put(node: Json, path: Path, made: Callable[[Json], Json]) -> Json:
    """A copy along the path; the rest is shared."""
    if not path:
        return made(node)
    copy = node.copy()
    copy[path[0]] = _put(node[path[0]], path[1:], made)
    return copy


# -- what the contract promises ------------------------------------------------------------------


def contract_leaves(root: str) -> dict[str, set[str]]:
    """The pattern of every text, number and yes or no that openapi.yaml describes, with its types."""
    found: dict[str, set[str]] = defaultdict(set)
    for place, type_ in _leaves(root, ""):
        found[place].add(type_)
    return found


def _leaves(pointer: str, here: str) -> Iterator[tuple[str, str]]:
    schema = at(pointer)
    if not isinstance(schema, dict) or here.count("/mechanisms/*") > 1:
        return
    if "$ref" in schema:
        yield from _leaves(schema["$ref"].removeprefix("#"), here)
    for word in ("oneOf", "anyOf", "allOf"):
        for index in range(len(schema.get(word, ()))):
            yield from _leaves(f"{pointer}/{word}/{index}", here)
    for key in schema.get("properties", ()):
        yield from _leaves(f"{pointer}/properties/{key}", f"{here}/{key}")
    if "items" in schema:
        yield from _leaves(f"{pointer}/items", f"{here}/*")
    types = schema.get("type", ())
    for type_ in [types] if isinstance(types, str) else types:
        if type_ not in ("object", "array", "null"):
            yield here, type_
    if "const" in schema:
        yield here, "boolean" if isinstance(schema["const"], bool) else "string"


# -- texts ---------------------------------------------------------------------------------------

CHANGES: dict[str, Change] = {}
MADE_TO: dict[str, set[str]] = {}
"""For each change the types of the contract to which it can always be made."""


def change(*types: str) -> Callable[[Change], Change]:
    def register(made: Change) -> Change:
        CHANGES[made.__name__] = made
        MADE_TO[made.__name__] = set(types)
        return made

    return register


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise NotHere
    return value


@change("string")
def a_clause_is_put_before(value: Json, random: Random) -> Json:
    return f"{CLAUSE} {_text(value)}"


@change("string")
def a_clause_is_put_between(value: Json, random: Random) -> Json:
    words = _text(value).split(" ")
    if len(words) < 2:
        middle = len(value) // 2
        return f"{value[:middle]} {CLAUSE} {value[middle:]}"
    place = random.randrange(1, len(words))
    return " ".join([*words[:place], CLAUSE, *words[place:]])


@change("string")
def a_clause_is_put_after(value: Json, random: Random) -> Json:
    return f"{_text(value)} {CLAUSE}"


@change("string")
def a_word_is_altered(value: Json, random: Random) -> Json:
    words = _text(value).split(" ")
    place = random.randrange(len(words))
    words[place] = f"un{words[place]}"
    return " ".join(words)


@change("string")
def a_word_is_left_out(value: Json, random: Random) -> Json:
    words = _text(value).split(" ")
    del words[random.randrange(len(words))]
    return " ".join(words)


@change("string")
def a_letter_is_altered(value: Json, random: Random) -> Json:
    if not _text(value):
        raise NotHere
    place = random.randrange(len(value))
    other = random.choice("abcdefghijklmnopqrstuvwxyz0123456789".replace(value[place], ""))
    return f"{value[:place]}{other}{value[place + 1 :]}"


@change("string")
def a_space_is_added(value: Json, random: Random) -> Json:
    return f"{_text(value)} "


# -- numbers, yes and no -------------------------------------------------------------------------


def _number(value: Json) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotHere
    return value


def _logical(value: Json) -> bool:
    if not isinstance(value, bool):
        raise NotHere
    return value


@change("integer", "number")
def a_number_is_one_more(value: Json, random: Random) -> Json:
    return _number(value) + 1


@change("integer", "number")
def a_number_is_one_less(value: Json, random: Random) -> Json:
    return _number(value) - 1


@change("integer", "number")
def a_number_is_a_little_more(value: Json, random: Random) -> Json:
    return _number(value) + 0.0001


@change("integer")
def a_whole_number_has_a_point(value: Json, random: Random) -> Json:
    if not isinstance(_number(value), int):
        raise NotHere
    return float(value)


@change("integer", "number")
def a_number_is_yes_or_no(value: Json, random: Random) -> Json:
    return bool(_number(value))


@change("boolean")
def yes_or_no_is_turned(value: Json, random: Random) -> Json:
    return not _logical(value)


@change("boolean")
def yes_or_no_is_a_number(value: Json, random: Random) -> Json:
    return random.choice((int, float))(_logical(value))


@change("integer", "number", "boolean")
def what_is_no_text_is_one(value: Json, random: Random) -> Json:
    if isinstance(value, str | list | dict) or value is None:
        raise NotHere
    return str(value)


# -- lists and objects ---------------------------------------------------------------------------


def _list(value: Json, least: int = 1) -> list[Json]:
    if not isinstance(value, list) or len(value) < least:
        raise NotHere
    return value


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise NotHere
    return value


@change()
def an_element_is_removed(value: Json, random: Random) -> Json:
    place = random.randrange(len(_list(value)))
    return [*value[:place], *value[place + 1 :]]


@change()
def an_element_is_doubled(value: Json, random: Random) -> Json:
    one = random.choice(_list(value))
    place = random.randrange(len(value) + 1)
    return [*value[:place], one, *value[place:]]


@change()
def two_elements_are_swapped(value: Json, random: Random) -> Json:
    one, two = sorted(random.sample(range(len(_list(value, least=2))), 2))
    if value[one] == value[two]:
        raise NotHere
    return [*value[:one], value[two], *value[one + 1 : two], value[one], *value[two + 1 :]]


@change()
def an_element_is_added(value: Json, random: Random) -> Json:
    _list(value, least=0)
    invented = random.choice((None, True, 0, CLAUSE, [], {}, {"rule": "H01"}))
    place = random.randrange(len(value) + 1)
    return [*value[:place], invented, *value[place:]]


@change()
def a_list_is_emptied(value: Json, random: Random) -> Json:
    return _list(value)[:0]


@change()
def a_member_is_added(value: Json, random: Random) -> Json:
    return {**_object(value), "diagnosis": random.choice((None, False, CLAUSE, [], {}))}


@change()
def a_member_has_another_name(value: Json, random: Random) -> Json:
    if not _object(value):
        raise NotHere
    old = random.choice(list(value))
    return {f"{key}_" if key == old else key: member for key, member in value.items()}


@change()
def a_value_is_of_another_type(value: Json, random: Random) -> Json:
    others = (None, True, False, 0, 1, 0.0, "", "yes", [], {}, [value], {"is": value})
    return random.choice([other for other in others if type(other) is not type(value)])
