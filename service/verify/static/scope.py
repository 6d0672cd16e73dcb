"""What a change of some rules can bear on, so that it can be looked at alone."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any

from service.domain.rulebase import RuleBase
from service.inference.dependencies import Dependencies
from service.inference.strata import concludes, reads
from service.verify.static.effects import does_as_much
from service.verify.static.reading import Reading


@dataclass(frozen=True, slots=True)
class Scope:
    """The rules, contributors, findings, formulas and states to look at; codes and ids."""

    rules: frozenset[str]
    contributors: frozenset[str]
    findings: frozenset[str]
    derived: frozenset[str]
    states: frozenset[str]

    @classmethod
    def whole(cls, rulebase: RuleBase) -> "Scope":
        return cls(
            frozenset(rule.code for rule in rulebase.rules),
            frozenset(rulebase.contributors),
            frozenset(rulebase.findings),
            frozenset(rulebase.derived),
            frozenset(rulebase.states),
        )

    def holds(self, about: str) -> bool:
        """Whether a report about this would be made within the scope."""
        return any(
            about in ids for ids in (self.rules, self.contributors, self.findings, self.derived, self.states)
        )


def of_change(before: RuleBase, after: RuleBase) -> Scope:
    """What may be reported differently of two rule bases.

    A rule changed bears on itself, on rules that do as much as it does or wait for what it concludes, on what
    it scores, and on all it read before and reads now. A change of the vocabulary bears on whatever reads it.
    """
    changed = {code for code in codes(before) | codes(after) if said(before, code) != said(after, code)}
    names = {*_changed(before, after, "findings"), *_changed(before, after, "derived")}
    contributors = {*_changed(before, after, "contributors")}
    rules: set[str] = set(changed)
    findings: set[str] = set(names)
    states = _changed(before, after, "states")
    for rulebase in (before, after):
        reading = Reading(rulebase)
        rules |= {rule.code for rule in rulebase.rules if names & reading.of_rule(rule)}
        contributors |= {c.id for c in rulebase.contributors.values() if names & _keys(c)}
        rules |= _downstream(rulebase, rules, contributors)
        rules |= _peers(rulebase, rules)
        touched = [rule for rule in rulebase.rules if rule.code in rules]
        contributors |= {score.target for rule in touched for score in rule.scores}
        for rule in touched:
            findings |= reading.of_rule(rule)
            states |= {name for _, name in concludes(rule) | reads(rule)}
    return Scope(
        frozenset(rules & codes(after)),
        frozenset(contributors & set(after.contributors)),
        frozenset(findings & set(after.findings)),
        frozenset(findings & set(after.derived)),
        frozenset(states & set(after.states)),
    )


def codes(rulebase: RuleBase) -> set[str]:
    return {rule.code for rule in rulebase.rules}


def said(rulebase: RuleBase, code: str) -> Any:
    """What a rule says, for comparing; None of a rule that is not there."""
    rule = rulebase.rule_by_code.get(code)
    return rule and (rule.active, rule.when, rule.unless, [(type(e), astuple(e)) for e in rule.effects])


def _changed(before: RuleBase, after: RuleBase, section: str) -> set[str]:
    old, new = getattr(before, section), getattr(after, section)
    return {id_ for id_ in {*old, *new} if repr(old.get(id_)) != repr(new.get(id_))}


def _keys(contributor: Any) -> set[str]:
    return {finding for group in contributor.key_groups for finding in group.any_of}


def _downstream(rulebase: RuleBase, rules: Iterable[str], contributors: Iterable[str]) -> set[str]:
    """The rules that wait for what these conclude, and those that wait for them."""
    chosen, scored = set(rules), set(contributors)
    dependencies = Dependencies(rulebase)
    found = set()
    for index, rule in enumerate(rulebase.rules):
        behind = dependencies.rules_behind([index])
        codes_behind = {rulebase.rules[other].code for other in behind}
        if codes_behind & chosen or scored.intersection(dependencies.contributors_of(behind)):
            found.add(rule.code)
    return found


def _peers(rulebase: RuleBase, rules: set[str]) -> set[str]:
    """The rules that might add nothing beside one of these."""
    done = [effect for rule in rulebase.rules if rule.code in rules for effect in rule.effects]
    return {
        rule.code for rule in rulebase.rules
        if any(does_as_much(effect, wanted) for wanted in rule.effects for effect in done)
    }  # fmt: skip
