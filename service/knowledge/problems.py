"""What is wrong with a rule base: every problem at once, each with file and line."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["undefined", "out_of_range", "unit", "wrong_side", "refused"]
"""What is wrong, as far as it is told apart: else `refused`."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    file: str
    line: int
    message: str
    kind: Kind = field(default="refused", compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class RuleBaseError(Exception):
    """The rule base cannot be used. `problems` is sorted and never empty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?`, or nothing where no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""
