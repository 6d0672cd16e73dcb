"""What differs between two exams as trees for a terminal."""

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text
from rich.tree import Tree

from service.answer.sentences import class_said
from service.domain.assessment import Standing
from service.domain.difference import (
    By,
    ContributorChange,
    FindingChange,
    KneeChange,
    RecommendationChange,
    RuleChange,
    SafetyChange,
    WhatIf,
)
from service.domain.exam import Key
from service.domain.reasons import Found
from service.domain.rulebase import RuleBase

TRUTHS = {True: "holds", False: "does not hold", None: "not known"}


def comparison(answer: WhatIf, rulebase: RuleBase) -> Iterator[RenderableType]:
    """Safety first, then findings, rules, and each knee."""
    said = _Said(rulebase)
    parts = (
        ("Safety", [*said.safety(answer.safety)]),
        ("Findings", [*map(said.finding, answer.findings)]),
        ("Rules", [*map(said.rule, answer.rules)]),
        *((f"{knee.side.capitalize()} knee", [*said.knee(knee)]) for knee in answer.knees),
    )
    for side in answer.one_knee_only:
        yield Text(f"Only one of the exams assesses the {side} knee.")
    if not any(lines for _, lines in parts):
        yield Text("Nothing differs.")
    for heading, lines in parts:
        if lines:
            yield _tree(heading, lines)


def _tree(heading: str, lines: Iterable[str]) -> Tree:
    tree = Tree(f"[bold]{heading}")
    for line in lines:
        tree.add(escape(line))
    return tree


class _Said:
    """Differences as lines, in the words of one rule base."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase

    def safety(self, change: SafetyChange) -> Iterator[str]:
        if change.before != change.after:
            yield f"status: {change.before} → {change.after}"
        if change.referral_first[0] != change.referral_first[1]:
            yield (
                "a referral now comes first"
                if change.referral_first[1]
                else "no referral comes first any more"
            )
        for flag in change.flags:
            by = f" ({', '.join(flag.rules)})" if flag.rules else ""
            yield f"{flag.flag.code} {flag.flag.label}{_side(flag.side)}: {flag.before} → {flag.after}{by}"
        for words, keys in (("now due", change.due), ("no longer due", change.settled)):
            if keys:
                yield f"{words}: {self._names(keys)}"

    def finding(self, change: FindingChange) -> str:
        return f"{self._name(change.key)}: {self._counted(change.before)} → {self._counted(change.after)}"

    def _counted(self, counted: Found | str) -> str:
        if isinstance(counted, str):
            return counted.replace("_", " ")
        return counted.words + by_gate(counted.seen.through_gate, self.rulebase)

    def rule(self, change: RuleChange) -> str:
        turned = f"{change.before} → {change.after}{self._by(change.by)}"
        return f"{change.rule.code}{_side(change.side)} {change.rule.title}: {turned}"

    def _by(self, by: By) -> str:
        screen = (self.rulebase.states[state].label for state in by.screen)
        parts = [*map(self._name, by.findings), *screen, *(f"{side} knee" for side in by.knees)]
        return f"; by {'; '.join(parts)}" if parts else ""

    def knee(self, knee: KneeChange) -> Iterator[str]:
        if knee.withheld:
            yield "out of scope in one of the exams"
        for state in knee.states:
            to = f"{TRUTHS[state.before]} → {TRUTHS[state.after]}"
            yield f"{state.definition.label}: {to} ({', '.join(state.rules)})"
        yield from map(self._contributor, knee.contributors)
        yield from map(self._option, knee.recommendations)

    def _contributor(self, change: ContributorChange) -> str:
        by = [f"by {', '.join(change.rules)}"] if change.rules else []
        by += [f"examined: {self._names(change.coverage)}"] if change.coverage else []
        others = "; ".join(self.rulebase.contributors[other].label for other in change.passed)
        by += [f"because others stand otherwise: {others}"] if others else []
        return "; ".join((f"{self._standing(change.before)} → {self._standing(change.after)}", *by))

    def _standing(self, standing: Standing) -> str:
        rank = f"rank {standing.rank}, " if standing.rank else ""
        said = class_said(self.rulebase, standing.id, standing.name)
        return f"{said} {rank}net {standing.net}, {standing.assessed} of {standing.of} examined"

    def _option(self, option: RecommendationChange) -> str:
        withheld = f": {option.withheld}" if option.withheld else ""
        given = "now given" if option.given else f"no longer given{withheld}"
        return f"{option.definition.code} {option.definition.label}: {given}"

    def _names(self, keys: Iterable[Key]) -> str:
        return "; ".join(map(self._name, keys))

    def _name(self, key: Key) -> str:
        """Its label, the side in brackets: a label may have a comma of its own."""
        finding, side = key
        label = self.rulebase.findings[finding].label
        return f"{label} ({side})" if side else label


def by_gate(gate: str | None, rulebase: RuleBase) -> str:
    """That nobody asked for a finding itself: which gate's no answered it."""
    return f" (by the gate {rulebase.findings[gate].label})" if gate else ""


def _side(side: str | None) -> str:
    return f", {side}" if side else ""
