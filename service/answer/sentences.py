"""Trace sentences as a therapist would say them, with the value, side and unit that were seen."""

from fractions import Fraction
from functools import lru_cache

from service.answer.case import Case
from service.domain.assessment import Input, Premise
from service.domain.exam import OTHER, Side
from service.domain.rule import (
    AssessedTest,
    ClassTest,
    CoverageTest,
    Criterion,
    FindingTest,
    FlagTest,
    Rule,
    StateTest,
)
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import DerivedDefinition, FindingDefinition
from service.inference.view import View

UNITS = {"deg": "°", "%": " %"}


def because(case: Case, rule: Rule, held: tuple[Criterion, ...], view: View) -> str:
    """Why the rule fired: its title, what was seen, and its rationale."""
    seen = "; ".join(dict.fromkeys(criterion_sentence(case, criterion, view) for criterion in held))
    return f"{rule.title}. Seen: {seen}. {rule.because}" if seen else f"{rule.title}. {rule.because}"


def criterion_sentence(case: Case, criterion: Criterion, view: View) -> str:
    """One criterion that held, with what was seen."""
    rulebase = case.rulebase
    match criterion:
        case FindingTest():
            return _finding_sentence(case, criterion, view)
        case StateTest(state):
            return rulebase.states[state].label
        case ClassTest(contributor):
            name = view.standings[contributor].name
            return f"{rulebase.contributors[contributor].label}: {rulebase.class_words[name]}"
        case CoverageTest(contributor):
            assessed, of = view.coverage[contributor]
            return f"{rulebase.contributors[contributor].label}: {assessed} of {of} key groups assessed"
        case FlagTest(flag):
            return f"red flag {flag}, {rulebase.red_flags[flag].label}"
        case AssessedTest():
            return f"{view.side} knee assessed"


def _finding_sentence(case: Case, test: FindingTest, view: View) -> str:
    rulebase = case.rulebase
    definition = rulebase.findings.get(test.finding)
    if definition is None:
        return _derived_sentence(case, test, view)
    key = case.keys(test, view.side)[0]
    seen = case.seen(key)
    if seen is None:
        return f"{name_of(definition, key[1])} not observed"
    painful = f" ({rulebase.wording['pain_limited']})" if seen.painful else ""
    needed = needed_words(definition, test)
    return f"{name_of(definition, key[1])} {value_words(rulebase, seen)}{needed}{painful}"


def _derived_sentence(case: Case, test: FindingTest, view: View) -> str:
    derived = case.rulebase.derived[test.finding]
    side = _side(derived, test, view.side)
    level = view.levels[case.inference.slots.of(test.finding, test.other)]
    inputs = [found for key in case.keys(test, view.side) if (found := case.seen(key)) is not None]
    behind = ", ".join(
        f"{name_of(case.rulebase.findings[i.finding], i.side)} {value_words(case.rulebase, i)}"
        for i in inputs
    )
    said = "" if derived.two_valued else f" {number_words(level, derived.unit)} ({test.needed})"
    negated = "not: " if derived.two_valued and level == "no" else ""
    about = f"{negated}{side}{derived.label}{said}"
    return f"{about} [{behind}]" if behind else about


def _side(definition: DerivedDefinition, test: FindingTest, side: Side) -> str:
    return f"{OTHER[side] if test.other else side} " if definition.sided else ""


@lru_cache(maxsize=4096)
def _lowered(label: str) -> str:
    """The label inside a sentence: `Navicular drop` becomes `navicular drop`, `FPI` stays."""
    return label if len(label) > 1 and label[1].isupper() else label[:1].lower() + label[1:]


def name_of(definition: FindingDefinition, side: Side | None) -> str:
    return f"{side} {_lowered(definition.label)}" if side else _lowered(definition.label)


def value_words(rulebase: RuleBase, seen: Input) -> str:
    """The value as a person says it: `8 mm`, `upper chest`, `grade 3`."""
    definition = rulebase.findings[seen.finding]
    value = seen.value
    if isinstance(value, tuple):
        return ", ".join(definition.values[member] for member in value)
    if definition.numeric:
        return number_words(value, definition.unit)
    if definition.type == "grade":
        return str(value)
    return definition.values[str(value)]


def number_words(value: object, unit: str | None) -> str:
    assert isinstance(value, int | float | Fraction)
    number = value if isinstance(value, int) else float(value)
    return f"{number:g}{UNITS.get(unit, f' {unit}') if unit else ''}"


def needed_words(definition: FindingDefinition, test: FindingTest) -> str:
    """What the rule asks, where the value itself does not say it."""
    if test.word in ("at_least", "at_most", "above", "below", "between"):
        return f" ({test.needed})"
    return ""


def premise(criterion: Criterion, view: View) -> Premise | None:
    """A criterion over an earlier conclusion, as a premise."""
    match criterion:
        case StateTest(state):
            return Premise("state", state, "present")
        case ClassTest(contributor):
            return Premise("class", contributor, view.standings[contributor].name)
        case CoverageTest(contributor):
            assessed, of = view.coverage[contributor]
            return Premise("coverage", contributor, f"{assessed}/{of}")
        case FlagTest(flag):
            return Premise("flag", flag, "fired")
        case AssessedTest():
            return Premise("assessed", view.side, "yes")
        case _:
            return None
