"""A red flag names every rule that raised it, and a referral says the same as its flag."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from schemas.strict_json import read_json
from service.assess import Assessor
from service.domain.rule import RaiseFlag, Rule
from service.domain.rulebase import RuleBase
from tests.unit.short_exams import SCREENED, Short, body

FALL_AT_60 = {
    **SCREENED, "gate_acute_injury": "yes", "injury_mechanism": "fall", "age_years": 60,
    "pain_onset.left": "acute_traumatic", "pain_duration_weeks.left": 0,
}  # fmt: skip
SUSPECTED_CLOT = {**SCREENED, "gate_clot_or_circulation": "yes", "dvt_suspected": "yes"}


def _answer(rulebase: RuleBase, findings: Short, now: datetime) -> dict[str, Any]:
    exam = ExamReader(rulebase).read(read_json(json.dumps(body(findings)).encode()), now)
    assessment = Assessor.of(rulebase).assess(exam, now=now, assessment_id="a")
    return write_assessment(assessment, rulebase)


def _with_rule(rulebase: RuleBase, code: str, **changes: Any) -> RuleBase:
    rules = tuple(replace(rule, **changes) if rule.code == code else rule for rule in rulebase.rules)
    return replace(rulebase, rules=rules)


def _cites(*rules: Rule) -> set[str]:
    return {citation.cite for rule in rules for citation in rule.evidence}


def test_a_flag_names_every_rule_that_raised_it_with_its_version_and_sources(
    rulebase: RuleBase, now: datetime
) -> None:
    ottawa, pittsburgh = rulebase.rule_by_code["Z01"], rulebase.rule_by_code["Z02"]
    both = _with_rule(rulebase, "Z02", version=3, effects=(RaiseFlag("Z01", "By the other rule as well."),))
    (flag,) = _answer(both, FALL_AT_60, now)["safety"]["flags"]
    assert flag["rules"] == [{"code": "Z01", "version": 1}, {"code": "Z02", "version": 3}]
    assert flag["rule_version"] == 1
    assert set(flag["evidence"]) == _cites(ottawa, pittsburgh) > _cites(ottawa)
    assert len(flag["evidence"]) == len(set(flag["evidence"]))
    assert flag["text"].endswith(" By the other rule as well.")
    assert [said.partition(". ")[0] for said in flag["because"]] == [ottawa.title, pittsburgh.title]


def test_a_referral_says_what_its_flag_says(rulebase: RuleBase, now: datetime) -> None:
    shown = replace(rulebase.red_flags["Z04"], withholds="nothing")
    open_ = replace(rulebase, red_flags={**rulebase.red_flags, "Z04": shown})
    answer = _answer(open_, SUSPECTED_CLOT, now)
    (flag,), referral = answer["safety"]["flags"], answer["knees"][0]["recommendations"][0]
    assert referral["code"] == "Z04"
    assert referral["text"] == flag["text"]
    assert "score 0;" in referral["text"]
    assert "{" not in referral["text"]
    assert referral["because"] == rulebase.rule_by_code["Z04d"].title
