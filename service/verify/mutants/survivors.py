"""rules/surviving_mutants.yaml: mutants that nothing notices, each with the reason why that may be."""

from collections.abc import Mapping
from pathlib import Path

from service.knowledge.fields import Fields
from service.knowledge.problems import Problem, RuleBaseError
from service.knowledge.source import read_source

FILE = "surviving_mutants.yaml"


def read_survivors(folder: Path) -> Mapping[str, str]:
    """For each mutant that may survive the reason; none where there is no file. Raises RuleBaseError."""
    if not (folder / FILE).is_file():
        return {}
    problems: list[Problem] = []
    fields = Fields(read_source(folder / FILE, FILE, problems), problems, FILE)
    reasons: dict[str, str] = {}
    for entry in fields.each("survivors"):
        mutant = entry.text("mutant")
        if mutant in reasons:
            entry.problem(f"'{mutant}' is explained already")
        reasons[mutant] = entry.text("because")
        entry.done()
    fields.done()
    if problems:
        raise RuleBaseError(problems)
    return reasons
