"""The lock: what was last recorded of each rule and decision, so that nothing changes unseen."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from service.domain.rule import Convention, Rule
from service.domain.rulebase import RuleBase
from service.knowledge.problems import Problem, RuleBaseError
from service.versions.content import Content, fingerprint

FILE = "lock.json"
Counts = Mapping[str, Mapping[str, int]]
"""For each contributor the people of an invented sample in each class whose share is watched."""


@dataclass(frozen=True, slots=True)
class Locked:
    """One rule or convention as it was recorded; `content` and `concludes` are hashes."""

    rule: str
    version: int
    content: str
    concludes: str
    force: Literal["on", "off", "retired"]

    @classmethod
    def of(cls, content: Content, rule: Rule | Convention) -> "Locked":
        force: dict[str, Literal["off", "retired"]] = {"disabled": "off", "retired": "retired"}
        concludes = fingerprint(content.concludes(rule))
        said = fingerprint(content.rule(rule))
        return cls(rule.id, rule.version, said, concludes, force.get(rule.status, "on"))


@dataclass(frozen=True, slots=True)
class Lock:
    """What was recorded of a whole rule base. `how_common` counts people of an invented sample."""

    version: str
    approved: bool
    """Whether any rule base recorded here was approved; it is never unsaid."""
    rules: Mapping[str, Locked]
    decisions: Mapping[str, str]
    people: int = 0
    how_common: Counts = field(default_factory=dict)

    @classmethod
    def of(cls, rulebase: RuleBase, people: int, how_common: Counts, before: "Lock | None" = None) -> "Lock":
        """The rule base as it is now; codes that are gone are kept from the lock before."""
        content = Content(rulebase)
        kept = before.rules if before else {}
        return cls(
            version=rulebase.version,
            approved=rulebase.approval.status == "reviewed" or (before is not None and before.approved),
            rules={**kept, **{code: Locked.of(content, rule) for code, rule in rulebase.readable.items()}},
            decisions={name: fingerprint(form) for name, form in content.decisions.items()},
            people=people,
            how_common=how_common,
        )

    @classmethod
    def read(cls, folder: Path) -> "Lock | None":
        """None where there is none. Raises RuleBaseError where the file is no lock."""
        path = folder / FILE
        if not path.is_file():
            return None
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
            rules = {code: Locked(**entry) for code, entry in read["rules"].items()}
            base, common = read["rule_base"], read["how_common"]
            return cls(
                base["version"], base["approved"], rules, read["decides"],
                common["people"], common["contributors"],
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError):
            said = "is no lock as 'kneechain rules lock' writes it: restore it from before it was edited"
            raise RuleBaseError([Problem(FILE, 1, said)]) from None

    def text(self) -> str:
        """One line for each rule and decision, so that a difference is read line by line."""
        rules = {code: {key: getattr(entry, key) for key in KEYS} for code, entry in self.rules.items()}
        common = f'{{"people": {self.people}, "contributors": {_lines(self.how_common)}}}'
        parts = {
            "rule_base": json.dumps({"version": self.version, "approved": self.approved}),
            "rules": _lines(rules),
            "decides": _lines(self.decisions),
            "how_common": common,
        }
        return "{\n" + ",\n".join(f'"{key}": {part}' for key, part in parts.items()) + "\n}\n"


KEYS = ("rule", "version", "content", "concludes", "force")


def _lines(entries: Mapping[str, Any]) -> str:
    rows = [f"  {json.dumps(key)}: {json.dumps(entry)}" for key, entry in entries.items()]
    return "{\n" + ",\n".join(rows) + "\n}" if rows else "{}"
