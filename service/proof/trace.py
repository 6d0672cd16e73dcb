"""The right trace: every rule that fires with what it rests on, and those that did not for a reason."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from service.domain.exam import Side
from service.domain.rule import (
    Ask,
    ClassTest,
    CoverageTest,
    Criterion,
    Effect,
    FindingTest,
    FlagTest,
    Forbid,
    MakeDue,
    Note,
    RaiseFlag,
    Recommend,
    Rule,
    Score,
    SetState,
    ShowAlternative,
    StateTest,
)
from service.proof.case import Case
from service.proof.judgement import Judgement
from service.proof.sentence import Sentence
from service.proof.writing import Json, gaps, seen, sided


class Firing:
    """One rule that fired, and what made it fire."""

    def __init__(self, case: Case, rule: Rule, side: Side | None, judgement: Judgement) -> None:
        self.case, self.rule, self.side, self.judgement = case, rule, side, judgement
        held = judgement.held(rule.when)
        self.inputs = judgement.inputs(c for c in held if isinstance(c, FindingTest))
        self.premises = [_premise(c, judgement) for c in held if not isinstance(c, FindingTest)]

    def written(self) -> Json:
        rule, rulebase = self.rule, self.case.rulebase
        written: Json = {
            "rule": rule.code,
            "rule_id": rule.id,
            "rule_version": rule.version,
            "effects": [self._effect(effect) for effect in rule.effects if not self._not_named(effect)],
            "because": self.because,
            "inputs": [seen(rulebase, one) for one in self.inputs],
            "premises": self.premises,
            "assumed": gaps(self.judgement.missing(rule)),
            "evidence": [
                {"cite": c.cite, "level": c.level, "verification": rulebase.sources[c.cite].verification}
                for c in rule.evidence
            ],
        }
        caution = self.caution()
        return sided(self.side, written | ({"caution": caution} if caution else {}))

    @cached_property
    def because(self) -> str:
        return Sentence(self.case, self.rule, self.judgement).written()

    def _not_named(self, effect: Effect) -> bool:
        """Under a hold no recommendation is named, not even to forbid it."""
        if not self.case.screen.hold or not isinstance(effect, Forbid):
            return False
        return not self.case.rulebase.recommendations.keys().isdisjoint(effect.ids)

    def _effect(self, effect: Effect) -> Json:
        written = EFFECTS[type(effect)](effect)
        if isinstance(effect, Score):
            written["points"] = self.case.rulebase.strengths[effect.strength]
        without = self._without_effect(effect)
        return written if without is None else written | {"without_effect": without}

    def _without_effect(self, effect: Effect) -> str | None:
        match effect:
            case Score():
                counts = id(effect) in self.judgement.standing(effect.target).counted
                return None if counts else self.case.rulebase.wording["not_strongest"]
            case Recommend():
                return self.case.refusal(effect, self.judgement)
            case _:
                return None

    def caution(self) -> str | None:
        """The rule's own, before it that a bonus is none, after it what is seen in people without pain."""
        wording, parts = self.case.rulebase.wording, [self.rule.caution] if self.rule.caution else []
        if any(score.combination for score in self.rule.scores):
            parts.insert(0, wording["combination"])
        for one in self.inputs if any(score.supports for score in self.rule.scores) else ():
            also = self.case.rulebase.findings[one.finding].seen_in_pain_free
            if also and (not also.values or str(one.value) in also.values):
                parts.append(wording["seen_in_pain_free"].format(says=also.says))
        return " ".join(dict.fromkeys(parts)) or None


EFFECTS: Mapping[type, Callable[[Any], Json]] = {
    SetState: lambda e: {"state": e.state},
    Score: lambda e: {
        "supports" if e.supports else "opposes": e.target,
        "strength": e.strength,
        "cluster": e.cluster,
        "combination": e.combination,
    },
    Note: lambda e: {"note": e.about},
    ShowAlternative: lambda e: {"alternative": e.alternative},
    RaiseFlag: lambda e: {"flag": e.flag},
    MakeDue: lambda e: {"due": list(e.findings)},
    Forbid: lambda e: {"forbid": list(e.ids), "reason": e.reason},
    Recommend: lambda e: {"recommend": e.code},
    Ask: lambda e: {"ask": list(e.findings)},
}


def _premise(criterion: Criterion, judgement: Judgement) -> Json:
    match criterion:
        case StateTest(state):
            return {"state": state, "is": "present"}
        case ClassTest(contributor):
            return {"class": contributor, "is": judgement.standing(contributor).name}
        case CoverageTest(contributor):
            assessed, of = judgement.covered(contributor)
            return {"coverage": contributor, "is": f"{assessed}/{of}"}
        case FlagTest(flag):
            return {"flag": flag, "is": "fired"}
        case _:
            return {"assessed": judgement.side, "is": "yes"}


# -- rules that did not fire ---------------------------------------------------------------


def suppressed(case: Case) -> list[Json]:
    return [
        sided(side, {"rule": rule.code, "by": list(dict.fromkeys(map(_read, judgement.held(rule.unless))))})
        for rule, side, judgement in case.judged()
        if judgement.outcome(rule) == "suppressed"
    ]


def undetermined(case: Case) -> list[Json]:
    return [
        sided(side, _open(rule, judgement))
        for rule, side, judgement in case.judged()
        if judgement.outcome(rule) == "undetermined"
    ]


def _open(rule: Rule, judgement: Judgement) -> Json:
    """What it waits for: findings, and rules that are switched off."""
    off = judgement.left_open_by(rule)
    return {"rule": rule.code, "gaps": gaps(judgement.missing(rule))} | ({"disabled": off} if off else {})


def _read(criterion: Criterion) -> str:
    """What a criterion reads, by id."""
    match criterion:
        case FindingTest(name) | StateTest(name) | ClassTest(name) | CoverageTest(name) | FlagTest(name):
            return name
        case _:
            return "assessed"
