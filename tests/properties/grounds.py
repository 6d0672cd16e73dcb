"""On which observed values a true condition rests, read from the rule files.

Used to hold every rule that argues against something to it: a criterion may not be true
because something was *not* observed. States and classes are premises; what they rest on is
the matter of the rules behind them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from service.inference.view import View
from tests.plain_reading import FALSE, OTHER, TRUE, UNKNOWN, PlainReading, Sitting, truth, word_holds

Ground = tuple[str, str | None]
"""A finding and its side, or the name of a premise and its kind."""


class Ungrounded(Exception):
    """A criterion holds although no observed value says so."""


@dataclass
class Held(Sitting):
    """A sitting in which states and classes are those of a view."""

    view: View | None = None

    def state(self, state: str, side: str) -> int:
        assert self.view is not None
        found = self.view.states[state]
        return UNKNOWN if found is None else truth(found)

    def class_of(self, contributor: str, side: str) -> str:
        assert self.view is not None
        return self.view.standings[contributor].name


def grounds(sitting: Sitting, node: Any, side: str) -> set[Ground]:
    """What makes a true condition true; raises Ungrounded."""
    if node == "always":
        raise Ungrounded("always")
    if isinstance(node, list):
        return grounds(sitting, {"all": node}, side)
    if "of" in node:
        return _of(sitting, node, side)
    ((word, said),) = node.items()
    match word:
        case "all" | "any":
            return _together(grounds(sitting, m, side) for m in said if sitting.condition(m, side) == TRUE)
        case "other":
            return grounds(sitting, said, OTHER[side])
        case "state":
            return {("state", said)}
        case "class":
            ((contributor, wanted),) = said.items()
            return {_decided(sitting, contributor, wanted, side)}
        case "some_contributor" | "every_contributor":
            ((test, wanted),) = said.items()
            each = [{test: {contributor: wanted}} for contributor in sitting.reading.contributors]
            return grounds(sitting, {"any": each}, side)
        case "coverage":
            return _covered(sitting, said, side)
        case "not_known" | "either" | "flag" | "assessed":
            raise Ungrounded(f"{word}: {said}")
        case _:
            return _tested(sitting, word, said, side)


def denials(sitting: Sitting, node: Any, side: str) -> set[Ground]:
    """What makes a false condition false; raises Ungrounded."""
    if isinstance(node, list):
        return denials(sitting, {"all": node}, side)
    members = node.get("of", node.get("any", node.get("all")))
    if members is not None:
        false = [m for m in members if sitting.condition(m, side) == FALSE]
        return _together(denials(sitting, member, side) for member in false)
    ((word, said),) = node.items()
    if word == "other":
        return denials(sitting, said, OTHER[side])
    if word == "not_known":
        return grounds(sitting, said, side)
    if said == "observed":
        raise Ungrounded(f"{word} was not observed")
    return basis(sitting, word, side)


def basis(sitting: Sitting, finding: str, side: str) -> set[Ground]:
    """The observed values behind a known value; raises Ungrounded."""
    if finding not in sitting.reading.derived:
        sided = sitting.reading.findings[finding]["side"] == "sided"
        if sitting.value(finding, side) is None:
            raise Ungrounded(f"{finding} was not observed")
        return {(finding, side if sided else None)}
    entry = sitting.reading.derived[finding]
    match entry["kind"]:
        case "ratio" | "difference":
            operands = (entry["of"], entry.get("to", entry.get("minus")))
            return _together(
                basis(sitting, o["other"], OTHER[side]) if isinstance(o, dict) else basis(sitting, o, side)
                for o in operands
            )
        case "first_usable":
            option = sitting.deciding(entry, side)
            if option is None:
                raise Ungrounded(f"{finding} is open")
            usable = grounds(sitting, option["only_if"], side) if "only_if" in option else set()
            return usable | _known(sitting, option["test"], side)
        case "known_true":
            if sitting.condition(entry["when"], side) == UNKNOWN:
                raise Ungrounded(f"{finding} is open and counts as no")
            return _known(sitting, entry["when"], side)
        case _:
            raise Ungrounded(f"{finding} counts what is not observed as well")


def _together(each: Iterable[set[Ground]]) -> set[Ground]:
    return set().union(*each)


def _known(sitting: Sitting, node: Any, side: str) -> set[Ground]:
    return (grounds if sitting.condition(node, side) == TRUE else denials)(sitting, node, side)


def _of(sitting: Sitting, node: Mapping[str, Any], side: str) -> set[Ground]:
    true = [m for m in node["of"] if sitting.condition(m, side) == TRUE]
    found = _together(grounds(sitting, member, side) for member in true)
    if "exactly_n" in node:
        found |= _together(denials(sitting, m, side) for m in node["of"] if m not in true)
    return found


def _decided(sitting: Sitting, contributor: str, wanted: Any, side: str) -> Ground:
    found = sitting.class_of(contributor, side)
    if found in sitting.reading.base["undecided_classes"]:
        raise Ungrounded(f"{contributor} is {found}, which says that little was examined")
    return contributor, "class"


def _covered(sitting: Sitting, said: Any, side: str) -> set[Ground]:
    ((contributor, bound),) = said.items()
    ((word, _),) = bound.items()
    if word not in ("at_least", "above"):
        raise Ungrounded(f"little of {contributor} was examined")
    return {(contributor, "coverage")}


def _tested(sitting: Sitting, finding: str, said: Any, side: str) -> set[Ground]:
    if said == "not_observed":
        raise Ungrounded(f"{finding} was not observed")
    entry = sitting.reading.derived.get(finding, {"kind": "finding"})
    match entry["kind"]:
        case "count":
            return _counted(sitting, entry, said, side)
        case "observed_count" if not {"at_least", "above"} & {*said}:
            raise Ungrounded(f"{finding}: little was observed")
        case "observed_count":
            return {(finding, side)}
        case _:
            return basis(sitting, finding, side)


def _counted(sitting: Sitting, entry: Mapping[str, Any], said: Any, side: str) -> set[Ground]:
    """A count says something if it would hold however its open tests turned out."""
    ((word, operand),) = said.items()
    texts = operand if isinstance(operand, list) else [operand]
    wanted = [sitting.reading.comparable("", text) for text in texts]
    low = high = 0
    found: set[Ground] = set()
    for test in entry["tests"]:
        held, points = sitting.condition(test["test"], side), int(test.get("points", "1"))
        low += points if held == TRUE or (held == UNKNOWN and points < 0) else 0
        high += points if held == TRUE or (held == UNKNOWN and points > 0) else 0
        found |= set() if held == UNKNOWN else _known(sitting, test["test"], side)
    if not found or not all(word_holds(word, total, wanted) for total in range(low, high + 1)):
        raise Ungrounded("the count takes an open test for no")
    return found


def names_read(reading: PlainReading, node: Any) -> set[str]:
    """Every finding a condition can depend on, through formulas as well."""
    found: set[str] = set()
    _collect(reading, node, found)
    return found & reading.findings.keys()


def _collect(reading: PlainReading, node: Any, found: set[str]) -> None:
    if isinstance(node, dict):
        for key, item in node.items():
            _collect(reading, key, found)
            _collect(reading, item, found)
    elif isinstance(node, list):
        for item in node:
            _collect(reading, item, found)
    elif node not in found and (node in reading.derived or node in reading.findings):
        found.add(node)
        entry = reading.entry(node)
        parts = {"of", "to", "minus", "tests", "when", "derive"}
        _collect(reading, [item for key, item in entry.items() if key in parts], found)
