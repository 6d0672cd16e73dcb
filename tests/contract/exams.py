"""Exams as people post them, and as they get them wrong: drawn from the vocabulary, for hypothesis.

`exams` are right by construction, `spoilt_exams` wrong in exactly one thing that the shape of the
contract alone may not show: a side, a unit, a step, a range, a word.
"""

import hashlib
import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from schemas.observations import STATUSES
from service.domain.exam import SIDES
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition
from tests.canaries import REFERENCES, TEXTS

Body = dict[str, Any]
MOST_FINDINGS = 25
AGES_IN_HOURS = (-0.05, 0, 5, 25, 24 * 100)

references = st.one_of(
    st.sampled_from([REFERENCES["subject"], REFERENCES["encounter"]]),
    st.from_regex(r"[A-Za-z0-9._:/-]{1,128}", fullmatch=True),
)
words = st.sampled_from(
    [
        TEXTS["method"],
        TEXTS["clearance by"],
        "belt-fixed dynamometer, mean of three",
        "seen from the front",
        "×2",
    ]
)


def exams(rulebase: RuleBase, now: datetime) -> SearchStrategy[Body]:
    """Exams that the service accepts."""
    return (
        st.fixed_dictionaries(
            {
                "knees": st.lists(st.sampled_from(SIDES), min_size=1, max_size=2, unique=True),
                "findings": items(rulebase, now, MOST_FINDINGS),
            },
            optional={
                "exam_id": references,
                "subject": references,
                "encounter": references,
                "performed_at": st.just(_written(now)),
                "clearances": st.lists(_clearance(rulebase, now), max_size=2),
            },
        )
        .map(_only_painful_knees)
        .map(lambda body: _dated(body, now))
        .map(_with_an_id_of_its_own)
    )


def _with_an_id_of_its_own(body: Body) -> Body:
    """An exam_id that was posted before, with another body, would be refused."""
    if "exam_id" not in body:
        return body
    said = json.dumps(body, sort_keys=True)
    return {**body, "exam_id": f"{REFERENCES['exam_id']}-{hashlib.sha256(said.encode()).hexdigest()}"}


def items(rulebase: RuleBase, now: datetime, most: int) -> SearchStrategy[list[Body]]:
    """Up to so many findings, each once for each side."""
    places = [(d, side) for d in rulebase.findings.values() for side in (SIDES if d.sided else (None,))]
    chosen = st.lists(st.sampled_from(places), max_size=most, unique_by=lambda at: (at[0].id, at[1]))
    return chosen.flatmap(lambda these: st.tuples(*(_item(d, side, now) for d, side in these)).map(list))


def spoilt_exams(rulebase: RuleBase, now: datetime) -> SearchStrategy[Body]:
    """Exams that would be accepted, were it not for one thing."""
    wrong = st.sampled_from(list(wrong_findings(rulebase, now).values()))
    return wrong.flatmap(lambda item: exams_with(item, rulebase, now))


def exams_with(item: Body, rulebase: RuleBase, now: datetime) -> SearchStrategy[Body]:
    """Exams that the service accepts, with one more finding."""
    return exams(rulebase, now).map(lambda body: {**body, "findings": [item, *body["findings"]]})


def _only_painful_knees(body: Body) -> Body:
    for item in body["findings"]:
        if item["id"] == "knee_pain_present" and item["side"] in body["knees"]:
            item.pop("status", None)
            item["value"] = True
    return body


def _dated(body: Body, now: datetime) -> Body:
    """Clearances come with the time of the exam."""
    return (
        body | {"performed_at": body.get("performed_at", _written(now))} if body.get("clearances") else body
    )


def _item(definition: FindingDefinition, side: str | None, now: datetime) -> SearchStrategy[Body]:
    named = [definition.id] * 3 + [alias.upper() for alias in definition.aliases]
    told: dict[str, SearchStrategy[Any]] = {"id": st.sampled_from(named)}
    if side is not None:
        told["side"] = st.just(side)
    beside: dict[str, SearchStrategy[Any]] = {
        "observed_at": st.sampled_from([_written(now - timedelta(hours=age)) for age in AGES_IN_HOURS]),
        "method": words,
        "assessor": references,
        "painful": st.booleans(),
    }
    if definition.unit is not None:
        beside["unit"] = st.just(definition.unit)
    if definition.id == "knee_pain_present":
        told["id"] = st.just(definition.id)
    observed = st.fixed_dictionaries({**told, "value": _value(definition)}, optional=beside)
    missing = st.fixed_dictionaries({**told, "status": st.sampled_from(STATUSES[1:])}, optional=beside)
    return st.one_of(observed, observed, observed, missing)


def _value(definition: FindingDefinition) -> SearchStrategy[Any]:
    if definition.numeric:
        low, high = _steps(definition)
        return st.integers(low, high).map(lambda steps: _number(definition, steps))
    known = [value for value in definition.values if value not in definition.exclusive_values]
    if definition.type == "set":
        return st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True)
    spoken = st.sampled_from([*definition.values, *definition.value_aliases])
    return st.one_of(spoken, st.booleans()) if definition.type == "yes_no" else spoken


def _steps(definition: FindingDefinition) -> tuple[int, int]:
    assert definition.minimum is not None and definition.maximum is not None and definition.step is not None
    return int(definition.minimum / definition.step), int(definition.maximum / definition.step)


def _number(definition: FindingDefinition, steps: int) -> int | float:
    value = (definition.step or Decimal(1)) * steps
    return int(value) if value == value.to_integral_value() else float(value)


def _clearance(rulebase: RuleBase, now: datetime) -> SearchStrategy[Body]:
    flags = [f.code for f in rulebase.red_flags.values() if not (f.out_of_scope or f.outside_intended_use)]
    return st.fixed_dictionaries(
        {
            "flag": st.sampled_from(flags),
            "by": words,
            "role": st.just(rulebase.roles[0]),
            "reason": words,
            "evidence": words,
            "at": st.sampled_from([_written(now), _written(now - timedelta(hours=30))]),
        }
    )


def wrong_findings(rulebase: RuleBase, now: datetime) -> dict[str, Body]:
    """Findings with one mistake, by what it is."""
    sided = next(d for d in rulebase.findings.values() if d.sided and d.numeric and d.unit)
    unsided = next(d for d in rulebase.findings.values() if not d.sided and d.type == "choice")
    low, high = _steps(sided)
    right: Body = {"id": sided.id, "side": "left", "value": _number(sided, low)}
    half_a_step = float(sided.step or 1) / 2
    return {
        "no id": {"side": "left", "value": right["value"]},
        "no side": {"id": sided.id, "value": right["value"]},
        "no value": {"id": sided.id, "side": "left"},
        "an unknown id": right | {"id": "no such finding"},
        "an unknown word": {"id": unsided.id, "value": "no such word"},
        "an unknown key": right | {"comment": "was tired"},
        "a side too many": {"id": unsided.id, "side": "left", "value": next(iter(unsided.values))},
        "beyond the range": right | {"value": _number(sided, high + 1)},
        "off the step": right | {"value": right["value"] + half_a_step},
        "a string for a number": right | {"value": str(right["value"])},
        "another unit": right | {"unit": "furlong"},
        "a value and a status": right | {"status": "refused"},
        "painful in words": right | {"painful": "a little"},
        "observed after the exam": right | {"observed_at": _written(now + timedelta(hours=25))},
    }


def _written(instant: datetime) -> str:
    return instant.isoformat()
