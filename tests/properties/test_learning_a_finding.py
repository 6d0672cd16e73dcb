"""Learning a finding never makes a fired rule open again.

The classes, states and flags that a rule reads are held fixed. Usually 5,000 replacements of an
unknown by a value; with KNEECHAIN_FULL=1 100,000.

Two kinds of rule may open, because learning undoes what they rested on: one that asks whether
something was not observed, and one whose formula is now judged by a better measure (usable
dynamometry instead of the grade by hand, the grade instead of the plain word).
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
from tests.plain_reading import PlainReading, Sitting
from tests.properties.inferring import infer, rejudged

RULES = CHECKOUT / "rules"
REPLACEMENTS = size(5_000, 100_000)
REPLACED_IN_EACH = 25


def test_learning_a_finding_never_leaves_a_fired_rule_open(assessor: Assessor, now: datetime) -> None:
    reading = PlainReading(RULES)
    random = Random(7)
    generator = ExamGenerator(assessor.rulebase, now, seed=8)
    learnt = changed = 0
    while learnt < REPLACEMENTS:
        exam = next(generator.exams(1))
        unknown = unknown_keys(assessor, reading, exam)
        for held in held_views(assessor, exam):
            before = rejudged_outcomes(assessor, exam, held)
            for key in random.sample(unknown, min(REPLACED_IN_EACH, len(unknown))):
                richer = learn(generator, exam, key)
                after = rejudged_outcomes(assessor, richer, held)
                learnt += 1
                changed += before != after
                opened = [
                    rule.code
                    for rule, was, now_is in zip(assessor.rulebase.rules, before, after, strict=True)
                    if was == "fires" and now_is == "undetermined"
                    and not asks_for_absence(reading, rule)
                    and not better_judged(reading, rule, held, exam, richer)
                ]  # fmt: skip
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


def unknown_keys(assessor: Assessor, reading: PlainReading, exam: Exam) -> list[Key]:
    """What neither was observed nor follows from what was: no gate answers it, no formula yields it."""
    known = reading.counting(exam)
    return [
        (definition.id, side)
        for definition in assessor.rulebase.findings.values()
        for side in (SIDES if definition.sided else (None,))
        if (definition.id, side) not in known
    ]


def learn(generator: ExamGenerator, exam: Exam, key: Key) -> Exam:
    finding, side = key
    definition = generator.rulebase.findings[finding]
    value = generator.value(definition)
    while value in definition.unknown_values:
        value = generator.value(definition)
    observed = Observation(finding, side, "observed", exam.performed_at, value, definition.level(value))
    return replace(exam, observations={**exam.observations, key: observed})


def better_judged(reading: PlainReading, rule: Rule, held: View, poorer: Exam, richer: Exam) -> bool:
    """Whether another way of judging decides a formula that the rule reads."""
    was, now_is = (Sitting(reading, reading.counting(e), e.knees, rule.safety) for e in (poorer, richer))
    formulas = [reading.derived[name] for name in words_read(reading, rule) & reading.derived.keys()]
    return any(
        was.deciding(formula, held.side) not in (None, now_is.deciding(formula, held.side))
        for formula in formulas
        if formula["kind"] == "first_usable"
    )


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
