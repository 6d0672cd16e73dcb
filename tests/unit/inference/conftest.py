import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest

from schemas.exam import ExamReader
from schemas.strict_json import read_json
from service.domain.exam import Exam, Key
from service.inference.infer import Inference
from service.inference.screen import SafetyScreen, Screen
from service.inference.usable import Usable, what_counts
from tests.unit.short_exams import Short, body


@dataclass(frozen=True)
class Screened:
    """An exam after its screen."""

    exam: Exam
    usable: Usable
    screen: Screen

    @property
    def flags(self) -> list[tuple[str, str | None]]:
        return [(raised.flag.code, raised.side) for raised in self.screen.raised]

    @property
    def codes(self) -> set[str]:
        return {code for code, _ in self.flags}

    @property
    def due(self) -> set[Key]:
        """What is due and not answered."""
        return set(self.screen.not_screened)

    @property
    def fired(self) -> set[str]:
        return {rule.code for _, rule, _, _ in self.screen.fired}


Screening = Callable[..., Screened]


@pytest.fixture(scope="session")
def safety_screen(inference: Inference) -> SafetyScreen:
    return SafetyScreen(inference)


@pytest.fixture(scope="session")
def screened(safety_screen: SafetyScreen, reader: ExamReader, now: datetime) -> Screening:
    """Screens an exam written short."""

    def run(findings: Short, *knees: str, clearances: tuple[dict[str, str], ...] = ()) -> Screened:
        posted = body(findings, knees or ("left",), clearances=list(clearances))
        exam = reader.read(_exact(posted), now)
        usable = what_counts(safety_screen.rulebase, exam)
        return Screened(exam, usable, safety_screen.screen(exam, usable))

    return run


def _exact(posted: dict[str, object]) -> object:
    """As the service reads it: numbers with a fraction are exact."""
    return read_json(json.dumps(posted).encode())
