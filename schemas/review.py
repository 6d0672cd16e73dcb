"""A posted review of an assessment, and the review it becomes. In openapi.yaml as `ClinicalReview`."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, get_args

from marshmallow import Schema

from schemas.exam import CLOCK_LEAD, IN_THE_FUTURE, Instant, Reference, Statement, Word
from schemas.exam_field import ExamField, Part, Strict, load
from schemas.faults import Fault, InvalidBody, echo, echo_kind
from schemas.strict_json import read_json
from schemas.text import without_none, write_instant
from service.domain.review import Decision, Impression, Outcomes, Review

MOST_NAMED = 100
NPRS = (0, 10)
"""Numeric pain rating scale: whole numbers (Childs 2005)."""
AKPS = (0, 100)
"""Anterior knee pain scale, Kujala score (Kujala 1993)."""
EXPECTED = "a review: an object with impression, decision or outcomes"


class Names(ExamField[tuple[str, ...]]):
    """Names out of those the assessment has, each once. None is suggested: what it has is told to readers."""

    def __init__(self, known: Collection[str], what: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.known, self.what = known, what
        self.expected = f"a list of {what}, each once"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) > MOST_NAMED:
            raise self.wrong("is no such list", echo_kind(value))
        for name in value:
            if not isinstance(name, str) or name not in self.known:
                raise self.wrong(f"names none of the {self.what}", echo(name))
        if len({*value}) != len(value):
            raise self.wrong("names one twice")
        return tuple(value)


class Score(ExamField[int]):
    """A score of a questionnaire."""

    def __init__(self, lowest: int, highest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lowest, self.highest = lowest, highest
        self.expected = f"a whole number from {lowest} to {highest}"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if type(value) is not int or not self.lowest <= value <= self.highest:
            raise self.wrong("is no such score", echo(value))
        return value


def review_shape(rules: Collection[str], contributors: Collection[str]) -> Schema:
    """The shape of a review of an assessment; `rules` fired in it, `contributors` have a class there."""
    impression = {"text": Statement(), "contributors": Names(contributors, "contributors of the assessment")}
    disputes = {
        "rules": Names(rules, "rules that fired"),
        "contributors": Names(contributors, "contributors of the assessment"),
    }
    outcomes = {
        "measured_at": Instant(),
        "nprs": Score(*NPRS),
        "akps": Score(*AKPS),
        "referral_result": Statement(),
    }
    return Strict.from_dict(
        {
            "review_id": Reference(),
            "by": Statement(),
            "impression": Part("/impression", impression),
            "decision": Word(get_args(Decision), "decision"),
            "reason": Statement(),
            "disputes": Part("/disputes", disputes),
            "outcomes": Part("/outcomes", outcomes),
        },
        name="ReviewSchema",
    )()


def read_review(body: bytes, rules: Collection[str], contributors: Collection[str], now: datetime) -> Review:
    """The review in a body as it was posted. Raises InvalidBody with every fault."""
    loaded = load(review_shape(rules, contributors), read_json(body), EXPECTED)
    faults = [*_faults(loaded, now)]
    if faults:
        raise InvalidBody(faults)
    impression, outcomes = loaded.get("impression"), loaded.get("outcomes")
    disputes = loaded.get("disputes", {})
    return Review(
        review_id=loaded.get("review_id"),
        by=loaded.get("by"),
        impression=Impression(**impression) if impression else None,
        decision=loaded.get("decision"),
        reason=loaded.get("reason"),
        disputed_rules=disputes.get("rules", ()),
        disputed_contributors=disputes.get("contributors", ()),
        outcomes=Outcomes(**outcomes) if outcomes else None,
    )


def _faults(loaded: dict[str, Any], now: datetime) -> Iterator[Fault]:
    parts = [key for key in ("impression", "decision", "outcomes") if loaded.get(key)]
    if not parts:
        yield Fault("", "says nothing", EXPECTED)
    decision = loaded.get("decision")
    if decision in ("modify", "reject") and "reason" not in loaded:
        yield Fault("/reason", f"is missing: {decision} needs one", Statement.expected)
    if "disputes" in loaded and decision not in ("modify", "reject"):
        yield Fault("/disputes", "stands without a decision to modify or reject", "decision modify or reject")
    measured = (loaded.get("outcomes") or {}).get("measured_at")
    if measured is not None and measured > now + CLOCK_LEAD:
        yield Fault("/outcomes/measured_at", *IN_THE_FUTURE)


def write_review(review: Review) -> dict[str, Any]:
    """A review as it is kept and shown."""
    written: dict[str, Any] = {"review_id": review.review_id, "by": review.by}
    if review.impression is not None:
        written["impression"] = {
            "text": review.impression.text,
            "contributors": list(review.impression.contributors),
        }
    written |= {"decision": review.decision, "reason": review.reason}
    if review.disputed_rules or review.disputed_contributors:
        written["disputes"] = {
            "rules": list(review.disputed_rules),
            "contributors": list(review.disputed_contributors),
        }
    if review.outcomes is not None:
        measured = review.outcomes.measured_at
        written["outcomes"] = without_none(
            {
                "measured_at": write_instant(measured) if measured else None,
                "nprs": review.outcomes.nprs,
                "akps": review.outcomes.akps,
                "referral_result": review.outcomes.referral_result,
            }
        )
    return without_none(written)
