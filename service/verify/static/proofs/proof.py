"""A property, whether it holds, and how that is known."""

from dataclasses import dataclass, field
from typing import Any

from service.verify.static.report import Report


@dataclass(frozen=True, slots=True)
class Proof:
    """`checked` counts what was looked at, each thing named in `how`; `violations` say where it fails.

    Where exams are tried, the rules that fire in them are counted: how many exams that takes is z3's choice.
    """

    id: str
    statement: str
    how: str
    checked: int
    violations: tuple[Report, ...] = field(default=())

    @property
    def proved(self) -> bool:
        return not self.violations

    @property
    def tree(self) -> dict[str, Any]:
        return {
            "id": self.id, "statement": self.statement, "result": "proved" if self.proved else "violated",
            "how": self.how, "checked": self.checked,
        }  # fmt: skip
