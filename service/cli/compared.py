"""What differs between two exams as trees for a terminal."""

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text
from rich.tree import Tree

from service.answer.sentences import class_said
from service.domain.assessment import Standing
from service.domain.difference import By, KneeChange, SafetyChange, WhatIf
from service.domain.exam import Key
from service.domain.reasons import Found
from service.domain.rulebase import RuleBase

TRUTHS = {True: "holds", False: "does not hold", None: "not known"}


def comparison(answer: WhatIf, rulebase: RuleBase) -> Iterator[RenderableType]:
    """Safety first, then findings, rules, and each knee."""
    parts = (
        ("Safety", [*_safety(answer.safety)]),
        ("Findings", [f"{c.label}: {_counted(c.before)} → {_counted(c.after)}" for c in answer.findings]),
        ("Rules", [f"{c.rule.code}{_side(c.side)} {c.rule.title}: {c.before} → {c.after}{_by(c.by)}"
                   for c in answer.rules]),
        *((f"{knee.side.capitalize()} knee", [*_knee(knee, rulebase)]) for knee in answer.knees),
    )  # fmt: skip
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


def _safety(change: SafetyChange) -> Iterator[str]:
    if change.before != change.after:
        yield f"status: {change.before} → {change.after}"
    if change.referral_first[0] != change.referral_first[1]:
        yield "a referral now comes first" if change.referral_first[1] else "no referral comes first any more"
    for flag in change.flags:
        by = f" ({', '.join(flag.rules)})" if flag.rules else ""
        yield f"{flag.flag.code} {flag.flag.label}{_side(flag.side)}: {flag.before} → {flag.after}{by}"
    for words, keys in (("now due", change.due), ("no longer due", change.settled)):
        if keys:
            yield f"{words}: {_named(keys)}"


def _knee(knee: KneeChange, rulebase: RuleBase) -> Iterator[str]:
    if knee.withheld:
        yield "out of scope in one of the exams"
    for state in knee.states:
        to = f"{TRUTHS[state.before]} → {TRUTHS[state.after]}"
        yield f"{state.definition.label}: {to} ({', '.join(state.rules)})"
    for change in knee.contributors:
        by = [*change.rules, *(f"{_named([key])} examined" for key in change.coverage)]
        by += [f"{other} stands otherwise" for other in change.passed]
        to = f"{_standing(change.before, rulebase)} → {_standing(change.after, rulebase)}"
        yield f"{to} by {', '.join(by)}"
    for option in knee.recommendations:
        withheld = f": {option.withheld}" if option.withheld else ""
        yield f"{option.definition.code} {'now given' if option.given else f'no longer given{withheld}'}"


def _standing(standing: Standing, rulebase: RuleBase) -> str:
    rank = f"rank {standing.rank}, " if standing.rank else ""
    said = class_said(rulebase, standing.id, standing.name)
    return f"{said} {rank}net {standing.net}, {standing.assessed} of {standing.of} examined"


def _by(by: By) -> str:
    parts = [*(_named([key]) for key in by.findings), *by.screen, *(f"{side} knee" for side in by.knees)]
    return f" by {', '.join(parts)}" if parts else ""


def _named(keys: Iterable[Key]) -> str:
    return ", ".join(f"{finding}{_side(side)}" for finding, side in keys)


def _side(side: str | None) -> str:
    return f", {side}" if side else ""


def _counted(counted: Found | str) -> str:
    return counted.replace("_", " ") if isinstance(counted, str) else counted.words
