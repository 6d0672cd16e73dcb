"""Exams that raise red flags, made of the flags' own rule examples, over an exam with much to say."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from service.config import CHECKOUT
from service.domain.rule import Example, FindingTest, RaiseFlag, Rule, SetState, StateTest
from service.domain.rulebase import RuleBase

Body = dict[str, Any]
Place = tuple[str, str | None]
IMPOSED = {"class", "coverage", "state", "flag"}
SIDE_OF = {"this": "left", "other": "right"}


def rich_exam() -> Body:
    """Both knees examined in every region, with signs everywhere and the whole screen answered no."""
    both, full = _example("both-knees"), _example("full-chain")
    findings = {_place(item): item for item in (*full["findings"], *both["findings"])}
    return {
        "performed_at": both["performed_at"],
        "knees": ["left", "right"],
        "findings": [*findings.values()],
    }


def with_findings(body: Body, *changed: Body) -> Body:
    """The exam with these findings put in, each in the place of what was there."""
    findings = {_place(item): item for item in (*body["findings"], *changed)}
    return {**body, "findings": [*findings.values()]}


def without_findings(body: Body, *names: str) -> Body:
    return {**body, "findings": [item for item in body["findings"] if item["id"] not in names]}


def raising(rulebase: RuleBase, flag: str) -> Iterator[tuple[str, Body]]:
    """The rich exam made to raise the flag, once for each way its rules' examples raise it by findings."""
    for rule in _raisers(rulebase, flag):
        reads = _read_by(rulebase, rule)
        gates = {gate.id for gate in rulebase.gates.values() if not reads.isdisjoint(gate.items)}
        rich = without_findings(rich_exam(), *reads, *gates)
        for example in rule.examples:
            if example.expect["outcome"] == "fires" and not IMPOSED & example.given.keys():
                yield f"{rule.code}: {example.name}", with_findings(rich, *_posted(rulebase, example))


def _read_by(rulebase: RuleBase, rule: Rule) -> set[str]:
    """The findings a safety rule reads, by itself or through the state of another."""
    setters = {e.state: r for r in rulebase.rules if r.safety for e in r.effects if isinstance(e, SetState)}
    found: set[str] = set()
    for criterion in rule.criteria():
        if isinstance(criterion, FindingTest):
            found.add(criterion.finding)
        elif isinstance(criterion, StateTest):
            found |= _read_by(rulebase, setters[criterion.state])
    return found


def _raisers(rulebase: RuleBase, flag: str) -> list[Rule]:
    return [
        rule
        for rule in rulebase.rules
        if any(isinstance(effect, RaiseFlag) and effect.flag == flag for effect in rule.effects)
    ]


def _posted(rulebase: RuleBase, example: Example) -> Iterator[Body]:
    given: Mapping[str, Any] = example.given
    here = {key: value for key, value in given.items() if key not in ("this", "other", "knees")}
    for word, findings in (
        ("this", here),
        ("this", given.get("this", {})),
        ("other", given.get("other", {})),
    ):
        for finding, written in findings.items():
            side = {"side": SIDE_OF[word]} if rulebase.findings[finding].sided else {}
            yield {"id": finding, **side, **_value(rulebase, finding, written)}


def _value(rulebase: RuleBase, finding: str, written: Any) -> Body:
    if isinstance(written, dict):
        return written
    return {"value": float(written) if rulebase.findings[finding].numeric else written}


def _example(name: str) -> Body:
    body: Body = json.loads((CHECKOUT / f"examples/{name}.json").read_text(encoding="utf-8"))
    return body


def _place(item: Body) -> Place:
    return item["id"], item.get("side")
