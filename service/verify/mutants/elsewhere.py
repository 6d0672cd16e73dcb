"""Small changes outside the rules: the bounds of classes, key groups, formulas."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from service.domain.rule import FindingTest
from service.domain.rulebase import Bound, ClassRule, RuleBase
from service.domain.vocabulary import (
    ContributorDefinition,
    Count,
    Difference,
    FirstUsable,
    Formula,
    KeyGroup,
    KnownTrue,
    ObservedCount,
    Ratio,
    UsableTest,
)
from service.inference.infer import Inference
from service.inference.view import View
from service.verify.mutants import conditions, criteria
from service.verify.mutants.criteria import OTHER_WORDS
from service.verify.mutants.mutant import Change, Mutant, Reaches


def mutants_elsewhere(rulebase: RuleBase) -> Iterator[Mutant]:
    for change, class_rules in _class_rules(rulebase.class_rules):
        yield _mutant(rulebase, "classes", change, _another_class, class_rules=class_rules)
    for change, undecided in _undecided(rulebase):
        yield _mutant(rulebase, "classes", change, _classed(rulebase, undecided), undecided_classes=undecided)
    for contributor in rulebase.contributors.values():
        for change, groups in _key_groups(contributor):
            changed = replace(contributor, key_groups=groups)
            contributors = {**rulebase.contributors, contributor.id: changed}
            yield _mutant(rulebase, contributor.id, change, _another_coverage, contributors=contributors)
    for derived in rulebase.derived.values():
        for change, formula in _formulas(rulebase, derived.formula):
            formulas = {**rulebase.derived, derived.id: replace(derived, formula=formula)}
            yield _mutant(rulebase, derived.id, change, _another_value(derived.id), derived=formulas)
    for definition in rulebase.findings.values():
        for change, ratio in _ratios(definition.derive) if definition.derive else ():
            findings = {**rulebase.findings, definition.id: replace(definition, derive=ratio)}
            yield _mutant(rulebase, definition.id, change, _computed(ratio), findings=findings)


def _mutant(rulebase: RuleBase, id_: str, change: Change, reaches: Reaches, **changed: Any) -> Mutant:
    return Mutant(f"{id_}/{change}", change.kind, lambda: replace(rulebase, **changed), None, reaches)


# -- what a change reaches ---------------------------------------------------------------------


def _another_class(inference: Inference, view: View) -> bool:
    class_of = inference.standings.class_of
    return any(
        class_of(s.support, s.against, s.supporting_clusters, (s.assessed, s.of)) != s.name
        for s in view.standings.values()
    )


def _classed(rulebase: RuleBase, undecided: frozenset[str]) -> Reaches:
    turned = undecided ^ rulebase.undecided_classes
    return lambda _, view: any(standing.name in turned for standing in view.standings.values())


def _another_coverage(inference: Inference, view: View) -> bool:
    return bool(view.coverage) and inference.coverage(view.levels) != view.coverage


def _another_value(derived: str) -> Reaches:
    def reaches(inference: Inference, view: View) -> bool:
        slots = inference.slots
        if len(slots) != len(view.levels):  # a formula is read on another side too: nothing lies where it lay
            return True
        return any(
            slots.formula(derived, other)(view.levels) != view.levels[slots.of(derived, other)]
            for other in (False, True)
            if (derived, other) in slots
        )

    return reaches


def _computed(ratio: Ratio) -> Reaches:
    def reaches(inference: Inference, view: View) -> bool:
        places = (inference.slots.of(operand.finding, operand.other) for operand in ratio.operands)
        return all(view.levels[place] is not None for place in places)

    return reaches


# -- classes ---------------------------------------------------------------------------------


def _class_rules(rules: tuple[ClassRule, ...]) -> Iterator[tuple[Change, tuple[ClassRule, ...]]]:
    for at, rule in enumerate(rules):
        for bound_at, bound in enumerate(rule.bounds):
            before, after = rule.bounds[:bound_at], rule.bounds[bound_at + 1 :]
            where = f"{at}.{rule.name}.{bound.quantity}"
            for what, kept in _bounds(bound):
                changed = replace(rule, bounds=(*before, *kept, *after))
                yield Change(where, "class bound", what), (*rules[:at], changed, *rules[at + 1 :])


def _bounds(bound: Bound) -> Iterator[tuple[str, tuple[Bound, ...]]]:
    yield "dropped", ()
    for at, limit in enumerate(bound.limits):
        for near in (limit - 1, limit + 1):
            limits = (*bound.limits[:at], near, *bound.limits[at + 1 :])
            yield f"{bound.word} {' to '.join(map(str, limits))}", (replace(bound, limits=limits),)
    for word in OTHER_WORDS.get(bound.word, ()):
        yield word, (replace(bound, word=word),)


def _undecided(rulebase: RuleBase) -> Iterator[tuple[Change, frozenset[str]]]:
    for name in rulebase.class_order:
        undecided = rulebase.undecided_classes ^ {name}
        word = "with" if name in undecided else "without"
        yield Change("undecided", "class bound", f"{word} {name}"), undecided


# -- key groups ------------------------------------------------------------------------------


def _key_groups(contributor: ContributorDefinition) -> Iterator[tuple[Change, tuple[KeyGroup, ...]]]:
    groups = contributor.key_groups
    for at, group in enumerate(groups):
        before, after = groups[:at], groups[at + 1 :]
        if before or after:
            yield Change(f"key_groups.{at}", "key group", "dropped"), (*before, *after)
        for finding in group.any_of if len(group.any_of) > 1 else ():
            left = replace(group, any_of=tuple(one for one in group.any_of if one != finding))
            change = Change(f"key_groups.{at}", "key group", f"without {finding}")
            yield change, (*before, left, *after)


# -- formulas --------------------------------------------------------------------------------


def _formulas(rulebase: RuleBase, formula: Formula) -> Iterator[tuple[Change, Formula]]:
    match formula:
        case Ratio():
            yield from _ratios(formula)
        case Difference(of, minus):
            yield Change("formula", "formula", "turned round"), Difference(minus, of)
        case FirstUsable(tests) | Count(tests):
            counts = isinstance(formula, Count)
            for change, changed_tests in _usable_tests(rulebase, tests, counts):
                yield change, replace(formula, tests=changed_tests)
            if isinstance(formula, Count):
                always = replace(formula, always_known=not formula.always_known)
                yield Change("formula", "formula", "always_known turned"), always
        case KnownTrue(when):
            for change, changed in conditions.changes(rulebase, when, "when"):
                yield replace(change, kind="formula"), KnownTrue(changed)
        case ObservedCount(region):
            for other in rulebase.regions:
                if other != region:
                    yield Change("formula", "formula", other), ObservedCount(other)


def _ratios(ratio: Ratio) -> Iterator[tuple[Change, Ratio]]:
    yield Change("formula", "formula", "turned round"), replace(ratio, of=ratio.to, to=ratio.of)
    for times in (ratio.times * Fraction(99, 100), ratio.times * Fraction(101, 100)):
        yield Change("formula", "formula", f"times {float(times):g}"), replace(ratio, times=times)
    for per in (ratio.per * Fraction(99, 100), ratio.per * Fraction(101, 100)) if ratio.per != 1 else ():
        yield Change("formula", "formula", f"per {float(per):g}"), replace(ratio, per=per)


def _usable_tests(
    rulebase: RuleBase, tests: tuple[UsableTest, ...], counts: bool
) -> Iterator[tuple[Change, tuple[UsableTest, ...]]]:
    for at, test in enumerate(tests):
        before, after = tests[:at], tests[at + 1 :]
        if before or after:
            yield Change(f"tests.{at}", "formula", "dropped"), (*before, *after)
        if before and not counts:
            earlier = (*before[:-1], test, before[-1], *after)
            yield Change(f"tests.{at}", "formula", "one place earlier"), earlier
        for what, changed in _usable_test(rulebase, test, counts):
            yield Change(f"tests.{at}", "formula", what), (*before, changed, *after)


def _usable_test(rulebase: RuleBase, test: UsableTest, counts: bool) -> Iterator[tuple[str, UsableTest]]:
    for _, what, changed in criteria.changes(rulebase, test.test):
        assert isinstance(changed, FindingTest)
        yield what, replace(test, test=changed)
    if test.only_if is not None:
        yield "only_if dropped", replace(test, only_if=None)
    for points in (test.points - 1, test.points + 1) if counts else ():
        yield f"{points} points", replace(test, points=points)
