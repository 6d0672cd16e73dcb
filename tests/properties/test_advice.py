"""Asking in the advised order reaches the leading contributors sooner than the order of the form does.

Full exams are made up; their findings are then asked one by one, in either order. What counts is how
many were asked when the rank-1 group is that of the full exam, and stays so. Safety and history are
known from the start and not counted. Usually every 125th of the 500 exams is looked at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

import pytest

from bench.exams import ExamMaker
from service.answer.case import Case
from service.assess import Assessor
from service.domain.exam import Exam, Key, Side, Value
from service.explain import next_tests as advice
from service.explain.completions import Completions, completions, plan_of
from service.explain.domains import observed_levels
from tests.generators import size
from tests.properties.brute_force import LEFT, Plainly, any_value

FORM = ("knee", "hip", "ankle", "foot", "core")
"""The order of the regions in the form (clinical.md 2.2 to 2.7); within each, that of the vocabulary."""
LEAST_SAVED = 35
"""Per cent."""
MOST_REMEMBERED = 20_000
"""Some hundreds of megabytes."""

Asked = Iterator[Key]


@dataclass
class Remembering:
    """Completions by what they rest on: asking one finding changes few contributors."""

    found: dict[tuple[Any, ...], Completions] = field(default_factory=dict)

    def __call__(self, case: Case, side: Side, contributor: str) -> Completions:
        plan = plan_of(case.rulebase, contributor)
        levels = observed_levels(case, plan.circuit, side)
        key = (contributor, *(levels[node] for node in plan.inputs))
        if len(self.found) > MOST_REMEMBERED:
            self.found.clear()
        if key not in self.found:
            self.found[key] = Answered.of(completions(case, side, contributor))
        return self.found[key]


class Answered(Completions):
    """Completions that look for their answers once."""

    __slots__ = ("answers",)

    @classmethod
    def of(cls, found: Completions) -> "Answered":
        made = cls(found.case, found.side, found.contributor, found.known, found.cells, found.diagram)
        object.__setattr__(made, "answers", found.by_answer())
        return made

    def by_answer(self) -> Any:
        return self.answers  # type: ignore[attr-defined]


@dataclass
class Visit:
    """One full exam, of which findings become known one after the other."""

    plainly: Plainly
    full: Mapping[Key, Value]
    asked: tuple[Key, ...]
    """What is to be asked, in the order of the form."""

    def leading(self, known: Mapping[Key, Value]) -> tuple[frozenset[str], Case]:
        assessor = self.plainly.assessor
        case = assessor.case(self.plainly.exam(known))
        standings = (case.views[LEFT].standings[c.id] for c in assessor.rulebase.ranked_contributors)
        ranked = assessor.inference.standings.ranked(standings)
        return frozenset(standing.id for standing in ranked if standing.rank == 1), case

    def until_settled(self, advised: bool) -> int:
        """How many were asked when the leading group was that of the full exam for good."""
        known = {key: value for key, value in self.full.items() if key not in self.asked}
        left = list(self.asked)
        group, case = self.leading(known)
        groups = [group]
        while left:
            key = next(self._advised(case, left), left[0]) if advised else left[0]
            left.remove(key)
            known[key] = self.full[key]
            group, case = self.leading(known)
            groups.append(group)
        return 1 + max((at for at, group in enumerate(groups) if group != groups[-1]), default=-1)

    def _advised(self, case: Case, left: Sequence[Key]) -> Asked:
        return (test.key for test in advice.next_tests(case, LEFT).tests if test.key in left)


def visits(plainly: Plainly, how_many: int, seed: int) -> Iterator[Visit]:
    random, maker = Random(seed), ExamMaker(plainly.rulebase, seed)
    findings = plainly.rulebase.findings
    read = {key for c in plainly.rulebase.contributors for key in plainly.read_by(c)}
    place = {finding: at for at, finding in enumerate(findings)}
    form = sorted(
        (key for key in read if findings[key[0]].region in FORM),
        key=lambda key: (FORM.index(findings[key[0]].region), place[key[0]], key[1] or ""),
    )
    for _ in range(how_many):
        leaning = leant(maker.exam(maker.most))
        full = {key: leaning.get(key) or any_value(findings[key[0]], random) for key in sorted(read, key=str)}
        full["knee_effusion", LEFT] = random.choice(("none", "trace", "1+"))  # more would withhold tests
        yield Visit(plainly, full, tuple(form))


def leant(exam: Exam) -> dict[Key, Value]:
    return {key: o.value for key, o in exam.observations.items() if o.observed and o.value is not None}


def saved(counts: Iterable[tuple[int, int]]) -> float:
    """Per cent fewer findings asked in the advised order than in that of the form, over all exams."""
    form, advised = (sum(column) for column in zip(*counts, strict=True))
    return 100 * (1 - advised / form)


def test_the_advised_order_needs_a_third_fewer_findings(
    assessor: Assessor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(advice, "completions", Remembering())
    plainly = Plainly(assessor)
    counts = []
    for visit in islice(visits(plainly, 500, seed=7), 0, None, size(125, 1)):
        counts.append((visit.until_settled(advised=False), visit.until_settled(advised=True)))
    with capsys.disabled():
        print(f"\n{len(counts)} exams: {saved(counts):.1f} % fewer findings in the advised order")
    assert saved(counts) >= LEAST_SAVED
