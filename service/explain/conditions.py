"""A rule's condition as it stood in one view: every criterion with what was seen behind it."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from service.answer.case import Case
from service.answer.ledger import criterion_verdict
from service.answer.sentences import name_of, value_words
from service.domain.exam import Key, Side
from service.domain.logic import Truth
from service.domain.question import Target, TargetKind
from service.domain.reasons import (
    ConclusionShown,
    ConditionShown,
    CriterionShown,
    FormulaShown,
    Found,
    GroupKind,
    GroupShown,
)
from service.domain.rule import (
    AllOf,
    AnyOf,
    AtLeastN,
    ClassTest,
    Condition,
    CoverageTest,
    Criterion,
    ExactlyN,
    FindingTest,
    FlagTest,
    Group,
    RaiseFlag,
    Rule,
    StateTest,
)
from service.inference.conditions import combiner
from service.inference.view import View
from service.knowledge.describe import formula_words

Conclude = Callable[[ConclusionShown, Truth], ConclusionShown]
"""Adds to an earlier conclusion that a criterion reads what is to be shown of it, its truth given."""
Changes = Mapping[Criterion, bool]


def as_it_is(conclusion: ConclusionShown, truth: Truth) -> ConclusionShown:
    """Nothing is added."""
    return conclusion


class Conditions:
    """Shows conditions of rules already judged in one view."""

    def __init__(self, case: Case, view: View, conclude: Conclude = as_it_is) -> None:
        self.case = case
        self.view = view
        self.conclude = conclude

    def shown(self, part: str, condition: Condition, changes: Changes | None = None) -> ConditionShown:
        """The condition as a tree. `changes`: what some criteria would have to become."""
        if not isinstance(condition, Group):
            return self._criterion(part, condition, changes or {})
        members = tuple(self.shown(part, member, changes) for member in condition.members)
        truth = combiner(condition)([_truth(member) for member in members])
        n = condition.n if isinstance(condition, AtLeastN | ExactlyN) else None
        return GroupShown(_kind(condition), truth, members, n)

    def _criterion(self, part: str, criterion: Criterion, changes: Changes) -> CriterionShown:
        verdict = criterion_verdict(self.case, part, criterion, self.view)
        conclusion = self._conclusion(criterion)
        return CriterionShown(
            verdict=verdict,
            label=conclusion.label if conclusion else self._label(criterion, verdict.side),
            found=tuple(self.found(self._behind(criterion))),
            formula=self._formula(criterion),
            gaps=self.case.gaps((criterion,), self.view) if verdict.truth is None else (),
            conclusion=self.conclude(conclusion, verdict.truth) if conclusion else None,
            change=changes.get(criterion),
        )

    # -- what a criterion reads ---------------------------------------------------------------

    def _label(self, criterion: Criterion, side: Side | None) -> str:
        rulebase = self.case.rulebase
        match criterion:
            case FindingTest(id_):
                return name_of(rulebase.findings.get(id_) or rulebase.derived[id_], side)
            case CoverageTest(id_):
                return rulebase.contributors[id_].label
            case _:
                return rulebase.wording["assessed"].format(side=side)

    def _conclusion(self, criterion: Criterion) -> ConclusionShown | None:
        """The earlier conclusion that a criterion reads, if it reads one."""
        match criterion:
            case StateTest(id_):
                return conclusion(self.case, Target("state", id_), self.view.side)
            case ClassTest(id_):
                return conclusion(self.case, Target(scored_kind(self.case, id_), id_), self.view.side)
            case FlagTest(code):
                return conclusion(self.case, Target("flag", code), None)
            case _:
                return None

    def _formula(self, criterion: Criterion) -> FormulaShown | None:
        derived = self.case.rulebase.derived.get(getattr(criterion, "finding", ""))
        if derived is None:
            return None
        return FormulaShown(formula_words(derived.formula), derived.unit, derived.cite)

    def _behind(self, criterion: Criterion) -> Iterable[Key]:
        match criterion:
            case FindingTest():
                return self.case.seen_behind(criterion, self.view)
            case CoverageTest(contributor):
                return key_findings(self.case, contributor, self.view.side)
            case _:
                return ()

    # -- findings -------------------------------------------------------------------------------

    def found(self, keys: Iterable[Key]) -> Iterator[Found]:
        """The findings of these that were observed, each with what it rests on."""
        for key in keys:
            found = finding(self.case, key)
            if found is not None:
                yield found


def finding(case: Case, key: Key) -> Found | None:
    """A finding as it counted; None where it was not observed."""
    seen, observation = case.seen(key), case.usable.get(key)
    if seen is None or observation is None:
        return None
    definition = case.rulebase.findings[key[0]]
    computed = definition.derive is not None and observation.derived_from
    rests_on = (*observation.derived_from, *([(seen.through_gate, None)] if seen.through_gate else []))
    return Found(
        seen=seen,
        label=name_of(definition, seen.side),
        words=value_words(case.rulebase, definition, seen.value),
        method=observation.method,
        formula=formula_words(definition.derive) if definition.derive and computed else None,
        rests_on=tuple(found for key in rests_on if (found := finding(case, key)) is not None),
    )


def key_findings(case: Case, contributor: str, side: Side) -> tuple[Key, ...]:
    """Every finding of a contributor's key groups."""
    groups = case.rulebase.contributors[contributor].key_groups
    return tuple(
        dict.fromkeys(case.inference.slots.inputs(name, side)[0] for group in groups for name in group.any_of)
    )


def scored_kind(case: Case, id_: str) -> TargetKind:
    return "mechanism" if case.rulebase.contributors[id_].beneath else "contributor"


def conclusion(case: Case, target: Target, side: Side | None) -> ConclusionShown:
    """What a target is called, and on which side it stands."""
    rulebase = case.rulebase
    match target.kind:
        case "state":
            sided = target.id in rulebase.sided_states
            return ConclusionShown(target, rulebase.states[target.id].label, side if sided else None)
        case "flag":
            sided = any(rule.code in rulebase.sided_rules for rule in _raisers(case, target.id))
            return ConclusionShown(target, rulebase.red_flags[target.id].label, side if sided else None)
        case "rule":
            rule = rulebase.rule_by_code[target.id]
            sided = not rule.safety or rule.code in rulebase.sided_rules
            return ConclusionShown(target, rule.title, side if sided else None)
        case _:
            return ConclusionShown(target, rulebase.contributors[target.id].label, side)


def _raisers(case: Case, flag: str) -> Iterator[Rule]:
    """The rules that raise a flag."""
    for rule in case.rulebase.rules:
        if any(isinstance(effect, RaiseFlag) and effect.flag == flag for effect in rule.effects):
            yield rule


def view_of(case: Case, target: Target, side: Side) -> View:
    """The view in which a target was settled: that of the screen, or of the knee."""
    rulebase = case.rulebase
    match target.kind:
        case "flag":
            safety = True
        case "rule":
            safety = rulebase.rule_by_code[target.id].safety
        case "state":
            safety = any(rulebase.rules[index].safety for index in rulebase.setters.get(target.id, ()))
        case _:
            safety = False
    return case.screen.views[side] if safety else case.views[side]


def _truth(shown: ConditionShown) -> Truth:
    return shown.truth if isinstance(shown, GroupShown) else shown.verdict.truth


def _kind(group: Group) -> GroupKind:
    match group:
        case AllOf():
            return "all"
        case AnyOf():
            return "any"
        case AtLeastN():
            return "at_least_n"
        case ExactlyN():
            return "exactly_n"
        case _:
            return "not_known"
