"""What a report says: its kind, what it is about, where that stands, and the exam that shows it."""

from dataclasses import dataclass
from typing import Any

from service.domain.rule import Condition
from service.knowledge.describe import condition_lines
from service.verify.static.witness import Witness

KINDS = {
    "contradiction": "a condition that no exam can make true",
    "always_true": "a condition that no exam can make false",
    "redundant": "a criterion without which the rule fires just the same",
    "never_fires": "a rule that can never fire",
    "subsumed": "a rule that adds nothing to others that fire with it",
    "swallowed": "an unless that holds whenever the when does",
    "idle_unless": "an unless that never suppresses its rule",
    "unreachable_class": "classes that a contributor can never have",
    "one_sided": "a contributor that no rule supports, or none speaks against",
    "unread": "something declared that nothing reads",
    "recorded_only_read": "a finding for the record only that a rule reads",
    "wrong_side": "points for this knee that rest on the other side alone",
    "unit": "numbers in units that do not go together",
    "out_of_range": "a threshold that no value can pass, or none can miss",
    "undefined": "a word that is not declared",
    "circle": "rules that wait for each other",
    "unknown_counts": "a rule that argues against something because of what was not observed",
    "not_monotone": "a worse value that lowers a net, and no rule says why",
    "stale_exception": "an exception declared and not needed",
    "hold": "something shown, or that could be, while a flag withholds everything",
    "names_a_side": "a rule, formula or text that names left or right",
    "order_matters": "a conclusion that depends on what comes first",
    "refused": "anything else that the loader refuses",
}
"""The kinds of report, in the order they are shown."""

Name = tuple[str, str, tuple[str, ...]]
"""Kind, subject and parts of a report."""


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that is wrong, or that someone accepted with a reason.

    `parts` say which part of its subject it is about; kind, subject and parts are its name. Without a
    witness `proof` says how it is known: of what can never happen no exam can be shown. `line` counts
    from 1, `file` is seen from the folder of the rules.
    """

    kind: str
    about: str
    parts: tuple[str, ...]
    file: str
    line: int
    says: str
    proof: str
    witness: Witness | None = None

    @property
    def name(self) -> Name:
        return self.kind, self.about, self.parts

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind}: {self.says}"

    @property
    def tree(self) -> dict[str, Any]:
        shown = {} if self.witness is None else {"witness": self.witness.tree}
        return {
            "kind": self.kind, "about": self.about, "parts": list(self.parts), "file": self.file,
            "line": self.line, "says": self.says, "proof": self.proof, **shown,
        }  # fmt: skip


def in_words(condition: Condition) -> str:
    """A condition in one line."""
    heading, *members = [line.strip() for line in condition_lines(condition)]
    return f"{heading}: {'; '.join(members)}" if members else heading
