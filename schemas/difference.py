"""What if as JSON. Documented in openapi.yaml as `WhatIf`."""

from collections.abc import Iterable
from typing import Any

from schemas.assessment import TRUTHS, sided, write_certainty, write_standing
from schemas.reasons import write_found
from service.domain.difference import (
    By,
    ContributorChange,
    FindingChange,
    FlagChange,
    KneeChange,
    RecommendationChange,
    RuleChange,
    SafetyChange,
    StateChange,
    WhatIf,
)
from service.domain.exam import Key
from service.domain.reasons import Found
from service.domain.rulebase import RuleBase

Json = dict[str, Any]


def write_what_if(answer: WhatIf, rulebase: RuleBase) -> Json:
    return {
        "safety": _safety(answer.safety),
        "findings": [_finding(change) for change in answer.findings],
        "rules": [_rule(change) for change in answer.rules],
        "knees": [_knee(knee, rulebase) for knee in answer.knees],
        "one_exam_only": list(answer.one_knee_only),
    }


def write_key(key: Key) -> Json:
    """A finding by its id and, where it has one, its side."""
    return sided(key[1], {"finding": key[0]})


def _keys(keys: Iterable[Key]) -> list[Json]:
    return [write_key(key) for key in keys]


def _safety(change: SafetyChange) -> Json:
    return {
        "status": {"before": change.before, "after": change.after},
        "referral_first": {"before": change.referral_first[0], "after": change.referral_first[1]},
        "flags": [_flag(flag) for flag in change.flags],
        "now_due": _keys(change.due),
        "no_longer_due": _keys(change.settled),
    }


def _flag(change: FlagChange) -> Json:
    written = sided(change.side, {"code": change.flag.code, "title": change.flag.label})
    return {**written, "before": change.before, "after": change.after, "rules": list(change.rules)}


def _finding(change: FindingChange) -> Json:
    return {
        **write_key(change.key),
        "label": change.label,
        "change": change.change,
        "before": _counted(change.before),
        "after": _counted(change.after),
    }


def _counted(counted: Found | str) -> Json:
    return {"status": counted} if isinstance(counted, str) else write_found(counted)


def _rule(change: RuleChange) -> Json:
    rule = change.rule
    written: Json = {"rule": rule.code, "rule_id": rule.id, "rule_version": rule.version, "title": rule.title}
    written |= {"before": change.before, "after": change.after, "by": _by(change.by)}
    return sided(change.side, written)


def _by(by: By) -> Json:
    return {"findings": _keys(by.findings), "screen": list(by.screen), "knees": list(by.knees)}


def _knee(knee: KneeChange, rulebase: RuleBase) -> Json:
    return {
        "side": knee.side,
        "withheld": knee.withheld,
        "states": [_state(change) for change in knee.states],
        "contributors": [_contributor(change, rulebase) for change in knee.contributors],
        "recommendations": [_recommendation(change) for change in knee.recommendations],
    }


def _state(change: StateChange) -> Json:
    return {
        "id": change.definition.id,
        "label": change.definition.label,
        "before": TRUTHS[change.before],
        "after": TRUTHS[change.after],
        "rules": list(change.rules),
    }


def _contributor(change: ContributorChange, rulebase: RuleBase) -> Json:
    return {
        "id": change.definition.id,
        "label": change.definition.label,
        "link_certainty": write_certainty(change.definition),
        "before": {**write_standing(change.before, rulebase), "rank": change.before.rank},
        "after": {**write_standing(change.after, rulebase), "rank": change.after.rank},
        "rules": list(change.rules),
        "coverage": _keys(change.coverage),
        "passed": list(change.passed),
    }


def _recommendation(change: RecommendationChange) -> Json:
    written: Json = {
        "code": change.definition.code,
        "label": change.definition.label,
        "given": {"before": not change.given, "after": change.given},
        "rules": list(change.rules),
        "contributors": list(change.contributors),
        "states": list(change.states),
        "screen": change.screen,
    }
    return written if change.withheld is None else {**written, "withheld": change.withheld}
