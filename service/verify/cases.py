"""Whole-answer cases: an exam, and what the whole answer to it must say (tests/cases)."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from schemas.faults import InvalidBody
from service.assess import Assessor
from service.domain.exam import Exam
from service.domain.rulebase import RuleBase
from service.inference.no_answer import NoAnswer
from service.knowledge.problems import Problem, RuleBaseError
from service.knowledge.source import Mapping, Scalar, Sequence, Source, read_source

Body = dict[str, Any]
NOW = datetime(2100, 1, 1, tzinfo=UTC)
"""Later than any case, so that none is in the future."""
BARE = re.compile(r"-?\d+(\.\d+)?|true|false|null")


@dataclass(frozen=True, slots=True)
class WholeCase:
    """One exam, and the answer it must get, in the form that tests/cases/README.md describes."""

    code: str
    exam: Exam
    expect: Body

    def holds(self, assessor: Assessor) -> bool:
        """Whether the answer says exactly what the case states."""
        try:
            assessment = assessor.assess(self.exam, now=NOW, assessment_id=self.code)
        except NoAnswer:
            return False
        answer = json.loads(json.dumps(write_assessment(assessment, assessor.rulebase), default=str))
        return as_a_case_states_it(answer, self.expect) == in_one_order(self.expect)


def read_cases(folder: Path, rulebase: RuleBase) -> tuple[WholeCase, ...]:
    """The cases of a folder. Raises RuleBaseError where one cannot be read."""
    problems: list[Problem] = []
    reader = ExamReader(rulebase)
    cases = []
    for path in sorted(folder.glob("v*.yaml")):
        body: Any = _json(source) if (source := read_source(path, path.name, problems)) else {}
        try:
            exam = reader.read_bytes(json.dumps(body["given"]).encode(), NOW)
            cases.append(WholeCase(body["case"], exam, body["expect"]))
        except KeyError as key:
            problems.append(Problem(path.name, 1, f"lacks {key}"))
        except InvalidBody:
            problems.append(Problem(path.name, 1, "'given' is no exam that could be posted"))
    if problems:
        raise RuleBaseError(problems)
    return tuple(cases)


def _json(source: Source) -> Any:
    """A node as JSON means it: only what is written without quotes is a number or a truth."""
    match source:
        case Scalar(text, plain):
            return json.loads(text) if plain and BARE.fullmatch(text) else text
        case Sequence(items):
            return [_json(item) for item in items]
        case Mapping(entries):
            return {key: _json(value) for key, value in entries.items()}


# -- an answer, said as a case says it -----------------------------------------------------------


def as_a_case_states_it(answer: Body, expect: Body) -> Body:
    """Of an answer as JSON what a case states of it."""
    safety = answer["safety"]
    return {
        "safety": {
            "status": safety["status"],
            "flags": sorted(flag["code"] for flag in safety["flags"]),
            "withheld_reason": safety["withheld_reason"],
        },
        "merged_recommendations": [
            {"code": merged["code"], "sides": merged["sides"]} for merged in answer["merged_recommendations"]
        ],
        **({"notes": sorted({note["rule"] for note in answer["notes"]})} if "notes" in expect else {}),
        "knees": [_knee(knee, stated) for knee, stated in zip(answer["knees"], expect["knees"], strict=True)],
    }


def _knee(knee: Body, stated: Body) -> Body:
    codes = [recommendation["code"] for recommendation in knee["recommendations"]]
    any_order = "recommendations_any_order"
    return {
        "side": knee["side"],
        "alternatives": [alternative["id"] for alternative in knee["alternatives"]],
        "less_specific": {
            c["id"]: c["less_specific"]
            for top in knee["contributors"]
            for c in (top, *top["mechanisms"])
            if c["less_specific"]
        },
        "mechanisms": [
            {"id": m["id"], "class": m["class"], "net": m["net"], "rules": _rules(m)}
            for contributor in knee["contributors"]
            for m in contributor["mechanisms"]
        ],
        "contributors": [_contributor(contributor) for contributor in knee["contributors"]],
        **({any_order: sorted(codes)} if any_order in stated else {"recommendations": codes}),
    }


def _contributor(contributor: Body) -> Body:
    coverage = contributor["coverage"]
    return {
        **{key: contributor[key] for key in ("id", "class", "support", "against", "net")},
        "coverage": f"{coverage['assessed']}/{coverage['of']}",
        "rules": _rules(contributor),
    }


def in_one_order(expect: Body) -> Body:
    """The order of the rules of one contributor means nothing, nor that of some recommendations."""
    knees = [
        {
            "less_specific": {},
            **knee,
            **{
                k: [{**e, "rules": sorted(e["rules"])} for e in knee[k]]
                for k in ("mechanisms", "contributors")
            },
            **{k: sorted(knee[k]) for k in ("recommendations_any_order",) if k in knee},
        }
        for knee in expect["knees"]
    ]
    return {"merged_recommendations": [], **expect, "knees": knees}


def _rules(item: Body) -> list[str]:
    return sorted(item["supporting_rules"] + item["opposing_rules"] + item["noted_rules"])
