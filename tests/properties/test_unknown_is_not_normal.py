"""What was not observed never counts as normal, and learning something never makes a fired rule open.

Every rule that argues against something is held to it, whatever rules there are: over all cases, all
examples and random exams. The classes and states that a rule reads are held fixed. Usually 120
random exams and 5,000 replacements; with KNEECHAIN_FULL=1 2,000 and 100,000.

Withdrawing a finding may let such a rule fire in two ways only. It may lift the rule's own `unless`.
And a formula may fall back to its next way of judging: from usable dynamometry to the grade by hand
(and, as clinical.md 3.4 has it, from the grade to the plain word). A finding that is computed or
answered by its gate when it is not posted is still observed, so nothing was withdrawn.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from ruamel.yaml import YAML

from schemas.exam import ExamReader
from schemas.strict_json import read_json
from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.exam import SIDES, Exam, Key, Observation, Side
from service.domain.rule import Rule
from service.inference.view import View
from service.knowledge.load import load_rulebase
from service.knowledge.problems import RuleBaseError
from service.verify.examples import MOMENT, Examples, read_given
from tests.generators import ExamGenerator, as_json, size, without
from tests.plain_reading import TRUE, PlainReading, least
from tests.properties.grounds import Held, Ungrounded, grounds, names_read
from tests.properties.inferring import infer, rejudged

RULES = CHECKOUT / "rules"
EXAMS = size(120, 2_000)
REPLACEMENTS = size(5_000, 100_000)
REPLACED_IN_EACH = 25

Seen = Counter[tuple[str, ...]]


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
        *cases(assessor, now), *examples(assessor), *random_exams(assessor, now, rules, 3 * EXAMS)
    )  # fmt: skip
    for exam, held in everything:
        found = list(ungrounded(assessor, reading, exam, held, grounded))
        assert not found, found
    assert not [r.code for r in rules if not grounded[r.code,]], "each fired in some exam"


PLANTED: dict[str, Any] = {
    "a formula that is no when its inputs are unknown": {"usable_er_dynamometry": "absent"},
    "a count of signs in which unknown is no sign": {"planted_signs": {"at_most": 0}},
    "a count that is known when nothing is": {"planted_known": {"at_most": 0}},
    "a count of what was examined": {"hip_findings_observed": {"at_most": 0}},
    "a formula that asks for absence": {"planted_absence": "present"},
    "too little examined": {"coverage": {"hip_instability": {"below": "50 %"}}},
    "a class for too little examined": {"class": {"foot_instability": {"is": "insufficient_data"}}},
    "always": "always",
}
HELD_FIXED = (PLANTED["a class for too little examined"], PLANTED["always"])
"""What no withdrawal can change; these show only in what they rest on."""

PLANTED_FORMULAS: dict[str, Any] = {
    "planted_signs": {
        "kind": "count", "tests": [{"test": {"fpi6": {"at_least": 6}}}, {"test": {"flat_foot": "present"}}],
    },
    "planted_known": {"kind": "count", "always_known": True, "tests": [{"test": {"fpi6": {"at_least": 6}}}]},
    "planted_absence": {"kind": "known_true", "when": {"all": [{"fpi6": "not_observed"}]}},
}  # fmt: skip


@pytest.mark.parametrize("when", PLANTED.values(), ids=PLANTED)
def test_a_planted_rule_that_takes_unknown_for_normal_is_found(when: Any, tmp_path: Path, now: datetime) -> None:
    folder = planted(tmp_path, when)
    assessor, reading = Assessor.of(load_rulebase(folder)), PlainReading(folder)
    bad = [rule for rule in assessor.rulebase.rules if rule.code == "ZZ1"]
    inputs = names_read(reading, parts(reading, bad[0]))
    inputs |= {f.id for f in assessor.rulebase.findings.values() if f.region == "hip"}
    exams = list(random_exams(assessor, now, tuple(bad), 30))
    by_withdrawing = {
        code for exam, held in exams
        for code, *_ in newly_opposed(assessor, reading, exam, held, inputs, Counter())
    }  # fmt: skip
    by_grounds = {code for exam, held in exams for code, _ in ungrounded(assessor, reading, exam, held, Counter())}
    assert by_grounds == {"ZZ1"}
    assert by_withdrawing == (set() if when in HELD_FIXED else {"ZZ1"})


def test_a_rule_that_scores_may_not_ask_for_absence(tmp_path: Path) -> None:
    folder = planted(tmp_path, {"fpi6": "not_observed"})
    with pytest.raises(RuleBaseError, match="may not read absence"):
        load_rulebase(folder)


# -- learning a finding ------------------------------------------------------------------------


def test_learning_a_finding_never_leaves_a_fired_rule_open(assessor: Assessor, now: datetime) -> None:
    reading = PlainReading(RULES)
    absence = {rule.code for rule in assessor.rulebase.rules if asks_for_absence(reading, rule)}
    random = Random(7)
    generator = ExamGenerator(assessor.rulebase, now, seed=8)
    learnt = changed = 0
    while learnt < REPLACEMENTS:
        exam = next(generator.exams(1))
        for before in held_views(assessor, exam):
            outcomes = rejudged_outcomes(assessor, exam, before)
            for key in unknown_keys(assessor, exam, random):
                after = rejudged_outcomes(assessor, learn(generator, exam, key), before)
                learnt += 1
                changed += outcomes != after
                opened = [
                    rule.code
                    for rule, was, now_is in zip(assessor.rulebase.rules, outcomes, after, strict=True)
                    if was == "fires" and now_is == "undetermined" and rule.code not in absence
                ]
                assert not opened, f"{key} left {opened} open"
    assert changed > REPLACEMENTS / 20


def test_a_rule_that_asks_for_absence_gives_no_points(assessor: Assessor) -> None:
    reading = PlainReading(RULES)
    asking = [rule for rule in assessor.rulebase.rules if asks_for_absence(reading, rule)]
    assert asking and not [rule.code for rule in asking if rule.scores]


def asks_for_absence(reading: PlainReading, rule: Rule) -> bool:
    """Whether part of its `when` may hold because something was not observed: that part can be undone."""
    return bool({"not_observed", "not_known", "observed_count"} & words_read(reading, rule))


def held_views(assessor: Assessor, exam: Exam) -> Iterator[View]:
    inferred = infer(assessor, exam)
    yield from inferred.knees.values()
    yield from inferred.screened.values()


def rejudged_outcomes(assessor: Assessor, exam: Exam, held: View) -> list[str]:
    return rejudged(assessor, exam, held, safety=not held.standings).outcomes


def unknown_keys(assessor: Assessor, exam: Exam, random: Random) -> list[Key]:
    keys: list[Key] = [
        (definition.id, side)
        for definition in assessor.rulebase.findings.values()
        for side in (SIDES if definition.sided else (None,))
    ]
    unknown = [key for key in keys if key not in exam.observations or not exam.observations[key].observed]
    return random.sample(unknown, min(REPLACED_IN_EACH, len(unknown)))


def learn(generator: ExamGenerator, exam: Exam, key: Key) -> Exam:
    finding, side = key
    definition = generator.rulebase.findings[finding]
    value = generator.value(definition)
    while value in definition.unknown_values:
        value = generator.value(definition)
    observed = Observation(finding, side, "observed", exam.performed_at, value, definition.level(value))
    return replace(exam, observations={**exam.observations, key: observed})


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


# -- what may not be ---------------------------------------------------------------------------


def opposing(assessor: Assessor) -> list[Rule]:
    return [
        rule for rule in assessor.rulebase.rules
        if rule.active and any(not score.supports for score in rule.scores)
    ]  # fmt: skip


def words_read(reading: PlainReading, rule: Rule) -> set[str]:
    """The words of its `when`, and the kinds of the formulas it reads."""
    found: set[str] = set()

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            for key, item in node.items():
                found.add(key)
                collect(item)
        elif isinstance(node, list):
            for item in node:
                collect(item)
        else:
            found.add(node)

    collect(reading.rules[rule.code]["when"])
    return found | {reading.derived[name]["kind"] for name in found & reading.derived.keys()}


def parts(reading: PlainReading, rule: Rule) -> list[Any]:
    written = reading.rules[rule.code]
    return [written["when"], written.get("unless", [])]


def newly_opposed(
    assessor: Assessor, reading: PlainReading, exam: Exam, held: View, names: set[str], seen: Seen
) -> Iterator[tuple[str, str, Key]]:
    """Rules that a withdrawal lets argue against something in a way that is not allowed."""
    before = rejudged(assessor, exam, held)
    rules = opposing(assessor)
    seen.update(("fired", rule.code) for rule in rules if fires(assessor, rule, before))
    for key, observation in exam.observations.items():
        if not observation.observed or key[0] not in names:
            continue
        seen["withdrawn", key[0]] += 1
        for poorer in (without(exam, key), without(exam, key, "unable")):
            after = rejudged(assessor, poorer, held)
            for rule in rules:
                if fires(assessor, rule, after) and not fires(assessor, rule, before):
                    richer_seat, poorer_seat = sitting(reading, exam, before), sitting(reading, poorer, after)
                    reason = allowed(reading.rules[rule.code], richer_seat, poorer_seat, before.side, key)
                    seen[reason,] += 1
                    if reason == "not allowed":
                        yield rule.code, "newly argues against something without", key


def allowed(rule: dict[str, Any], richer: Held, poorer: Held, side: Side, key: Key) -> str:
    """Why a rule may newly fire, or 'not allowed'."""
    if richer.part(rule["when"], side, least) == TRUE:
        return "lifted its own unless"
    if key in poorer.values:
        return "still observed"
    turned = [
        (name, at)
        for name, said, at in leaves(rule["when"], side)
        if poorer.test(name, said, at) == TRUE and richer.test(name, said, at) != TRUE
    ]
    reasons = {fell_back(richer, poorer, name, at) for name, at in turned}
    return reasons.pop() if len(reasons) == 1 else "not allowed"


def fell_back(richer: Held, poorer: Held, name: str, side: str) -> str:
    entry = richer.reading.derived.get(name, {"kind": "finding"})
    if entry["kind"] != "first_usable":
        return "not allowed"
    was, is_now = richer.deciding(entry, side), poorer.deciding(entry, side)
    if was is None or is_now is None or entry["tests"].index(was) >= entry["tests"].index(is_now):
        return "not allowed"
    return "fell back from dynamometry" if "only_if" in was else "fell back from the grade to the word"


def ungrounded(
    assessor: Assessor, reading: PlainReading, exam: Exam, held: View, grounded: Seen
) -> Iterator[tuple[str, str]]:
    """Rules that argue against something though nothing observed says so."""
    view = rejudged(assessor, exam, held)
    seat = sitting(reading, exam, view)
    for rule in opposing(assessor):
        if fires(assessor, rule, view):
            try:
                grounds_found = grounds(seat, reading.rules[rule.code]["when"], view.side)
            except Ungrounded as why:
                yield rule.code, str(why)
                continue
            grounded[rule.code,] += bool(grounds_found)
            if not grounds_found:
                yield rule.code, "rests on nothing"


def sitting(reading: PlainReading, exam: Exam, view: View) -> Held:
    return Held(reading, reading.counting(exam), exam.knees, safety=False, view=view)


def leaves(node: Any, side: str) -> Iterator[tuple[str, Any, str]]:
    """The criteria over findings, and the side each is read on."""
    if isinstance(node, list):
        for member in node:
            yield from leaves(member, side)
        return
    members = node.get("of", node.get("all", node.get("any")))
    if members is not None:
        yield from leaves(members, side)
        return
    ((word, said),) = node.items()
    if word == "other":
        yield from leaves(said, "left" if side == "right" else "right")
    elif word not in ("state", "class", "coverage", "some_contributor", "every_contributor"):
        yield word, said, side


def fires(assessor: Assessor, rule: Rule, view: View) -> bool:
    return view.outcomes[assessor.inference.index[rule.code]] == "fires"


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
        said = {"label": name, "side": "sided", "cite": "expert-opinion", "verification": "project_convention"}
        written["derived"][name] = said | formula
    with formulas.open("w", encoding="utf-8") as file:
        yaml.dump(written, file)
    return copy
