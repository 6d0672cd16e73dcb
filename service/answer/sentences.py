"""Trace sentences as a therapist would say them, with the value, side and unit that were seen."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from service.answer.case import Case
from service.answer.grounds import WAYS
from service.domain.assessment import Gap, Input, Premise, Shown
from service.domain.exam import OTHER, Level, Side
from service.domain.rule import (
    COMPARING,
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
from service.domain.vocabulary import DerivedDefinition, FindingDefinition, ObservedCount
from service.inference.view import View

PARTS = ("seen", "not_examined", "concluded", "screen", *WAYS)
"""The parts of a sentence between title and rationale, in order; each a key of the wording."""


def because(
    case: Case,
    rule: Rule,
    held: tuple[Criterion, ...],
    assumed: Mapping[str, tuple[Gap, ...]],
    view: View,
) -> str:
    """Why the rule fired: title, what was seen, not examined, concluded and assumed, rationale."""
    said: dict[str, dict[str, None]] = {part: {} for part in PARTS}
    limits = _limits(held)
    for criterion in held:
        if isinstance(criterion, FindingTest):
            part = "not_examined" if _not_examined(case, criterion, view) else "seen"
            said[part][_finding_said(case, criterion, view, limits)] = None
        elif not isinstance(criterion, AssessedTest):
            said[_part_of(case, criterion)][_conclusion_said(case, criterion, view)] = None
    findings, wording = case.rulebase.findings, case.rulebase.wording
    for way, gaps in assumed.items():
        said[way] = {name_of(findings[gap.finding], gap.side): None for gap in gaps}
    parts = [wording[part].format(list="; ".join(said[part])) for part in PARTS if said[part]]
    return " ".join([f"{rule.title}.", *parts, rule.because])


def _limits(held: tuple[Criterion, ...]) -> dict[tuple[str, bool], str]:
    """For each finding that is compared, its tightest limits together: `above 10 mm, below 15 mm`."""
    tightest: dict[tuple[str, bool], dict[str, FindingTest]] = {}
    for criterion in held:
        if isinstance(criterion, FindingTest) and criterion.word in COMPARING:
            tests = tightest.setdefault((criterion.finding, criterion.other), {})
            first = tests.setdefault(criterion.word, criterion)
            if first is not criterion and _tighter(criterion, first):
                tests[criterion.word] = criterion
    return {key: ", ".join(test.needed for test in tests.values()) for key, tests in tightest.items()}


def _tighter(test: FindingTest, than: FindingTest) -> bool:
    new, old = test.levels[0], than.levels[0]
    lower = new < old  # type: ignore[operator]
    return lower if test.word in ("at_most", "below") else not lower


def _part_of(case: Case, criterion: Criterion) -> str:
    """Where an earlier conclusion is said: only what was observed was seen."""
    if isinstance(criterion, StateTest):
        state = case.rulebase.states[criterion.state]
        if state.given_by_screen:
            return "screen"
        return "seen" if state.basis == "observed" else "concluded"
    return "concluded"


def _conclusion_said(case: Case, criterion: Criterion, view: View) -> str:
    """An earlier conclusion that a rule rests on."""
    rulebase = case.rulebase
    match criterion:
        case StateTest(state):
            side = view.side if state in rulebase.sided_states else None
            return capital(_with_side(rulebase.states[state].label, side))
        case ClassTest(contributor):
            label = f"{rulebase.contributors[contributor].label}, {view.side} knee"
            return capital(_classed(rulebase, contributor, label, view.standings[contributor].name))
        case CoverageTest(contributor):
            assessed, of = view.coverage[contributor]
            label = f"{rulebase.contributors[contributor].label}, {view.side} knee"
            return rulebase.wording["coverage"].format(label=capital(label), assessed=assessed, of=of)
        case FlagTest(flag):
            return rulebase.wording["flag"].format(code=flag, label=rulebase.red_flags[flag].label)
        case _:
            raise TypeError(f"not a conclusion: {criterion}")


def class_said(rulebase: RuleBase, contributor: str, name: str) -> str:
    """A class in words, never without the link certainty beside it."""
    return _classed(rulebase, contributor, rulebase.contributors[contributor].label, name)


def _classed(rulebase: RuleBase, contributor: str, label: str, name: str) -> str:
    return rulebase.wording["classed"].format(
        label=label,
        words=rulebase.class_words[name],
        certainty=rulebase.contributors[contributor].link_certainty.words,
    )


def _not_examined(case: Case, test: FindingTest, view: View) -> bool:
    """Whether the test holds because something was not observed."""
    derived = case.rulebase.derived.get(test.finding)
    if derived is None:
        return test.word == "not_observed"
    return isinstance(derived.formula, ObservedCount) and not _level(case, test, view)


def _finding_said(case: Case, test: FindingTest, view: View, limits: dict[tuple[str, bool], str]) -> str:
    needed = limits.get((test.finding, test.other), "")
    definition = case.rulebase.findings.get(test.finding)
    if definition is None:
        return _derived_said(case, test, view, needed)
    key = case.keys(test, view.side)[0]
    seen = case.seen(key)
    if seen is None:
        return name_of(definition, key[1])
    said = _said(case.rulebase, definition, key[1], seen.value, needed, seen.painful)
    return _with_behind(case, said, case.inputs([key])[1:]) if seen.derived_from else said


def _said(
    rulebase: RuleBase,
    definition: FindingDefinition,
    side: Side | None,
    value: Shown,
    needed: str = "",
    painful: bool = False,
) -> str:
    """`Navicular drop, left: 16 mm (at least 15 mm)`."""
    said = f"{name_of(definition, side)}: {value_words(rulebase, definition, value)}"
    limited = painful and definition.type != "yes_no"
    beside = [needed] if needed else []
    beside += [rulebase.wording["pain_limited"]] if limited else []
    return f"{said} ({'; '.join(beside)})" if beside else said


def _derived_said(case: Case, test: FindingTest, view: View, needed: str) -> str:
    """What a formula gave, and in brackets the findings behind it."""
    derived = case.rulebase.derived[test.finding]
    said = name_of(derived, (OTHER[view.side] if test.other else view.side) if derived.sided else None)
    if _not_examined(case, test, view):
        return said
    level = _level(case, test, view)
    if not derived.two_valued:
        said = f"{said}: {number_words(case.rulebase, level, derived.unit)} ({needed})"
    elif level == "no":
        said = f"{said}: no"
    return _with_behind(case, said, case.inputs(case.seen_behind(test, view)))


def _with_behind(case: Case, said: str, inputs: Iterable[Input]) -> str:
    """What was computed, and in brackets what it was computed from."""
    findings = case.rulebase.findings
    behind = [_said(case.rulebase, findings[i.finding], i.side, i.value) for i in inputs]
    return f"{said} [{'; '.join(behind)}]" if behind else said


def _level(case: Case, test: FindingTest, view: View) -> Level | None:
    return view.levels[case.inference.slots.of(test.finding, test.other)]


def name_of(definition: FindingDefinition | DerivedDefinition, side: Side | None) -> str:
    """The finding as a list names it: `Navicular drop, left`."""
    return _with_side(definition.label, side)


def _with_side(label: str, side: Side | None) -> str:
    return f"{label}, {side}" if side else label


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def listed(words: Sequence[str]) -> str:
    """`hip, foot and core`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def either(words: Sequence[str]) -> str:
    """`good, fair or poor`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def value_words(rulebase: RuleBase, definition: FindingDefinition, value: Shown) -> str:
    """The value as a person says it: `8 mm`, `the chest moves first or more`, `4+`."""
    if isinstance(value, tuple):
        return ", ".join(definition.values[member] for member in value)
    if definition.numeric:
        return number_words(rulebase, value, definition.unit)
    if definition.type == "grade":
        return str(value)
    return definition.values[str(value)]


def number_words(rulebase: RuleBase, value: object, unit: str | None) -> str:
    """The number with its unit, as the rule base writes both."""
    assert isinstance(value, int | float | Fraction)
    number = f"{value if isinstance(value, int) else float(value):g}"
    return rulebase.units[unit].write(number) if unit else number


def caution(rulebase: RuleBase, rule: Rule, seen: tuple[tuple[str, Shown], ...]) -> str | None:
    """The rule's caution, and what is true of its findings and bonuses beside it."""
    wording = rulebase.wording
    bonus = any(score.combination for score in rule.scores)
    parts = [wording["combination"]] if bonus else []
    if rule.caution:
        parts.append(rule.caution)
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
