"""The answer as JSON. Documented in openapi.yaml as `Assessment`; the one place that names its keys."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from schemas.text import write_instant
from service.domain.assessment import (
    Alternative,
    Assessment,
    ChainShown,
    Contributor,
    CriterionVerdict,
    Firing,
    Flag,
    Gap,
    Input,
    Knee,
    LedgerRow,
    NoteShown,
    Premise,
    Recommendation,
    Safety,
    Standing,
    Undetermined,
    Verdict,
)
from service.domain.exam import Side
from service.domain.rule import (
    Ask,
    Effect,
    Forbid,
    MakeDue,
    Note,
    RaiseFlag,
    Recommend,
    Score,
    SetState,
    ShowAlternative,
    SwitchedOff,
)
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import ContributorDefinition

Json = dict[str, Any]
MOST_GAPS = 10_000
TRACE_FORMAT = "kneechain.trace.v1"
"""What an answer calls the format of its trace. trace.v1.schema.json describes it and stays as it is."""


def write_heading(assessment: Assessment, rulebase: RuleBase) -> Json:
    """What stands on top of every answer about an exam: summary, rules, times and the safety screen."""
    answer: Json = {
        "recorded": assessment.recorded,
        "summary": {
            "headline": assessment.summary.headline,
            "ask_next": [
                sided(item.side, {"finding": item.finding, "label": item.label})
                for item in assessment.summary.ask_next
            ],
            "safety_left": assessment.summary.safety_left,
        },
        "rule_base": write_rule_base(rulebase),
        "software": dict(assessment.software),
    }
    exam = assessment.exam
    for key, reference in (
        ("exam_id", exam.exam_id), ("subject", exam.subject), ("encounter", exam.encounter),
        ("corrects", exam.corrects),
    ):  # fmt: skip
        if reference is not None:
            answer[key] = reference
    return answer | {
        "performed_at": write_instant(exam.performed_at),
        "assessed_at": write_instant(assessment.assessed_at),
        "outside_intended_use": assessment.outside_intended_use,
        "safety": _safety(assessment.safety),
    }


def write_assessment(assessment: Assessment, rulebase: RuleBase, brief: bool = False) -> Json:
    """The whole answer; brief leaves out trace, with its format, and undetermined."""
    answer: Json = {"assessment_id": assessment.id, **write_heading(assessment, rulebase)}
    answer["knees"] = [_knee(knee, rulebase) for knee in assessment.knees]
    answer["merged_recommendations"] = [
        {"code": merged.code, "id": merged.id, "sides": list(merged.sides)}
        for merged in assessment.merged_recommendations
    ]
    if not brief:
        memo: dict[int, Json] = {}
        answer["trace_format"] = TRACE_FORMAT
        answer["trace"] = [_firing(firing, rulebase, memo) for firing in assessment.trace]
    answer["suppressed"] = [
        sided(item.side, {"rule": item.rule, "by": list(item.by)}) for item in assessment.suppressed
    ]
    if not brief:
        answer["undetermined"] = [_undetermined(item) for item in assessment.undetermined]
    answer["notes"] = [write_note(note) for note in assessment.notes]
    answer["stale"] = [write_input(seen) for seen in assessment.stale]
    if assessment.ledger is not None:
        answer["ledger"] = [_ledger_row(row) for row in assessment.ledger]
    return answer


def write_rule_base(rulebase: RuleBase) -> Json:
    """Name, version, digest, approval, and the rules switched off; a draft says so.

    Of a rule that is switched off no title: what stands here is the same in every answer, also under a hold.
    """
    approval = rulebase.approval
    written: Json = {
        "name": rulebase.name,
        "version": rulebase.version,
        "digest": rulebase.digest,
        "status": approval.status,
        "approved_by": approval.approved_by,
        "approved_on": approval.approved_on.isoformat() if approval.approved_on else None,
        "review_by": approval.review_by.isoformat(),
        "intended_use": approval.intended_use,
        "disabled": [
            {"rule": rule.code, **write_switched_off(rule.disabled)} for rule in rulebase.switched_off
        ],
    }
    if approval.status == "draft":
        written["notice"] = approval.draft_notice
    return written


def write_switched_off(off: SwitchedOff | None) -> Json:
    """Who switched a rule off, when and why."""
    assert off is not None
    return {"by": off.by, "on": off.on.isoformat(), "reason": off.reason}


def _undetermined(item: Undetermined) -> Json:
    written: Json = {"rule": item.rule, "gaps": [write_gap(gap) for gap in item.gaps]}
    if item.switched_off:
        written["disabled"] = list(item.switched_off)
    return sided(item.side, written)


def sided(side: Side | None, fields: Json) -> Json:
    """`side` is left out where there is none."""
    return fields if side is None else {"side": side, **fields}


def _safety(safety: Safety) -> Json:
    return {
        "status": safety.status,
        "referral_first": safety.referral_first,
        "flags": [_flag(flag) for flag in safety.flags],
        "not_screened": [sided(side, {"finding": finding}) for finding, side in safety.not_screened],
        "withheld_reason": list(safety.withheld_reason),
        "disabled": list(safety.switched_off),
    }


def _flag(flag: Flag) -> Json:
    written: Json = {"code": flag.flag.code, "title": flag.flag.label}
    if flag.side is not None:
        written["side"] = flag.side
    written |= {
        "urgency": flag.flag.urgency.id,
        "withholds": flag.flag.withholds,
        "text": flag.text,
        "because": list(flag.because),
        "rules": [{"code": rule.code, "version": rule.version} for rule in flag.rules],
        "rule_version": flag.rules[0].version,
        "evidence": list(dict.fromkeys(c.cite for rule in flag.rules for c in rule.evidence)),
    }
    if flag.clearance is not None:
        given = flag.clearance
        written["cleared"] = {
            "by": given.by,
            "role": given.role,
            "reason": given.reason,
            "evidence": given.evidence,
            "at": write_instant(given.at),
        }
    return written


def _knee(knee: Knee, rulebase: RuleBase) -> Json:
    return {
        "side": knee.side,
        "scope": "in" if knee.in_scope else "out",
        "provisional": knee.provisional,
        "secondary": knee.secondary,
        "contributors": [_contributor(item, rulebase) for item in knee.contributors],
        "alternatives": [_alternative(item) for item in knee.alternatives],
        "states": [
            {
                "id": s.definition.id,
                "label": s.definition.label,
                "basis": s.definition.basis,
                "rules": list(s.rules),
            }
            for s in knee.states
        ],
        "chains": [_chain(chain) for chain in knee.chains],
        "recommendations": [_recommendation(item) for item in knee.recommendations],
        "next_tests": [
            {"code": test.code, "findings": list(test.findings), "why": test.why} for test in knee.next_tests
        ],
        "regions_not_assessed": list(knee.regions_not_assessed),
    }


def _contributor(item: Contributor, rulebase: RuleBase) -> Json:
    standing, definition = item.standing, item.definition
    return {
        "id": definition.id,
        "label": definition.label,
        **write_standing(standing, rulebase),
        "link_certainty": write_certainty(definition),
        "origin": list(definition.origin),
        "rank": standing.rank,
        "supporting_rules": list(standing.supporting_rules),
        "opposing_rules": list(standing.opposing_rules),
        "noted_rules": list(item.noted_rules),
        "shared_findings": list(item.shared_findings),
        "less_specific": list(item.less_specific),
        "disabled_clusters": [
            {"cluster": d.cluster, "speaks": "for" if d.supports else "against", "rules": list(d.rules)}
            for d in item.dark
        ],
        "mechanisms": [_contributor(mechanism, rulebase) for mechanism in item.mechanisms],
    }


def write_standing(standing: Standing, rulebase: RuleBase) -> Json:
    """The class of a contributor and what gave it. Its link certainty always stands beside it."""
    return {
        "class": standing.name,
        "class_words": rulebase.class_words[standing.name],
        "net": standing.net,
        "support": standing.support,
        "against": standing.against,
        "coverage": {"assessed": standing.assessed, "of": standing.of},
    }


def write_certainty(definition: ContributorDefinition) -> Json:
    """How sure the literature is that a contributor matters."""
    certainty = definition.link_certainty
    return {"grade": certainty.grade, "shown_as": certainty.words, "text": certainty.text}


def _alternative(item: Alternative) -> Json:
    definition = item.definition
    return {
        "id": definition.id,
        "label": definition.label,
        "text": definition.text,
        "rules": list(item.rules),
        "because": list(item.because),
        "evidence": list(definition.cites),
        "verification": definition.verification,
        "origin": list(definition.origin),
        "caution": item.caution,
    }


def _chain(chain: ChainShown) -> Json:
    return {
        "id": chain.id,
        "label": chain.label,
        "arrows": [
            {
                "from": arrow.source,
                "to": arrow.target,
                "assumed": arrow.assumed,
                "level": arrow.level,
                "rules": list(arrow.rules),
                "says": arrow.says,
            }
            for arrow in chain.arrows
        ],
    }


def _recommendation(item: Recommendation) -> Json:
    written: Json = {
        "code": item.code,
        "id": item.id,
        "target": item.target,
        "text": item.text,
        "because": item.because,
    }
    if item.definition is not None:
        written |= {
            "label": item.definition.label,
            "dose": item.definition.dose,
            "support": item.definition.support,
            "limits": item.definition.limits,
            "evidence": list(item.definition.cites),
            "verification": item.definition.verification,
        }
    return written


def _firing(firing: Firing, rulebase: RuleBase, memo: dict[int, Json]) -> Json:
    written: Json = {"step": firing.step}
    if firing.side is not None:
        written["side"] = firing.side
    rule = firing.rule
    written |= {
        "rule": rule.code,
        "rule_id": rule.id,
        "rule_version": rule.version,
        "effects": [_effect(effect, without) for effect, without in firing.effects],
        "because": firing.because,
        "inputs": _inputs(firing.inputs, memo),
        "premises": [_premise(premise) for premise in firing.premises],
        "assumed": [write_gap(gap) for gap in firing.assumed],
        "evidence": [
            {"cite": c.cite, "level": c.level, "verification": rulebase.sources[c.cite].verification}
            for c in rule.evidence
        ],
    }
    if firing.caution:
        written["caution"] = firing.caution
    return written


_WRITE_EFFECT: Mapping[type, Callable[[Any], Json]] = {
    SetState: lambda e: {"state": e.state},
    Score: lambda e: {
        "supports" if e.supports else "opposes": e.target,
        "strength": e.strength,
        "points": e.points,
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


def _effect(effect: Effect, without: str | None) -> Json:
    written = _WRITE_EFFECT[type(effect)](effect)
    return written if without is None else {**written, "without_effect": without}


def _premise(premise: Premise) -> Json:
    return {premise.kind: premise.id, "is": premise.value}


def _inputs(inputs: Iterable[Input], memo: dict[int, Json]) -> list[Json]:
    """Each input written once for the whole answer, however many rules read it."""
    written = []
    for seen in inputs:
        if id(seen) not in memo:
            memo[id(seen)] = write_input(seen)
        written.append(memo[id(seen)])
    return written


def write_input(seen: Input) -> Json:
    written: Json = {"finding": seen.finding}
    if seen.side is not None:
        written["side"] = seen.side
    written["value"] = list(seen.value) if isinstance(seen.value, tuple) else seen.value
    if seen.unit is not None:
        written["unit"] = seen.unit
    written["observed_at"] = write_instant(seen.observed_at)
    if seen.through_gate is not None:
        written["through_gate"] = seen.through_gate
    if seen.derived_from:
        written["derived_from"] = list(seen.derived_from)
    if seen.painful:
        written["painful"] = True
    return written


@lru_cache(maxsize=MOST_GAPS)
def write_gap(gap: Gap) -> Json:
    """Made once for equal gaps; it holds nothing of a patient, and nobody changes it."""
    written = sided(gap.side, {"finding": gap.finding, "status": gap.status})
    return {**written, "any_of": list(gap.any_of)} if gap.any_of else written


def write_note(note: NoteShown) -> Json:
    return sided(note.side, {"rule": note.rule, "about": note.about, "text": note.text})


def _ledger_row(row: LedgerRow) -> Json:
    return {
        "rule": row.rule.code,
        "rule_id": row.rule.id,
        "rule_version": row.rule.version,
        "verdicts": [_verdict(verdict) for verdict in row.verdicts],
    }


TRUTHS = {True: "true", False: "false", None: "unknown"}


def _verdict(verdict: Verdict) -> Json:
    written: Json = sided(verdict.side, {"outcome": verdict.outcome})
    written["criteria"] = [write_criterion(criterion) for criterion in verdict.criteria]
    return written


def write_criterion(criterion: CriterionVerdict) -> Json:
    written: Json = {
        "part": criterion.part,
        "reads": criterion.reads,
        "needed": criterion.needed,
        "truth": TRUTHS[criterion.truth],
        "seen": list(criterion.seen) if isinstance(criterion.seen, tuple) else criterion.seen,
    }
    if criterion.through_gate is not None:
        written["through_gate"] = criterion.through_gate
    return sided(criterion.side, written)
