"""What the loader refuses is reported under the kind that was given where it was found, whatever it says."""

from typing import get_args

import pytest

from service.inference.durable_engine import EngineLimit
from service.inference.strata import CircularRules
from service.knowledge.problems import Kind, Problem, RuleBaseError
from service.verify.static.refused import cannot_run, refused
from service.verify.static.report import KINDS


@pytest.mark.parametrize("kind", get_args(Kind))
def test_what_a_problem_says_does_not_make_its_kind(kind: Kind) -> None:
    said = "there is no unit outside the range of the other side; it must be written in kg"
    (report,) = refused(RuleBaseError([Problem("x.yaml", 3, said, kind)]))
    assert (report.kind, report.file, report.line, report.says) == (kind, "x.yaml", 3, said)
    assert kind in KINDS


def test_rules_in_a_circle_are_told_from_others_that_cannot_run() -> None:
    in_circle = cannot_run(CircularRules(("H02", "H01", "H02")), "x.yaml", 3)
    assert (in_circle.kind, in_circle.about, in_circle.parts) == ("circle", "H02", ("H01", "H02"))
    too_many = cannot_run(EngineLimit("too many to wait for each other", ("H01",)), "x.yaml", 3)
    assert (too_many.kind, too_many.about) == ("refused", "H01")
