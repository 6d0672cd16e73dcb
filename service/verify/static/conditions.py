"""What is wrong within one rule: conditions that cannot hold, or cannot fail, or make no difference."""

from collections.abc import Iterator
from dataclasses import replace

from service.domain.rule import (
    NEVER,
    AtLeastN,
    Condition,
    ExactlyN,
    FindingTest,
    Group,
    NotKnown,
    Rule,
)
from service.domain.vocabulary import Count, Difference, ObservedCount, Ratio
from service.verify.static.report import Report, in_words
from service.verify.static.study import Study
from service.verify.static.terms import opposite, same
from service.verify.static.truth import outcome

Place = tuple[int, ...]
"""Where a part stands in a condition: the number of the member in each group, from the top."""


def within_rule(study: Study, rule: Rule) -> Iterator[Report]:
    """Every part that can never hold or never fail, and, if there is none, whether anything is idle."""
    found = [*_impossible(study, rule, "when"), *_impossible(study, rule, "unless")]
    yield from found
    if not any(report.kind == "contradiction" for report in found):
        yield from _as_a_whole(study, rule)
        told = {part for report in found for part in report.parts}
        yield from (report for report in _redundant(study, rule) if told.isdisjoint(report.parts))


# -- parts that can never hold, or never fail --------------------------------------------------


def _impossible(study: Study, rule: Rule, key: str) -> Iterator[Report]:
    """The smallest parts of a condition that no exam can make true, or none false."""
    whole: Condition = getattr(rule, key)
    told: list[Place] = []
    for place, part in sorted(parts(whole), key=lambda at: -len(at[0])):
        if isinstance(part, Group) and not part.members:
            continue
        if any(inner[: len(place)] == place for inner in told):
            continue
        never_true, never_false = study.cannot_be(part)
        for found, kind, says in (
            (never_true, "contradiction", "can never hold"),
            (never_false, "always_true", "can never fail: it says no more than that something was observed"),
        ):
            if found:
                told.append(place)
                yield _report_part(study, rule, key, part, kind, says)


def _report_part(study: Study, rule: Rule, key: str, part: Condition, kind: str, says: str) -> Report:
    if isinstance(part, FindingTest) and _computed(study, part):
        kind, says = "out_of_range", f"{says}: the formula has no such values"
    sentence = f"{rule.code}: '{in_words(part)}' {says}"
    which = "true" if kind == "contradiction" else "false"
    proof = f"no exam makes it {which} (z3), whatever states, classes and flags there are"
    witness = study.witness(rule, study.whole.fires(rule))
    return study.of_rule(kind, rule, key, sentence, proof, [in_words(part)], witness)


def _computed(study: Study, test: FindingTest) -> bool:
    derived = study.rulebase.derived.get(test.finding)
    return derived is not None and isinstance(derived.formula, Ratio | Difference | Count | ObservedCount)


# -- the rule as a whole -----------------------------------------------------------------------


def _as_a_whole(study: Study, rule: Rule) -> Iterator[Report]:
    found = study.whole.outcome(rule)
    if study.never(rule, found.fires):
        yield _never_fires(study, rule)
    elif rule.unless != NEVER and study.never(rule, found.suppressed):
        says = f"{rule.code}: its unless never holds where its when could"
        proof = "no exam suppresses the rule (z3)"
        witness = study.witness(rule, found.fires)
        yield study.of_rule("idle_unless", rule, "unless", says, proof, witness=witness)


def _never_fires(study: Study, rule: Rule) -> Report:
    when = study.whole.truth(rule.when).true
    if study.never(rule, when):
        says = f"{rule.code} can never fire: its when never holds"
        return study.of_rule("never_fires", rule, "when", says, "no exam makes its when true (z3)")
    says = f"{rule.code} can never fire: its unless holds whenever its when does"
    proof = "no exam makes its when true and leaves its unless open or false (z3)"
    witness = study.witness(rule, when)
    return study.of_rule("swallowed", rule, "unless", says, proof, witness=witness)


# -- what makes no difference ------------------------------------------------------------------


def _redundant(study: Study, rule: Rule) -> Iterator[Report]:
    """The parts without which the rule fires in just the same exams; of nested ones the outermost."""
    fires = study.whole.fires(rule)
    told: list[tuple[str, Place]] = []
    for key in ("when", "unless"):
        condition: Condition = getattr(rule, key)
        for place, part in parts(condition):
            less = without(condition, place)
            if less is None or any(at == key and place[: len(up)] == up for at, up in told):
                continue
            when, unless = (less, rule.unless) if key == "when" else (rule.when, less)
            without_it = outcome(study.whole.truth(when), study.whole.truth(unless)).fires
            if study.never(rule, opposite(same(fires, without_it))):
                told.append((key, place))
                says = f"{rule.code}: '{in_words(part)}' makes no difference to when the rule fires"
                proof = "no exam makes the rule fire with it and not without it, or the other way round (z3)"
                witness = study.witness(rule, fires)
                yield study.of_rule("redundant", rule, key, says, proof, [in_words(part)], witness)


def parts(condition: Condition, place: Place = ()) -> Iterator[tuple[Place, Condition]]:
    """The condition and every part of it, from the top."""
    yield place, condition
    for number, member in enumerate(condition.members if isinstance(condition, Group) else ()):
        yield from parts(member, (*place, number))


def without(condition: Condition, place: Place) -> Condition | None:
    """The condition with one part left out; None where its group would be empty, or counts exactly."""
    if not place or not isinstance(condition, Group) or isinstance(condition, ExactlyN | NotKnown):
        return None
    number, *rest = place
    members = list(condition.members)
    if rest:
        inner = without(members[number], tuple(rest))
        if inner is None:
            return None
        members[number] = inner
    else:
        del members[number]
        if not members or (isinstance(condition, AtLeastN) and len(members) < condition.n):
            return None
    return replace(condition, members=tuple(members))
