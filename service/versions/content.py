"""What a rule base says, in forms that its layout does not change; and their hashes.

Equal forms conclude the same. The order of the members of a group and of effects, and
the step of a finding under a threshold, make no difference to what is concluded.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import orjson

from service.domain.exam import Level
from service.domain.rule import (
    AllOf,
    AnyOf,
    AtLeastN,
    ClassTest,
    Condition,
    Convention,
    CoverageTest,
    Effect,
    ExactlyN,
    FindingTest,
    NotKnown,
    Rule,
)
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import (
    ContributorDefinition,
    DerivedDefinition,
    FindingDefinition,
    RecommendationDefinition,
    RedFlag,
)
from service.knowledge.describe import condition_tree

Form = Any
"""JSON: equal where two parsed things are equal."""

SAID = ("id", "title", "family", "origin", "because", "caution", "evidence")
"""What a rule says beside its condition and effects."""
TEXTS = ("text", "reason", "why")
"""What an effect says to people; the rest of it decides."""


def fingerprint(form: Form) -> str:
    """A hash of the form, of 32 hexadecimal digits."""
    return hashlib.sha256(_written(form)).hexdigest()[:32]


class Content:
    """The forms of one rule base."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase

    # -- rules -------------------------------------------------------------------------------

    def rule(self, rule: Rule | Convention) -> Form:
        """All that a rule says: not its examples, comments and layout, nor version, status and review."""
        form = {
            "concludes": self.concludes(rule),
            **{key: self._plain(getattr(rule, key)) for key in SAID},
        }
        if isinstance(rule, Rule):
            form |= {
                "when": condition_tree(rule.when),
                "unless": condition_tree(rule.unless),
                "then": [self._effect(effect) for effect in rule.effects],
                "always_known": rule.always_known,
            }
        return form

    def concludes(self, rule: Rule | Convention) -> Form:
        """When it holds, and all that it then does and says."""
        if isinstance(rule, Convention):
            return {key: self._plain(getattr(rule, key)) for key in ("convention", "text", "findings")}
        return {**self.decides(rule), "then": _sorted(self._effect(effect) for effect in rule.effects)}

    def decides(self, rule: Rule) -> Form:
        """When it holds, and what it then does; not what it says."""
        return {
            "screen": rule.safety,
            "when": self.condition(rule.when),
            "unless": self.condition(rule.unless),
            "then": _sorted(self._effect(effect, TEXTS) for effect in rule.effects),
        }

    def _effect(self, effect: Effect, without: Collection[str] = ()) -> Form:
        return self._of(effect, {"points", *without})  # points follow from the strength

    def condition(self, condition: Condition) -> Form:
        match condition:
            case AllOf((only,)) | AnyOf((only,)):
                return self.condition(only)
            case AllOf(members):
                return {"all": _sorted(map(self.condition, members))}
            case AnyOf(members):
                return {"any": _sorted(map(self.condition, members))}
            case AtLeastN(n, members) | ExactlyN(n, members):
                return {type(condition).__name__: n, "of": _sorted(map(self.condition, members))}
            case NotKnown(member):
                return {"not_known": self.condition(member)}
            case FindingTest(finding, word, levels, _, other):
                values = [self._value(finding, level) for level in levels]
                return {"finding": finding, "other": other, word: sorted(values)}
            case ClassTest(contributor, classes):
                return {"class": contributor, "is": sorted(classes)}
            case CoverageTest(contributor, word, levels):
                return {"coverage": contributor, word: [str(level) for level in levels]}
            case _:
                return self._of(condition)

    def _value(self, finding: str, level: Level) -> str:
        """A level in the finding's own unit or words: a finer step is no other threshold."""
        definition = self.rulebase.findings.get(finding)
        if definition is None or not definition.ordered:
            return str(level)
        assert not isinstance(level, str | frozenset)
        if definition.type == "grade":
            return list(definition.values)[int(level)]
        return str(level * Fraction(definition.step or 1))

    # -- what decides beside the rules ---------------------------------------------------------

    @cached_property
    def decisions(self) -> dict[str, Form]:
        """What else decides, by kind and id, or by the key of rulebase.yaml or the file it stands in."""
        base = self.rulebase
        return {
            "strengths": dict(base.strengths),
            "classes": [self._of_each(base.class_rules, "words"), sorted(base.undecided_classes)],
            "ranking": self._plain([base.class_order, base.link_certainty_order]),
            "recommendations": self._of(base.recommendation_policy),
            "knee_pain": base.knee_pain,
            "answers_last_hours": str(base.answers_last),
            "urgencies": self._of_each(base.urgencies, "words"),
            "states": self._of_each(base.states.values(), "label", "origin"),
            "chains": [sorted(base.chain_ends_seen_while), self._plain(base.chains)],
            **{f"finding {id_}": self._finding(d) for id_, d in base.findings.items()},
            **{f"formula {id_}": self._formula(d) for id_, d in base.derived.items()},
            **{f"contributor {id_}": self._contributor(d) for id_, d in base.contributors.items()},
            **{f"flag {code}": self._flag(d) for code, d in base.red_flags.items()},
            **{f"recommendation {code}": self._offered(d) for code, d in base.recommendations.items()},
        }

    def _finding(self, definition: FindingDefinition) -> Form:
        """What may be posted, what it becomes, and how long it counts."""
        keys = (
            "sided", "type", "region", "unit", "minimum", "maximum", "step", "value_aliases",
            "unknown_values", "exclusive_values", "valid_for_days", "safety", "derive", "agrees_within",
        )  # fmt: skip
        form = {key: self._plain(getattr(definition, key)) for key in keys}
        gate = self.rulebase.gates.get(definition.id)
        return {**form, "values": list(definition.values), "items": list(gate.items) if gate else None}

    def _formula(self, definition: DerivedDefinition) -> Form:
        kind = type(definition.formula).__name__
        return [definition.sided, definition.unit, kind, self._plain(definition.formula)]

    def _contributor(self, definition: ContributorDefinition) -> Form:
        groups = [sorted(group.any_of) for group in definition.key_groups]
        return [definition.beneath, definition.primary, definition.link_certainty.grade, groups]

    def _flag(self, flag: RedFlag) -> Form:
        return [flag.urgency.id, flag.withholds, flag.out_of_scope, flag.outside_intended_use]

    def _offered(self, definition: RecommendationDefinition) -> Form:
        keys = ("target", "given_while", "target_if_state", "text", "dose", "limits")
        return {key: self._plain(getattr(definition, key)) for key in keys}

    # -- anything ------------------------------------------------------------------------------

    def _of_each(self, items: Iterable[Any], *without: str) -> Form:
        return [self._of(item, without) for item in items]

    def _of(self, item: Any, without: Collection[str] = ()) -> Form:
        """The fields of a dataclass, and which one it is."""
        form = {f.name: self._plain(getattr(item, f.name)) for f in fields(item) if f.name not in without}
        return {"": type(item).__name__, **form}

    def _plain(self, value: Any) -> Form:
        match value:
            case None | bool() | int() | str():
                return value
            case FindingTest() | AllOf() | AnyOf() | AtLeastN() | ExactlyN() | NotKnown():
                return self.condition(value)
            case Mapping():
                return {str(key): self._plain(item) for key, item in value.items()}
            case frozenset():
                return sorted(map(str, value))
            case tuple() | list():
                return [self._plain(item) for item in value]
            case _ if is_dataclass(value):
                return self._of(value)
            case _:  # decimals, fractions, dates and times
                return str(value)


def _sorted(forms: Iterable[Form]) -> list[Form]:
    return sorted(forms, key=_written)


def _written(form: Form) -> bytes:
    return orjson.dumps(form, option=orjson.OPT_SORT_KEYS)
