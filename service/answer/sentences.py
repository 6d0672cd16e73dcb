"""Trace sentences as a therapist would say them, with the value, side and unit that were seen."""

from fractions import Fraction
from functools import lru_cache

from service.answer.case import Case
from service.domain.assessment import Premise, Shown
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
COMPARING = frozenset({"at_least", "at_most", "above", "below", "between"})
MOST_SAID = 20_000


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
            return class_said(rulebase, contributor, view.standings[contributor].name)
        case CoverageTest(contributor):
            assessed, of = view.coverage[contributor]
            return f"{rulebase.contributors[contributor].label}: {assessed} of {of} key groups assessed"
        case FlagTest(flag):
            return f"red flag {flag}, {rulebase.red_flags[flag].label}"
        case AssessedTest():
            return f"{view.side} knee assessed"


def class_said(rulebase: RuleBase, contributor: str, name: str) -> str:
    """A class in words, never without the link certainty beside it."""
    definition = rulebase.contributors[contributor]
    return rulebase.wording["headline_contributor"].format(
        label=definition.label,
        words=rulebase.class_words[name],
        certainty=definition.link_certainty.words,
    )


def _finding_sentence(case: Case, test: FindingTest, view: View) -> str:
    rulebase = case.rulebase
    definition = rulebase.findings.get(test.finding)
    if definition is None:
        return _derived_sentence(case, test, view)
    key = case.keys(test, view.side)[0]
    seen = case.seen(key)
    if seen is None:
        return f"{name_of(definition, key[1])} not observed"
    said = _said(definition, key[1], seen.value, test.needed if test.word in COMPARING else "")
    return f"{said} ({rulebase.wording['pain_limited']})" if seen.painful else said


@lru_cache(maxsize=MOST_SAID)
def _said(definition: FindingDefinition, side: Side | None, value: Shown, needed: str) -> str:
    """`left navicular drop: 16 mm (at least 15 mm)`; most are said again and again."""
    said = f"{name_of(definition, side)}: {value_words(definition, value)}"
    return f"{said} ({needed})" if needed else said


def _derived_sentence(case: Case, test: FindingTest, view: View) -> str:
    derived = case.rulebase.derived[test.finding]
    side = _side(derived, test, view.side)
    level = view.levels[case.inference.slots.of(test.finding, test.other)]
    inputs = [found for key in case.keys(test, view.side) if (found := case.seen(key)) is not None]
    behind = ", ".join(
        f"{name_of(definition, i.side)}: {value_words(definition, i.value)}"
        for i in inputs
        if (definition := case.rulebase.findings[i.finding])
    )
    said = "" if derived.two_valued else f": {number_words(level, derived.unit)} ({test.needed})"
    negated = "not: " if derived.two_valued and level == "no" else ""
    about = f"{negated}{side}{derived.label}{said}"
    return f"{about} [{behind}]" if behind else about


def _side(definition: DerivedDefinition, test: FindingTest, side: Side) -> str:
    return f"{OTHER[side] if test.other else side} " if definition.sided else ""


@lru_cache(maxsize=4096)
def _lowered(label: str) -> str:
    """The label inside a sentence: `Navicular drop` becomes `navicular drop`, `FPI` stays."""
    named = label[1:2].isupper() or any(word[:1].isupper() for word in label.split()[1:])
    return label if named else label[:1].lower() + label[1:]


def name_of(definition: FindingDefinition, side: Side | None) -> str:
    return f"{side} {_lowered(definition.label)}" if side else _lowered(definition.label)


def value_words(definition: FindingDefinition, value: Shown) -> str:
    """The value as a person says it: `8 mm`, `upper chest`, `4+`."""
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


@lru_cache(maxsize=MOST_SAID)
def caution(rulebase: RuleBase, rule: Rule, seen: tuple[tuple[str, Shown], ...]) -> str | None:
    """The rule's caution, and what is true of its findings and bonuses beside it."""
    wording = rulebase.wording
    parts = [rule.caution] if rule.caution else []
    if any(score.combination for score in rule.scores):
        parts.append(wording["combination"])
    if any(score.supports for score in rule.scores):
        for finding, value in seen:
            pain_free = rulebase.findings[finding].seen_in_pain_free
            if pain_free is not None and (not pain_free.values or str(value) in pain_free.values):
                parts.append(wording["seen_in_pain_free"].format(says=pain_free.says))
    return " ".join(dict.fromkeys(parts)) or None


def premise(criterion: Criterion, view: View) -> Premise:
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
        case FindingTest():
            raise TypeError("a finding is an input, not a premise")
