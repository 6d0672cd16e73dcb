"""Who reads, sets, asks for and cites what: the links between the entries of a rule base, both ways."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from service.domain.rule import (
    Ask,
    ClassTest,
    Convention,
    CoverageTest,
    Criterion,
    FindingTest,
    FlagTest,
    Forbid,
    MakeDue,
    RaiseFlag,
    Recommend,
    Rule,
    Score,
    SetState,
    ShowAlternative,
    StateTest,
    criteria,
)
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import Count, Difference, FirstUsable, Formula, KnownTrue, Ratio
from service.handbook.links import Piece, anchor
from service.inference.dependencies import Dependencies

Crossing = dict[str, tuple[Piece, ...]]
"""For each id the entries that have to do with it, in reading order, each once."""


class Crossings:
    """The crossings of one rule base."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase

    @cached_property
    def readers(self) -> Crossing:
        """For each finding and formula the rules that read it, a finding also by way of a formula."""
        dependencies = Dependencies(self.rulebase)
        pairs = [
            (id_, rule_link(rule))
            for index, rule in enumerate(self.rulebase.rules)
            for id_ in (
                *(criterion.finding for criterion in rule.criteria() if isinstance(criterion, FindingTest)),
                *(finding for finding, _ in dependencies.tests((index,))),
            )
        ]
        return _gathered(pairs)

    @cached_property
    def speakers(self) -> Crossing:
        """For each finding and option the rules that ask for it, make it due or hold it back."""
        return _gathered(
            (id_, rule_link(rule))
            for rule in self.rulebase.rules
            for effect in rule.effects
            for id_ in _spoken_of(effect)
        )

    @cached_property
    def formulas(self) -> Crossing:
        """For each finding the formulas that read it directly, and the findings computed from it."""
        base = self.rulebase
        pairs = [
            (finding, Piece(formula.label, anchor("formula", id_)))
            for id_, formula in base.derived.items()
            for finding in _operands(formula.formula)
        ]
        pairs += [
            (operand.finding, Piece(finding.label, anchor("finding", id_)))
            for id_, finding in base.findings.items()
            if finding.derive
            for operand in finding.derive.operands
        ]
        return _gathered(pairs)

    @cached_property
    def groups(self) -> Crossing:
        """For each finding the contributors in whose key groups it is."""
        return _gathered(
            (finding, Piece(contributor.label, anchor("contributor", contributor.id)))
            for contributor in self.rulebase.contributors.values()
            for group in contributor.key_groups
            for finding in group.any_of
        )

    @cached_property
    def concluders(self) -> Crossing:
        """For each state, flag, option and alternative the rules that set, raise, offer or show it."""
        return _gathered(
            (id_, rule_link(rule))
            for rule in self.rulebase.rules
            for effect in rule.effects
            for id_ in _concluded(effect)
        )

    @cached_property
    def conclusion_readers(self) -> Crossing:
        """For each state, flag and contributor the rules that read it."""
        return _gathered(
            (id_, rule_link(rule))
            for rule in self.rulebase.rules
            for criterion in rule.criteria()
            for id_ in _conclusion(criterion)
        )

    @cached_property
    def chains(self) -> Crossing:
        """For each state and contributor the chains that it is a link of, for each rule those it carries."""
        return _gathered(
            (id_, Piece(chain.label, anchor("chain", chain.id)))
            for chain in self.rulebase.chains
            for arrow in chain.arrows
            for id_ in (arrow.source, arrow.target, *arrow.rules)
        )

    def scores(self, contributor: str, supports: bool) -> tuple[tuple[Rule, Score], ...]:
        """The rules for a contributor, or against it, the strongest first."""
        found = [
            (rule, score)
            for rule in self.rulebase.rules
            for score in rule.scores
            if score.target == contributor and score.supports is supports
        ]
        return tuple(sorted(found, key=lambda pair: -pair[1].points))

    @cached_property
    def citers(self) -> Crossing:
        """For each source everything that cites it."""
        return _gathered(self._citing())

    def _citing(self) -> Iterator[tuple[str, Piece]]:
        base = self.rulebase
        for rule in base.readable.values():
            yield from ((citation.cite, rule_link(rule)) for citation in rule.evidence)
        for finding in base.findings.values():
            free = (finding.seen_in_pain_free,) if finding.seen_in_pain_free else ()
            for text in (*finding.cut_offs, *finding.reliability, *free):
                yield text.cite, Piece(finding.label, anchor("finding", finding.id))
        for formula in base.derived.values():
            yield formula.cite, Piece(formula.label, anchor("formula", formula.id))
        for contributor in base.contributors.values():
            for cite in contributor.link_certainty.cites:
                yield cite, Piece(contributor.label, anchor("contributor", contributor.id))
        for code, option in base.recommendations.items():
            for cite in option.cites:
                yield cite, Piece(f"{code} {option.label}", anchor("option", code))


def rule_link(rule: Rule | Convention) -> Piece:
    return Piece(rule.code, anchor("rule", rule.code))


def _gathered(pairs: Iterable[tuple[str, Piece]]) -> Crossing:
    found: defaultdict[str, dict[Piece, None]] = defaultdict(dict)
    for id_, piece in pairs:
        found[id_][piece] = None
    return {id_: tuple(pieces) for id_, pieces in found.items()}


def _spoken_of(effect: object) -> tuple[str, ...]:
    match effect:
        case Ask(findings) | MakeDue(findings) | Forbid(findings):
            return findings
        case _:
            return ()


def _concluded(effect: object) -> tuple[str, ...]:
    match effect:
        case SetState(id_) | RaiseFlag(id_) | Recommend(id_) | ShowAlternative(id_):
            return (id_,)
        case _:
            return ()


def _operands(formula: Formula) -> Iterator[str]:
    """The findings and formulas that stand in a formula; a count of a region names none."""
    match formula:
        case Ratio() | Difference():
            yield from (operand.finding for operand in formula.operands)
        case FirstUsable(tests) | Count(tests):
            yield from (test.finding for part in tests for test in (part.only_if, part.test) if test)
        case KnownTrue(when):
            yield from (test.finding for test in criteria(when) if isinstance(test, FindingTest))


def _conclusion(criterion: Criterion) -> tuple[str, ...]:
    match criterion:
        case StateTest(id_) | ClassTest(id_) | CoverageTest(id_) | FlagTest(id_):
            return (id_,)
        case _:
            return ()
