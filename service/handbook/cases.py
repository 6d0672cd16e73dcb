"""The clinical cases of `tests/cases`, as the handbook tells them."""

from dataclasses import dataclass
from pathlib import Path

from service.knowledge.fields import Fields
from service.knowledge.problems import Problem, RuleBaseError
from service.knowledge.source import read_source

CASES = "tests/cases"


@dataclass(frozen=True, slots=True)
class ClinicalCase:
    """One exam whose answer is agreed on. `shows` is the comment on top of its file."""

    code: str
    title: str
    story: str
    shows: str
    status: str
    flags: tuple[str, ...]


def read_cases(checkout: Path) -> tuple[ClinicalCase, ...]:
    """Every case, in the order of their codes. Raises RuleBaseError."""
    problems: list[Problem] = []
    cases = tuple(_read_case(path, problems) for path in sorted((checkout / CASES).glob("*.yaml")))
    if problems:
        raise RuleBaseError(problems)
    return cases


def _read_case(path: Path, problems: list[Problem]) -> ClinicalCase:
    name = f"{CASES}/{path.name}"
    fields = Fields(read_source(path, name, problems), problems, name)
    safety = fields.section("expect").section("safety")
    return ClinicalCase(
        code=fields.text("case"),
        title=fields.text("title"),
        story=fields.text("story"),
        shows=_comment_on_top(path),
        status=safety.text("status"),
        flags=safety.texts("flags"),
    )


def _comment_on_top(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    end = next((place for place, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return " ".join(line.lstrip("# ") for line in lines[:end])
