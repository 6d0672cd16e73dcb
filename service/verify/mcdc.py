"""Condition coverage (MC/DC): which examples of a rule show that each of its criteria matters by itself.

A criterion *decides* where the rule would fire with it true and not with it false, or the other way
round, all other criteria being as they are (masking MC/DC). Three values ask for two things. Of each
criterion, as it stands in `when` or `unless`, the examples of the rule show

- a *pair*: it decides in one that has it true and in one that has it false, and one of the two fires;
- *unknown*: it is unknown in one, and the outcome another than were it true, or another than were it false.

Not asked for is what cannot be, because other criteria read the same, or because the criterion is never
unknown: `joint_outcomes` covers every combination of cells and finds none. What other rules conclude is
free, for an example may give it. `some_contributor` and `every_contributor` are one criterion, as they
are written: one contributor shows it for all.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from service.domain.logic import Truth
from service.domain.rule import AllOf, AnyOf, ClassTest, Condition, CoverageTest, Group, Rule
from service.domain.rulebase import RuleBase
from service.inference.reference import FIRES
from service.knowledge.describe import condition_lines
from service.knowledge.problems import Problem
from service.verify.attainable import Together, attainable, joint_outcomes
from service.verify.decision import Decision
from service.verify.examples import Run

TRUTHS: tuple[Truth, ...] = (True, False, None)


@dataclass(frozen=True, slots=True)
class Written:
    """One criterion as it stands in a rule: its words, and its places among all criteria of the rule."""

    words: str
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """How one criterion stands in an example: its truth, and the outcome under each truth it could have."""

    example: str
    truth: Truth
    if_true: str
    if_false: str
    if_unknown: str

    @property
    def decides(self) -> bool:
        return (self.if_true == FIRES) != (self.if_false == FIRES)

    @property
    def fires(self) -> bool:
        return (self.if_true if self.truth else self.if_false) == FIRES


@dataclass(frozen=True, slots=True)
class Shown:
    """What shows that a criterion matters: names of examples, or None."""

    if_true: str | None
    if_false: str | None
    """The pair, or the half of it there is."""
    pair: bool
    unknown: str | None


@dataclass(frozen=True, slots=True)
class Covered:
    """One criterion with what shows it, and what could."""

    criterion: Written
    shown: Shown
    could_be: Shown

    @property
    def missing(self) -> tuple[str, ...]:
        """What the examples have yet to show of it, in words."""
        found = []
        if self.could_be.pair and not self.shown.pair:
            halves = (("true", self.shown.if_true), ("false", self.shown.if_false))
            found += [word for word, there in halves if there is None] or ["true in one and false in another"]
        if self.could_be.unknown is not None and self.shown.unknown is None:
            found.append("unknown")
        return tuple(found)


def missing_conditions(rulebase: RuleBase, runs: Iterable[Run]) -> Iterator[Problem]:
    """What the examples of the active rules do not show of a criterion, although they could."""
    for rule, found in coverage(rulebase.rules, rulebase, runs):
        for covered in found:
            for what in covered.missing:
                said = f"no example of {rule.code} turns on '{covered.criterion.words}' being {what}"
                yield Problem(rule.file, rule.line, said)


def coverage(
    rules: Iterable[Rule], rulebase: RuleBase, runs: Iterable[Run]
) -> Iterator[tuple[Rule, tuple[Covered, ...]]]:
    """Each of these rules that is active, and how its examples cover its criteria, in reading order."""
    by_rule: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_rule[run.rule.code].append(run)
    for rule in rules:
        if rule.active:
            yield rule, tuple(_covered(rulebase, rule, by_rule[rule.code]))


def _covered(rulebase: RuleBase, rule: Rule, runs: list[Run]) -> Iterator[Covered]:
    decision = Decision.of(rule)
    truths = [(run.example.name, _truths(run)) for run in runs]
    groups: tuple[Together, ...] = ()
    for criterion in written(rulebase, rule):
        shown = could_be = _shown(_sights(decision, truths, criterion))
        if not shown.pair or shown.unknown is None:
            groups = groups or attainable(rulebase, [rule])
            could_be = _shown(_all_sights(decision, groups, criterion))
        yield Covered(criterion, shown, could_be)


def _truths(run: Run) -> tuple[Truth, ...]:
    reference = run.case.inference.reference
    return tuple(reference.truth(criterion, run.view) for criterion in run.rule.criteria())


def _sights(
    decision: Decision, truths: Iterable[tuple[str, tuple[Truth, ...]]], criterion: Written
) -> Iterator[Sight]:
    for name, found in truths:
        for place in criterion.places:
            yield Sight(name, found[place], *(decision.supposing(found, place, t) for t in TRUTHS))


def _all_sights(decision: Decision, groups: Sequence[Together], criterion: Written) -> Iterator[Sight]:
    """Every way in which the criterion can stand, whatever is found."""
    for place in criterion.places:
        supposed = [decision.given({place: truth}) for truth in TRUTHS]
        for truth in TRUTHS:
            for if_true, if_false, if_unknown in joint_outcomes(supposed, groups, {place: truth}):
                yield Sight("", truth, if_true, if_false, if_unknown)


def _shown(sights: Iterable[Sight]) -> Shown:
    deciding: dict[tuple[Truth, bool], str] = {}
    unknown = None
    for sight in sights:
        if sight.truth is None and {sight.if_true, sight.if_false} != {sight.if_unknown}:
            unknown = sight.example if unknown is None else unknown
        elif sight.truth is not None and sight.decides:
            deciding.setdefault((sight.truth, sight.fires), sight.example)
    for fires in (True, False):
        if (True, fires) in deciding and (False, not fires) in deciding:
            return Shown(deciding[True, fires], deciding[False, not fires], True, unknown)
    if_true, if_false = (
        next((name for (truth, _), name in deciding.items() if truth is wanted), None)
        for wanted in (True, False)
    )
    return Shown(if_true, if_false, False, unknown)


# -- criteria as they are written ------------------------------------------------------------


def written(rulebase: RuleBase, rule: Rule) -> Iterator[Written]:
    """The criteria of a rule as they stand in its file, in reading order."""
    places = count()
    for condition in (rule.when, rule.unless):
        yield from _written(rulebase, condition, places)


def _written(rulebase: RuleBase, condition: Condition, places: Iterator[int]) -> Iterator[Written]:
    if not isinstance(condition, Group):
        yield Written(condition_lines(condition)[0], (next(places),))
    elif words := of_each_contributor(rulebase, condition):
        yield Written(words, tuple(next(places) for _ in condition.members))
    else:
        for member in condition.members:
            yield from _written(rulebase, member, places)


def of_each_contributor(rulebase: RuleBase, group: Group) -> str | None:
    """`some_contributor` or `every_contributor` in words; None for any other group."""
    match group.members:
        case (ClassTest(first) | CoverageTest(first), *_):
            named = [m.contributor for m in group.members if isinstance(m, ClassTest | CoverageTest)]
            everyone = [contributor.id for contributor in rulebase.ranked_contributors]
            if named == everyone and len(everyone) > 1 and isinstance(group, AllOf | AnyOf):
                which = "every contributor" if isinstance(group, AllOf) else "some contributor"
                return condition_lines(group.members[0])[0].replace(first, which)
    return None
