"""Small edits to a loaded rule base, and its study."""

from dataclasses import replace
from typing import Any

from service.domain.rule import Rule
from service.domain.rulebase import RuleBase


def with_rule(rulebase: RuleBase, code: str, **changes: Any) -> RuleBase:
    """The rule base with one rule changed."""
    rules = [replace(rule, **changes) if rule.code == code else rule for rule in rulebase.rules]
    return replace(rulebase, rules=tuple(rules))


def with_effects(rulebase: RuleBase, code: str, *effects: Any) -> RuleBase:
    return with_rule(rulebase, code, effects=effects)


def only(rulebase: RuleBase, *codes: str) -> RuleBase:
    """The rule base with all other rules retired: small enough to ask much of it."""
    kept: tuple[Rule, ...] = tuple(
        rule if rule.code in codes else replace(rule, status="retired") for rule in rulebase.rules
    )
    return replace(rulebase, rules=kept)
