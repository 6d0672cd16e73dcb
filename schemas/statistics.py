"""Statistics as JSON. In openapi.yaml as `Statistics`."""

from collections.abc import Iterable
from typing import Any

from service.domain.statistics import (
    FEWEST,
    NOT_COVERED,
    SAYS,
    SUPPRESSED,
    Count,
    Named,
    Overrides,
    Part,
    RuleCounts,
    Statistics,
)

Json = dict[str, Any]
HIDDEN = "suppressed"
PLACES = 4
"""Decimals of a share."""


def write_statistics(counted: Statistics) -> Json:
    """A count is a number, or the word `suppressed`; then it has no share."""
    return {
        "tenant": counted.tenant,
        "since": None if counted.since is None else str(counted.since),
        "until": None if counted.until is None else str(counted.until),
        "says": SAYS,
        "suppression": {"fewest": FEWEST, "says": SUPPRESSED, "does_not_cover": list(NOT_COVERED)},
        "assessments": _count(counted.assessments),
        "corrections": _part(counted.corrections),
        "refusals": _count(counted.refusals),
        "previews": _count(counted.previews),
        "disagreements": {
            "count": _count(counted.disagreements), "rules": _named("code", counted.disagreeing_rules),
        },
        "outcomes": _named("outcome", counted.outcomes),
        "rule_bases": [
            {"digest": base.digest, "version": base.version, **_part(base.given)}
            for base in counted.rule_bases
        ],
        "flags": [
            {
                "code": flag.code, "open": _part(flag.open), "held": _part(flag.held),
                "cleared": _part(flag.cleared),
            }
            for flag in counted.flags
        ],
        "rules": [_rule(rule) for rule in counted.rules],
        "missing": _named("finding", counted.missing),
        "classes": [{"id": of.id, "classes": _named("class", of.classes)} for of in counted.classes],
        "reviews": {
            **_part(counted.reviews.reviewed), "decisions": _named("decision", counted.reviews.decisions),
        },
    }  # fmt: skip


def _rule(rule: RuleCounts) -> Json:
    return {
        "code": rule.code,
        "version": rule.version,
        "fired": _part(rule.fired),
        "undetermined": _part(rule.undetermined),
        "overrides": _overrides(rule.overrides),
    }


def _overrides(overrides: Overrides) -> Json:
    written: Json = {"reviewed": _count(overrides.reviewed), "disputed": _part(overrides.disputed)}
    if overrides.interval is not None:
        low, high = overrides.interval
        written["disputed"]["interval"] = {
            "low": round(low, PLACES), "high": round(high, PLACES), "level": 0.95, "method": "Wilson",
        }  # fmt: skip
    return written


def _named(key: str, found: Iterable[Named]) -> list[Json]:
    return [{key: named.name, **_part(named.part)} for named in found]


def _part(part: Part) -> Json:
    if part.share is None:
        return {"count": HIDDEN}
    return {"count": part.count, "share": round(part.share, PLACES)}


def _count(count: Count) -> int | str:
    return HIDDEN if count is None else count
