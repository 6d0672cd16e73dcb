"""Learning a finding never makes a fired rule open again.

The classes, states and flags that a rule reads are held fixed. Usually 5,000 replacements of an
unknown by a value; with KNEECHAIN_FULL=1 100,000.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.exam import SIDES, Exam, Key, Observation
from service.domain.rule import Rule
from service.inference.view import View
from tests.generators import ExamGenerator, size
from tests.plain_reading import PlainReading
from tests.properties.inferring import infer, rejudged

RULES = CHECKOUT / "rules"
REPLACEMENTS = size(5_000, 100_000)
REPLACED_IN_EACH = 25


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
