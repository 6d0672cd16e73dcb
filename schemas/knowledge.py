"""The rule base as JSON: findings, contributors, rules. Documented in openapi.yaml."""

from typing import Any

from schemas.assessment import write_certainty, write_rule_base, write_switched_off
from service.domain.rule import Convention, Review, Rule
from service.domain.rulebase import RANKED_BY, Bound, RuleBase
from service.domain.source_attributes import SourceAttribute
from service.domain.vocabulary import (
    AlternativeDefinition,
    ContributorDefinition,
    DerivedDefinition,
    FindingDefinition,
    RecommendationDefinition,
    RedFlag,
    Source,
    SourcedText,
    StateDefinition,
    Urgency,
    grade_words,
)

Json = dict[str, Any]


def write_finding_line(definition: FindingDefinition) -> Json:
    """A finding as the list shows it: what is needed to post it."""
    written: Json = {
        "id": definition.id,
        "label": definition.label,
        "region": definition.region,
        "safety": definition.safety is not None,
        "side": "sided" if definition.sided else "none",
        "type": definition.type,
        "use": definition.use,
    }
    if definition.unit is not None:
        written["unit"] = definition.unit
    if definition.numeric:
        written["range"] = [_number(definition.minimum), _number(definition.maximum)]
        written["step"] = _number(definition.step)
    elif definition.type == "grade":
        written["grades"] = list(definition.values)
    else:
        written["values"] = [value for value in definition.values if value not in definition.unknown_values]
    return written


def write_finding(definition: FindingDefinition, rulebase: RuleBase, **read: Any) -> Json:
    """A finding with everything the vocabulary says of it; `read` adds its own formula, if it has one."""
    written = write_finding_line(definition)
    written |= {
        "words": dict(definition.values),
        "aliases": list(definition.aliases),
        "found_by": list(definition.found_by),
        "value_aliases": dict(definition.value_aliases),
        "unknown_values": sorted(definition.unknown_values),
        "measured": definition.measured,
        "cut_offs": [_sourced(text) for text in definition.cut_offs],
        "reliability": [_sourced(text) for text in definition.reliability],
        "valid_for_days": definition.valid_for_days,
        "changeable": definition.changeable,
        "burden_seconds": definition.burden_seconds,
        "codes": [dict(code) for code in definition.codes],
    }
    if definition.seen_in_pain_free is not None:
        written["seen_in_pain_free"] = _sourced(definition.seen_in_pain_free)
    if definition.safety is not None:
        written["due"] = definition.safety.due
    if definition.id in rulebase.gates:
        written["items"] = list(rulebase.gates[definition.id].items)
    if definition.id in rulebase.gates_of:
        written["gates"] = list(rulebase.gates_of[definition.id])
    return written | read


def write_derived(definition: DerivedDefinition, **read: Any) -> Json:
    """A formula over findings; `read` adds the formula as printed for reading."""
    written: Json = {
        "id": definition.id,
        "label": definition.label,
        "side": "sided" if definition.sided else "none",
        "type": "yes_no" if definition.two_valued else "number",
    }
    if definition.unit is not None:
        written["unit"] = definition.unit
    return {**written, **read, "cite": definition.cite, "verification": definition.verification}


def _number(value: Any) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _sourced(text: SourcedText) -> Json:
    return {"says": text.says, "cite": text.cite, "verification": text.verification}


def write_contributor_definition(definition: ContributorDefinition) -> Json:
    return {
        "id": definition.id,
        "label": definition.label,
        "for_patients": definition.for_patients,
        "region": definition.region,
        "origin": list(definition.origin),
        "primary": definition.primary,
        "beneath": definition.beneath,
        "link_certainty": {
            **write_certainty(definition),
            "cites": list(definition.link_certainty.cites),
        },
        "key_groups": [{"label": g.label, "any_of": list(g.any_of)} for g in definition.key_groups],
    }


def write_rule_line(rule: Rule | Convention) -> Json:
    return {
        "code": rule.code,
        "id": rule.id,
        "title": rule.title,
        "version": rule.version,
        "status": rule.status,
        "reviewed": _review(rule.reviewed),
        "disabled": _switched_off(rule),
        "family": rule.family,
    }


def _switched_off(rule: Rule | Convention) -> Json | None:
    off = rule.disabled if isinstance(rule, Rule) else None
    return None if off is None else write_switched_off(off)


def _review(review: Review | None) -> Json | None:
    if review is None:
        return None
    return {"by": review.by, "on": review.on.isoformat(), "due": review.due.isoformat()}


def write_rule(rule: Rule | Convention, rulebase: RuleBase, **read: Any) -> Json:
    """A rule whole; `read` adds its condition and effects as printed for reading."""
    written = write_rule_line(rule)
    written |= read
    written |= {
        "origin": list(rule.origin),
        "because": rule.because,
        "caution": rule.caution,
        "evidence": [
            {
                "cite": c.cite,
                "shows": c.shows,
                "level": c.level,
                "reference": rulebase.sources[c.cite].reference,
                "verification": rulebase.sources[c.cite].verification,
            }
            for c in rule.evidence
        ],
        "rule_base": {"version": rulebase.version, "digest": rulebase.digest},
    }
    return written


def write_source_attributes(
    rule: Rule | Convention, attributes: tuple[SourceAttribute, ...], rulebase: RuleBase
) -> Json:
    """The thirteen source attributes of one rule, in the order of the regulation."""
    return {
        "code": rule.code,
        "rule_version": rule.version,
        "regulation": rulebase.source_sheet.regulation,
        "attributes": [_source_attribute(attribute, rulebase) for attribute in attributes],
        "rule_base": {"version": rulebase.version, "digest": rulebase.digest},
    }


def _source_attribute(attribute: SourceAttribute, rulebase: RuleBase) -> Json:
    return {
        "number": attribute.number,
        "id": attribute.id,
        "label": attribute.label,
        "used": attribute.used,
        "says": attribute.says,
        "findings": [{"finding": id_, "directly": directly} for id_, directly in attribute.findings],
        "screen_findings": list(attribute.screen),
        "citations": [_source(rulebase.sources[cite]) for cite in attribute.citations],
    }


def write_rulebase(rulebase: RuleBase) -> Json:
    """What the rule base is, how it decides, and who approved it."""
    return {
        **write_rule_base(rulebase),
        "strengths": dict(rulebase.strengths),
        "classes": [
            {"class": rule.name, "words": rule.words, "when": [_bound(bound) for bound in rule.bounds]}
            for rule in rulebase.class_rules
        ],
        "undecided_classes": sorted(rulebase.undecided_classes),
        "ranked_by": list(RANKED_BY),
        "class_order": list(rulebase.class_order),
        "link_certainty_order": list(rulebase.link_certainty_order),
        "link_certainty_words": _certainty_words(rulebase),
        "urgencies": [_urgency(urgency) for urgency in rulebase.urgencies],
        "states": [_state(state) for state in rulebase.states.values()],
        "red_flags": [_red_flag(flag) for flag in rulebase.red_flags.values()],
        "chains": [{"id": c.id, "label": c.label, "origin": list(c.origin)} for c in rulebase.chains],
        "recommendations": [_recommendation(r) for r in rulebase.recommendations.values()],
        "alternatives": [_alternative(a) for a in rulebase.alternatives.values()],
        "sources": [_source(source) for source in rulebase.sources.values()],
        "counts": {
            "findings": len(rulebase.findings),
            "rules": len(rulebase.rules) + len(rulebase.conventions),
            "contributors": len(rulebase.ranked_contributors),
            "sources": len(rulebase.sources),
        },
    }


def _bound(bound: Bound) -> Json:
    return {"quantity": bound.quantity, "word": bound.word, "limits": list(bound.limits)}


def _certainty_words(rulebase: RuleBase) -> list[Json]:
    """For each grade, surest first, its own words, then the finer ones that some contributor has."""
    finer: dict[str, list[str]] = {grade: [] for grade in rulebase.link_certainty_order}
    for contributor in rulebase.contributors.values():
        if contributor.link_certainty.shown_as is not None:
            finer[contributor.link_certainty.grade].append(contributor.link_certainty.shown_as)
    return [{"grade": grade, "words": [grade_words(grade), *words]} for grade, words in finer.items()]


def _state(state: StateDefinition) -> Json:
    return {
        "id": state.id,
        "label": state.label,
        "basis": state.basis,
        "origin": list(state.origin),
        "shown": not state.internal,
    }


def _urgency(urgency: Urgency) -> Json:
    return {
        "urgency": urgency.id,
        "words": urgency.words,
        "withholds_all": urgency.withholds_all,
        "referral_first": urgency.referral_first,
        "refers": urgency.refers,
        "act_first": urgency.act_first,
    }


def _red_flag(flag: RedFlag) -> Json:
    return {
        "code": flag.code,
        "title": flag.label,
        "urgency": flag.urgency.id,
        "withholds": flag.withholds,
        "clearable": flag.clearable,
    }


def _recommendation(definition: RecommendationDefinition) -> Json:
    return {
        "code": definition.code,
        "id": definition.id,
        "label": definition.label,
        "target": definition.target,
        "text": definition.text,
        "for_patients": definition.for_patients,
        "dose": definition.dose,
        "support": definition.support,
        "limits": definition.limits,
        "evidence": list(definition.cites),
        "verification": definition.verification,
        "origin": list(definition.origin),
    }


def _alternative(alternative: AlternativeDefinition) -> Json:
    return {
        "id": alternative.id,
        "label": alternative.label,
        "text": alternative.text,
        "evidence": list(alternative.cites),
        "verification": alternative.verification,
        "origin": list(alternative.origin),
    }


def _source(source: Source) -> Json:
    return {
        "key": source.key,
        "reference": source.reference,
        "verification": source.verification,
        "verification_note": source.verification_note,
        "shows": source.shows,
        "doi": source.doi,
    }
