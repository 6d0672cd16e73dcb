"""What other rules conclude of an exam that was answered before, such as those in force today."""

import json
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from schemas.faults import InvalidBody
from service.domain.exam import SIDES
from service.records.replaying import Replayer

Json = dict[str, Any]
Of = tuple[str, str | None, str | None]
"""A part of an answer: its kind, and the id and side where it has such."""


def under_other_rules(recorded: bytes, posted: bytes, at: datetime, other: Replayer) -> Json:
    """How the recorded answer differs from the one other rules give to the same exam at the same time.

    The other rules may not know a finding any more, or not allow its value: then `refused` holds the faults
    that they find, and there is nothing to compare.
    """
    answer = json.loads(recorded)
    try:
        again = other.replay(posted, at, answer["assessment_id"], answer["software"])
    except InvalidBody as invalid:
        return {"refused": [fault.as_json() for fault in invalid.faults]}
    return difference_of_rules(answer, json.loads(again))


def difference_of_rules(recorded: Json, other: Json) -> Json:
    """Everything that two answers to one exam conclude otherwise; null where one of them has no such thing.

    What one of them withholds, a hold or a knee out of scope, is not compared, nor then the headline, so
    that nothing of it is shown. `rule`: the version that fired.
    """
    withheld = [side for side in SIDES if any(_withholds(answer, side) for answer in (recorded, other))]
    before, now = (dict(_conclusions(answer, withheld)) for answer in (recorded, other))
    return {
        "rule_base": {"recorded": recorded["rule_base"], "other": other["rule_base"]},
        "withheld": withheld,
        "differs": [
            _written(of, before.get(of), now.get(of))
            for of in dict.fromkeys((*before, *now))
            if before.get(of) != now.get(of)
        ],
    }


def _withholds(answer: Json, side: str) -> bool:
    out = any(knee["side"] == side and knee["scope"] == "out" for knee in answer["knees"])
    return out or answer["safety"]["status"] == "hold"


def _conclusions(answer: Json, withheld: Collection[str]) -> Iterator[tuple[Of, Any]]:
    if not withheld:
        yield ("headline", None, None), answer["summary"]["headline"]
    safety = answer["safety"]
    yield ("status", None, None), safety["status"]
    yield ("referral_first", None, None), safety["referral_first"]
    for flag in safety["flags"]:
        rules = [rule["code"] for rule in flag["rules"]]
        stands = "cleared" if "cleared" in flag else "open"
        yield ("flag", flag["code"], flag.get("side")), {"status": stands, "rules": rules}
    for due in safety["not_screened"]:
        yield ("not_screened", due["finding"], due.get("side")), "due"
    for firing in answer["trace"]:
        if firing.get("side") not in withheld:
            yield ("rule", firing["rule"], firing.get("side")), firing["rule_version"]
    for knee in answer["knees"]:
        yield ("scope", None, knee["side"]), knee["scope"]
        if knee["side"] not in withheld:
            yield from _of_knee(knee)


def _of_knee(knee: Json) -> Iterator[tuple[Of, Any]]:
    side = knee["side"]
    for contributor in knee["contributors"]:
        yield ("contributor", contributor["id"], side), _standing(contributor)
        for mechanism in contributor["mechanisms"]:
            yield ("mechanism", mechanism["id"], side), _standing(mechanism)
    for alternative in knee["alternatives"]:
        yield ("alternative", alternative["id"], side), alternative["rules"]
    yield ("recommendations", None, side), [offered["code"] for offered in knee["recommendations"]]


def _standing(contributor: Json) -> Json:
    return {key: contributor[key] for key in ("class", "net", "coverage", "rank")}


def _written(of: Of, recorded: Any, other: Any) -> Json:
    part, id_, side = of
    named = {"part": part} if id_ is None else {"part": part, "id": id_}
    return {**named, **({} if side is None else {"side": side}), "recorded": recorded, "other": other}
