"""What is declared and read by nothing, read though it is for the record only, or in the wrong unit."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from service.domain.exam import Value
from service.domain.rule import FindingTest, Rule, SetState
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import DerivedDefinition, Difference, FindingDefinition, Ratio
from service.verify.static.report import Report
from service.verify.static.study import Study
from service.verify.static.witness import HERE, Witness

STRUCTURE = "every rule, formula, key group and question of the screen was looked at"


def of_finding(study: Study, finding: str) -> Iterator[Report]:
    """Whether a finding is read as its `use` says."""
    definition = study.rulebase.findings[finding]
    read = finding in study.reading.findings
    if definition.use == "recorded_only" and read:
        readers = [rule for rule in study.active if finding in study.reading.of_rule(rule)]
        named = ", ".join(rule.code for rule in readers) or "a key group"
        says = f"{finding} is for the record only, but {named} reads it"
        witness = study.witness(readers[0], study.whole.fires(readers[0])) if readers else None
        yield study.of_entry("recorded_only_read", finding, says, STRUCTURE, (), witness)
    elif definition.use != "recorded_only" and not read and finding not in study.reading.asked_by_the_screen:
        says = f"nothing reads {finding}, and it is not for the record only"
        yield study.of_entry("unread", finding, says, STRUCTURE, (), _bears_on_nothing(study, definition))


def _bears_on_nothing(study: Study, definition: FindingDefinition) -> Witness | None:
    """The finding alone: every rule has the outcome that it has without it."""
    key = definition.id, HERE if definition.sided else None
    nothing = study.witnesses.view(Witness((HERE,), {}))
    outcomes = {
        rule.code: nothing.outcomes[index]
        for index, rule in enumerate(study.rulebase.rules)
        if rule.active and not rule.safety
    }
    posted = {key: ("observed", some_value(definition))}
    says = "every rule has the outcome that it has of an empty exam"
    witness = Witness((HERE,), posted, outcomes=outcomes, says=says)
    return witness if study.witnesses.confirms(witness) else None


def some_value(definition: FindingDefinition) -> Value:
    """A value the finding can have, to post."""
    if definition.numeric:
        lowest = definition.minimum or Decimal(0)
        return lowest if definition.type == "number" else int(lowest)
    value = next(value for value in definition.values if value not in definition.unknown_values)
    return frozenset({value}) if definition.type == "set" else value


def of_formula(study: Study, derived: str) -> Iterator[Report]:
    """Whether a formula is read, and whether its units go together."""
    definition = study.rulebase.derived[derived]
    if derived not in study.reading.names:
        says = f"no rule reads the formula {derived}"
        yield study.of_entry("unread", derived, says, STRUCTURE)
    wrong = mixed_units(study.rulebase, definition)
    if wrong:
        yield study.of_entry("unit", derived, f"{derived}: {wrong}", "the units of its inputs were compared")


def of_state(study: Study, state: str) -> Iterator[Report]:
    """Whether an internal state serves anything; others are shown."""
    if study.rulebase.states[state].internal and state not in study.reading.states:
        setters = [study.rulebase.rules[index] for index in study.rulebase.setters.get(state, ())]
        witness = study.witness(setters[0], study.whole.fires(setters[0])) if setters else None
        says = f"nothing reads the state {state}, and it is not shown"
        yield study.of_entry("unread", state, says, STRUCTURE, (), witness)


# -- sides and units ---------------------------------------------------------------------------


def one_sided_reading(study: Study, rule: Rule) -> Iterator[Report]:
    """Points and states of this knee that rest on what is seen of the other side.

    A rule may ask the same of both sides, or read a formula that computes with both.
    """
    if rule.safety or not (rule.scores or any(isinstance(effect, SetState) for effect in rule.effects)):
        return
    tests = dict.fromkeys(criterion for criterion in rule.criteria() if isinstance(criterion, FindingTest))
    for test in tests:
        asked_here = replace(test, other=False) in tests
        if test.other and not asked_here and not study.reading.compares_sides(test.finding):
            asked = f"{test.finding} {test.needed}"
            says = f"{rule.code} asks of the other side '{asked}', and concludes for this knee"
            proof = "its criteria were looked at"
            witness = study.witness(rule, study.whole.fires(rule))
            yield study.of_rule("wrong_side", rule, "when", says, proof, [test.finding], witness)


def share_for_per_cent(study: Study, rule: Rule) -> Iterator[Report]:
    """A threshold between 0 and 1 of a number in per cent: 0.9 % where 90 % was meant."""
    for test in rule.criteria():
        if isinstance(test, FindingTest) and any(
            0 < level <= 1 for level in _per_cents(study.rulebase, test)
        ):
            says = f"{rule.code}: '{test.finding} {test.needed}' looks like a share, but the unit is per cent"
            witness = study.witness(rule, study.whole.fires(rule))
            proof = "the threshold lies between 0 and 1 per cent"
            yield study.of_rule("unit", rule, "when", says, proof, [test.finding], witness)


def _per_cents(rulebase: RuleBase, test: FindingTest) -> list[Fraction]:
    """The thresholds of a test of something in per cent; none of anything else."""
    finding, derived = rulebase.findings.get(test.finding), rulebase.derived.get(test.finding)
    definition = finding or derived
    if definition is None or definition.unit != "%":
        return []
    step = Fraction((finding.step if finding else None) or 1)
    return [Fraction(level) * step for level in test.levels]  # type: ignore[arg-type]


def mixed_units(rulebase: RuleBase, derived: DerivedDefinition) -> str | None:
    """What is wrong with the units of a ratio or difference; None where nothing is."""
    formula = derived.formula
    if not isinstance(formula, Ratio | Difference):
        return None
    one, two = (rulebase.findings[operand.finding].unit or "no unit" for operand in formula.operands)
    given = derived.unit or "no unit"
    if isinstance(formula, Difference):
        if one != two:
            return f"{one} minus {two}"
        return None if given == one else f"a difference in {one} given in {given}"
    if one != two:
        return None if formula.per != 1 else f"{one} ÷ {two} without a constant between them"
    share = {Fraction(1): "no unit", Fraction(100): "%"}.get(formula.times / formula.per, given)
    return None if given == share else f"{formula.times} times a share given in {given}"
