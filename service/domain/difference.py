"""What differs between two exams, finding by finding and conclusion by conclusion, each with its reasons."""

from dataclasses import dataclass
from typing import Literal

from service.domain.assessment import SafetyStatus, Standing
from service.domain.exam import Key, Side
from service.domain.logic import Truth
from service.domain.reasons import Found
from service.domain.rule import Rule
from service.domain.vocabulary import (
    ContributorDefinition,
    RecommendationDefinition,
    RedFlag,
    StateDefinition,
)

FlagState = Literal["absent", "unknown", "open", "cleared"]


@dataclass(frozen=True, slots=True)
class FindingChange:
    """A finding that counts otherwise. Where it was not observed, its status stands for it."""

    key: Key
    label: str
    before: Found | str
    after: Found | str

    @property
    def change(self) -> str:
        if isinstance(self.before, str):
            return "status" if isinstance(self.after, str) else "added"
        return "removed" if isinstance(self.after, str) else "changed"


@dataclass(frozen=True, slots=True)
class By:
    """What a rule's changed outcome goes back to: changed findings, states of the screen, knees assessed."""

    findings: tuple[Key, ...] = ()
    screen: tuple[str, ...] = ()
    knees: tuple[Side, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleChange:
    rule: Rule
    side: Side | None
    before: str
    after: str
    by: By


@dataclass(frozen=True, slots=True)
class StateChange:
    """`rules`: those with a say in it whose outcome changed."""

    definition: StateDefinition
    before: Truth
    after: Truth
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContributorChange:
    """`rules`: scoring rules that now fire or no longer do. `coverage`: findings that changed how much was
    examined. `passed`: contributors that stand otherwise, where only the rank changed.
    """

    definition: ContributorDefinition
    before: Standing
    after: Standing
    rules: tuple[str, ...]
    coverage: tuple[Key, ...]
    passed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecommendationChange:
    """An option given in one and not in the other; `withheld` says why not, None where no rule offers it.

    It goes back to rules, to the class of its target, to states, or to the screen.
    """

    definition: RecommendationDefinition
    given: bool
    """Whether it is given after."""
    withheld: str | None
    rules: tuple[str, ...]
    contributors: tuple[str, ...]
    states: tuple[str, ...]
    screen: bool


@dataclass(frozen=True, slots=True)
class KneeChange:
    """One knee that both exams assess; empty where either may not show it."""

    side: Side
    withheld: bool
    states: tuple[StateChange, ...] = ()
    contributors: tuple[ContributorChange, ...] = ()
    recommendations: tuple[RecommendationChange, ...] = ()


@dataclass(frozen=True, slots=True)
class FlagChange:
    flag: RedFlag
    side: Side | None
    before: FlagState
    after: FlagState
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SafetyChange:
    """`due`: questions that are open only after; `settled`: only before."""

    before: SafetyStatus
    after: SafetyStatus
    referral_first: tuple[bool, bool]
    flags: tuple[FlagChange, ...]
    due: tuple[Key, ...]
    settled: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`one_knee_only`: sides that only one of the exams assesses, so that nothing can be compared."""

    safety: SafetyChange
    findings: tuple[FindingChange, ...]
    rules: tuple[RuleChange, ...]
    knees: tuple[KneeChange, ...]
    one_knee_only: tuple[Side, ...]
