"""Reads `rules/accepted.yaml`: the true reports that are accepted, each with its reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from service.knowledge.fields import Fields
from service.knowledge.problems import Problem, RuleBaseError
from service.knowledge.source import read_source
from service.verify.static.report import KINDS, Name, Report

FILE = "accepted.yaml"
NEVER_ACCEPTED = (
    "undefined", "circle", "refused",
    "unknown_counts", "not_monotone", "stale_exception", "hold", "names_a_side", "order_matters",
)  # fmt: skip
"""What no reason excuses: rules that cannot run, and whatever a proof reports."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A report named by kind, subject and parts, and why it may stand."""

    name: Name
    reason: str
    line: int


@dataclass(frozen=True, slots=True)
class Settled:
    """Reports sorted into those that are accepted and those that are new; and what is accepted in vain."""

    accepted: tuple[tuple[Report, Accepted], ...]
    new: tuple[Report, ...]
    stale: tuple[Accepted, ...]


def read_accepted(folder: Path) -> tuple[Accepted, ...]:
    """What is accepted; nothing where there is no such file. Raises RuleBaseError with file and line."""
    if not (folder / FILE).is_file():
        return ()
    problems: list[Problem] = []
    source = read_source(folder / FILE, FILE, problems)
    fields = Fields(source, problems, FILE)
    accepted = tuple(_read(item) for item in fields.each("accepted"))
    fields.done()
    first: dict[Name, int] = {}
    for entry in accepted:
        if first.setdefault(entry.name, entry.line) != entry.line:
            problems.append(Problem(FILE, entry.line, f"is accepted already in line {first[entry.name]}"))
    if problems:
        raise RuleBaseError(problems)
    return accepted


def _read(item: Fields) -> Accepted:
    allowed = [kind for kind in KINDS if kind not in NEVER_ACCEPTED]
    kind = item.one_of("kind", allowed)
    name = kind, item.text("about"), item.texts("parts", required=False)
    read = Accepted(name, item.text("reason"), item.line)
    item.done()
    return read


def settle(reports: Iterable[Report], accepted: Iterable[Accepted]) -> Settled:
    """Which of the reports are accepted, and which acceptances are of nothing that is reported."""
    waiting = {entry.name: entry for entry in accepted}
    by_name = {report.name: report for report in reports}
    known = tuple((report, waiting[name]) for name, report in by_name.items() if name in waiting)
    new = tuple(report for name, report in by_name.items() if name not in waiting)
    return Settled(known, new, tuple(entry for name, entry in waiting.items() if name not in by_name))
