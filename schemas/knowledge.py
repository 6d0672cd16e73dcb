"""The rule base as JSON: findings, contributors, rules. Documented in openapi.yaml."""

from typing import Any

from schemas.assessment import write_rule_base
from service.domain.rule import Convention, Rule
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import ContributorDefinition, FindingDefinition, SourcedText

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


def write_finding(definition: FindingDefinition) -> Json:
    """A finding with everything the vocabulary says of it."""
    written = write_finding_line(definition)
    written |= {
        "words": dict(definition.values),
        "aliases": list(definition.aliases),
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
    return written


def _number(value: Any) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _sourced(text: SourcedText) -> Json:
    return {"says": text.says, "cite": text.cite, "verification": text.verification}


def write_contributor_definition(definition: ContributorDefinition) -> Json:
    certainty = definition.link_certainty
    return {
        "id": definition.id,
        "label": definition.label,
        "region": definition.region,
        "origin": list(definition.origin),
        "primary": definition.primary,
        "beneath": definition.beneath,
        "link_certainty": {
            "grade": certainty.grade,
            "shown_as": certainty.words,
            "text": certainty.text,
            "cites": list(certainty.cites),
        },
        "key_groups": [{"label": g.label, "any_of": list(g.any_of)} for g in definition.key_groups],
    }


def write_rule_line(rule: Rule | Convention) -> Json:
    return {
        "code": rule.code,
        "id": rule.id,
        "title": rule.title,
        "version": rule.version,
        "status": rule.status if isinstance(rule, Rule) else "draft",
        "family": rule.family if isinstance(rule, Rule) else "conventions",
    }


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


def write_rulebase(rulebase: RuleBase) -> Json:
    """What the rule base is, how it decides, and who approved it."""
    return {
        **write_rule_base(rulebase),
        "strengths": dict(rulebase.strengths),
        "classes": [{"class": r.name, "words": r.words} for r in rulebase.class_rules],
        "class_order": list(rulebase.class_order),
        "link_certainty_order": list(rulebase.link_certainty_order),
        "counts": {
            "findings": len(rulebase.findings),
            "rules": len(rulebase.rules) + len(rulebase.conventions),
            "contributors": len(rulebase.ranked_contributors),
            "sources": len(rulebase.sources),
        },
    }
