"""What was not observed never counts as normal: neither when a finding is withdrawn, nor at all.

Every rule that argues against something is held to it, whatever rules there are: over all cases, all
examples and random exams. The classes and states that a rule reads are held fixed. Usually 80
random exams; with KNEECHAIN_FULL=1 2,000.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from schemas.exam import ExamReader
from schemas.strict_json import read_json
from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.exam import Exam
from service.domain.rule import Rule
from service.inference.view import View
from service.knowledge.load import load_rulebase
from service.knowledge.problems import RuleBaseError
from service.verify.examples import MOMENT, Examples, read_given
from tests.generators import ExamGenerator, as_json, size
from tests.plain_reading import PlainReading
from tests.properties.grounds import names_read
from tests.properties.inferring import infer
from tests.properties.opposing import Seen, newly_opposed, opposing, parts, ungrounded

RULES = CHECKOUT / "rules"
EXAMS = size(40, 2_000)
ENOUGH = 80
"""So many exams must do to find a planted rule."""


# -- withdrawing a finding -------------------------------------------------------------------


def test_withdrawing_a_finding_never_makes_a_rule_argue_against_anything(
    assessor: Assessor, now: datetime
) -> None:
    reading = PlainReading(RULES)
    rules = opposing(assessor)
    seen: Seen = Counter()
    for exam, held in (*cases(assessor, now), *examples(assessor)):
        found = list(newly_opposed(assessor, reading, exam, held, set(assessor.rulebase.findings), seen))
        assert not found, found
    inputs = {name for rule in rules for name in names_read(reading, parts(reading, rule))}
    for exam, held in random_exams(assessor, now, rules, EXAMS):
        found = list(newly_opposed(assessor, reading, exam, held, inputs, seen))
        assert not found, found
    assert not [r.code for r in rules if not seen["fired", r.code]], "each fired in some exam"
    assert not [
        (rule.code, name)
        for rule in rules
        for name in names_read(reading, parts(reading, rule))
        if not seen["withdrawn", name]
    ], "each of its inputs was withdrawn in some exam"
    assert seen["lifted its own unless",] and seen["fell back from dynamometry",]


def test_what_argues_against_something_rests_on_observed_values(assessor: Assessor, now: datetime) -> None:
    reading = PlainReading(RULES)
    rules = opposing(assessor)
    grounded: Seen = Counter()
    everything = (
        *cases(assessor, now), *examples(assessor), *random_exams(assessor, now, rules, 2 * EXAMS)
    )  # fmt: skip
    for exam, held in everything:
        found = list(ungrounded(assessor, reading, exam, held, grounded))
        assert not found, found
    assert not [r.code for r in rules if not grounded[r.code,]], "each fired in some exam"


PLANTED: dict[str, Any] = {
    "a count of signs in which unknown is no sign": {"planted_signs": {"at_most": 0}},
    "too little examined": {"coverage": {"hip_instability": {"below": "50 %"}}},
    "a class for too little examined": {"class": {"foot_instability": {"is": "insufficient_data"}}},
    "always": "always",
}
REFUSED: dict[str, Any] = {
    "a formula that is no when its inputs are unknown": {"usable_er_dynamometry": "absent"},
    "one that is yes only when they are known": {"usable_er_dynamometry": "present"},
    "a count that is known when nothing is": {"planted_known": {"at_most": 0}},
    "a count of what was examined": {"hip_findings_observed": {"at_most": 0}},
    "a formula that asks for absence": {"planted_absence": "present"},
    "a choice of whether something was observed": {"planted_choice": "absent"},
    "a count over a formula that is never unknown": {"planted_count": {"at_most": 0}},
    "deep in a group": {"any": [{"fpi6": {"at_least": 6}}, {"all": [{"planted_absence": "present"}]}]},
}
"""What the loader refuses, as it is never unknown."""
HELD_FIXED = (PLANTED["a class for too little examined"], PLANTED["always"])
"""What no withdrawal can change; these show only in what they rest on."""

PLANTED_FORMULAS: dict[str, Any] = {
    "planted_signs": {
        "kind": "count", "tests": [{"test": {"fpi6": {"at_least": 6}}}, {"test": {"flat_foot": "present"}}],
    },
    "planted_known": {"kind": "count", "always_known": True, "tests": [{"test": {"fpi6": {"at_least": 6}}}]},
    "planted_absence": {"kind": "known_true", "when": {"all": [{"fpi6": "not_observed"}]}},
    "planted_choice": {"kind": "first_usable", "tests": [{"test": {"fpi6": "observed"}}]},
    "planted_count": {"kind": "count", "tests": [{"test": {"planted_absence": "absent"}}]},
}  # fmt: skip


@pytest.mark.parametrize("when", PLANTED.values(), ids=PLANTED)
def test_a_planted_rule_that_takes_unknown_for_normal_is_found(
    when: Any, tmp_path: Path, now: datetime
) -> None:
    folder = planted(tmp_path, when)
    assessor, reading = Assessor.of(load_rulebase(folder)), PlainReading(folder)
    bad = [rule for rule in assessor.rulebase.rules if rule.code == "ZZ1"]
    inputs = names_read(reading, parts(reading, bad[0]))
    inputs |= {f.id for f in assessor.rulebase.findings.values() if f.region == "hip"}
    by_withdrawing, by_grounds = set(), set()
    for exam, held in random_exams(assessor, now, bad, ENOUGH):
        by_withdrawing |= {c for c, *_ in newly_opposed(assessor, reading, exam, held, inputs, Counter())}
        by_grounds |= {code for code, _ in ungrounded(assessor, reading, exam, held, Counter())}
        if by_grounds and (by_withdrawing or when in HELD_FIXED):
            break
    assert by_grounds == {"ZZ1"}
    assert when in HELD_FIXED or by_withdrawing == {"ZZ1"}


@pytest.mark.parametrize("when", REFUSED.values(), ids=REFUSED)
def test_a_rule_that_scores_may_not_read_what_is_never_unknown(when: Any, tmp_path: Path) -> None:
    with pytest.raises(RuleBaseError, match=r"planted.yaml:\d+: .* is never unknown") as refused:
        load_rulebase(planted(tmp_path, when))
    assert len(refused.value.problems) == 1


def test_a_rule_that_scores_may_not_ask_for_absence(tmp_path: Path) -> None:
    folder = planted(tmp_path, {"fpi6": "not_observed"})
    with pytest.raises(RuleBaseError, match="may not read absence"):
        load_rulebase(folder)


# -- exams, each with the conclusions that are held --------------------------------------------


def cases(assessor: Assessor, now: datetime) -> Iterator[tuple[Exam, View]]:
    reader = ExamReader(assessor.rulebase)
    for path in sorted((CHECKOUT / "tests" / "cases").glob("*.yaml")):
        given = YAML(typ="safe").load(path)["given"]
        exam = reader.read(read_json(as_json(given)), now)
        yield from ((exam, view) for view in infer(assessor, exam).knees.values())


def examples(assessor: Assessor) -> Iterator[tuple[Exam, View]]:
    runner = Examples(assessor.inference)
    for rule in assessor.rulebase.rules:
        for example in rule.examples if not rule.safety else ():
            given = read_given(assessor.rulebase, example.given)
            yield Exam(MOMENT, given.knees, given.observations), runner.run(rule, example).view


def random_exams(
    assessor: Assessor, now: datetime, rules: tuple[Rule, ...] | list[Rule], how_many: int
) -> Iterator[tuple[Exam, View]]:
    for exam in ExamGenerator(assessor.rulebase, now, seed=6, rules=tuple(rules)).exams(how_many):
        yield from ((exam, view) for view in infer(assessor, exam).knees.values())


def planted(folder: Path, when: Any) -> Path:
    """A copy of the rule base with one more rule, which argues against the hip, and formulas for it."""
    copy = folder / "rules"
    shutil.copytree(RULES, copy)
    rule = {
        "rule": "planted", "code": "ZZ1", "title": "Planted", "version": 1, "status": "draft",
        "origin": ["expert"], "when": when,
        "then": [{"opposes": "hip_instability", "strength": "weak", "cluster": "planted"}],
        "because": "It must be found.", "examples": [],
        "evidence": [{"cite": "expert-opinion", "shows": "Nothing.", "level": "none"}],
    }  # fmt: skip
    with (copy / "contributors" / "hip" / "planted.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(rule, file)
    formulas = copy / "vocabulary" / "derived.yaml"
    yaml = YAML()
    written = yaml.load(formulas)
    for name, formula in PLANTED_FORMULAS.items():
        source = {"cite": "expert-opinion", "verification": "project_convention"}
        written["derived"][name] = {"label": name, "side": "sided"} | source | formula
    with formulas.open("w", encoding="utf-8") as file:
        yaml.dump(written, file)
    return copy
