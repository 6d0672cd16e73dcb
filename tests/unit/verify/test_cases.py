"""Whole-answer cases are read as they are written, and a case that says otherwise does not hold."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.knowledge.problems import RuleBaseError
from service.verify.cases import WholeCase, read_cases
from service.verify.mutants.trial import Trial

FOLDER = CHECKOUT / "tests" / "cases"


def test_every_case_is_read_as_another_reader_reads_it(cases: tuple[WholeCase, ...]) -> None:
    written = [YAML(typ="safe", pure=True).load(path) for path in sorted(FOLDER.glob("v*.yaml"))]
    assert [case.code for case in cases] == [body["case"] for body in written]
    for case, body in zip(cases, written, strict=True):
        assert json.dumps(case.expect, default=str) == json.dumps(body["expect"], default=str)
        assert set(body["given"]["knees"]) == set(case.exam.knees)


def test_every_case_holds_by_the_reference_evaluator_alone(trial: Trial) -> None:
    assert len(trial.cases) >= 11
    assert all(case.holds(trial.unchanged.assessor) for case, _ in trial.cases)


@pytest.mark.parametrize("code", ["V02", "V08"])
def test_a_case_that_expects_anything_else_does_not_hold(trial: Trial, code: str) -> None:
    case = next(case for case, _ in trial.cases if case.code == code)
    for change in ("status", "flags"):
        expect = copy.deepcopy(case.expect)
        expect["safety"][change] = "clear" if change == "status" and code == "V08" else ["Z99"]
        assert not replace(case, expect=expect).holds(trial.unchanged.assessor)
    for knee in range(len(case.expect["knees"])):
        expect = copy.deepcopy(case.expect)
        expect["knees"][knee]["recommendations"] = ["R99"]
        expect["knees"][knee].pop("recommendations_any_order", None)
        assert not replace(case, expect=expect).holds(trial.unchanged.assessor)


WRONG = {
    "no exam": (
        "case: V90\ngiven: {knees: [middle]}\nexpect: {}\n",
        "'given' is no exam that could be posted",
    ),
    "no expectation": ("case: V90\ngiven: {knees: [left], findings: []}\n", "lacks 'expect'"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_a_case_that_cannot_be_read_is_an_error(
    tmp_path: Path, rulebase: RuleBase, text: str, said: str
) -> None:
    (tmp_path / "v90.yaml").write_text(text)
    with pytest.raises(RuleBaseError, match=said):
        read_cases(tmp_path, rulebase)
