"""Where it shows that a rule out of force is switched off, and not retired.

What a rule that is switched off would conclude is unknown, what a retired one would is absent.
"""

from collections.abc import Iterator
from itertools import chain

from service.domain.exam import Key, Value
from service.domain.rule import Rule
from service.domain.vocabulary import FindingDefinition
from service.inference.cells import cells, ends, value_at
from service.inference.dark import dark_groups
from service.inference.strata import Concludes, concludes, reads
from service.versions.base import KNEE, Base, Values, posted
from service.versions.points import Point, conclusions, observed


def exams(base: Base, rule: Rule, answers: Values) -> Iterator[tuple[Values, Point]]:
    """What to observe, and what to lead to: nothing; where a reader of the rule is silent; its own examples.

    Each without the states that the rule would set, alone and beside answers to the screen.
    """
    absent = {conclusion: False for conclusion in left_unknown(rule) if conclusion[0] == "state"}
    silent = (example for reader in _readers(base, rule) for example in base.given_by(reader, "silent"))
    examples = ((observed(e), conclusions(e)) for e in chain(silent, base.given_by(rule)))
    for values, given in chain([({}, {})], examples):
        for beside in ({}, answers):
            yield {**beside, **values}, {**given, **absent}


def shows_in(off: Base, other: Base, rule: Rule) -> Iterator[str]:
    """The parts of an answer in which it may, by how their names begin."""
    if rule.safety:
        yield from ("safety status", "next tests", "recommendations")
    yield from (f"rules {reader.code}" for reader in _readers(other, rule))
    dark, before = dark_groups(off.rulebase), dark_groups(other.rulebase)
    yield from (f"contributors {id_}" for id_ in dark if dark[id_] != before.get(id_, frozenset()))


def left_unknown(rule: Rule) -> set[Concludes]:
    """The states and flags that the rule has a say in: unknown while it is switched off."""
    return {conclusion for conclusion in concludes(rule) if conclusion[0] != "class"}


def _readers(base: Base, rule: Rule) -> list[Rule]:
    return [r for r in base.rulebase.rules if r.active and reads(r) & left_unknown(rule)]


def answers_to_the_screen(base: Base) -> Values:
    """Answers to all that the screen asks; of each question that which raises least and makes least due."""
    answers: dict[Key, Value] = {}
    while waiting := [key for key in _asked(base, answers) if key not in answers]:
        values = _some(base.rulebase.findings[waiting[0][0]])
        tried = ({**answers, waiting[0]: value} for value in values)
        answers = min(tried, key=lambda more: [len(left) for left in _left(base, more)])
    return answers


def _asked(base: Base, answers: Values) -> list[Key]:
    _, left = _left(base, answers)
    return [(finding, KNEE if base.rulebase.findings[finding].sided else None) for finding in left]


def _left(base: Base, answers: Values) -> tuple[list[str], list[str]]:
    """The flags raised, and what is asked still."""
    safety = base.answer(posted(answers))["safety"]
    return safety["flags"], safety["not screened"]


def _some(definition: FindingDefinition) -> list[Value]:
    """Each value of a finding; of a number its ends and its middle."""
    if definition.type == "set":
        return [cell.value for cell in cells(definition, ())]
    if not definition.numeric:
        return list(definition.values)
    lowest, highest = ends(definition)
    return [value_at(definition, level) for level in (lowest, (lowest + highest) // 2, highest)]
