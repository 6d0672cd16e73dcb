"""A mutant: the rule base with one small change."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from service.domain.rule import Rule
from service.domain.rulebase import RuleBase
from service.inference.infer import Inference
from service.inference.view import View

KINDS = (
    "threshold", "operator", "member", "presence", "side", "group", "unless",
    "strength", "cluster", "effect", "class bound", "key group", "formula",
)  # fmt: skip
"""What is changed, in the order of reports."""


Reaches = Callable[[Inference, View], bool]
"""Whether a change makes a difference to what can be seen from a view, judged by the changed inference."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`id` says where and what, and stays the same while that place does.

    `rule` is the changed rule; None where something else was changed: then `reaches` says what it reaches.
    """

    id: str
    kind: str
    make: Callable[[], RuleBase]
    rule: Rule | None = None
    reaches: Reaches = lambda inference, view: True


@dataclass(frozen=True, slots=True)
class Change:
    """One small change of a part of a rule or formula: where, of what kind, to what."""

    where: str
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}/{self.what}"


def of_rule(rulebase: RuleBase, index: int, change: Change, changed: Rule) -> Mutant:
    def make() -> RuleBase:
        rules = list(rulebase.rules)
        rules[index] = changed
        return replace(rulebase, rules=tuple(rules))

    return Mutant(f"{changed.code}/{change}", change.kind, make, changed)
