"""Why, and why not, as JSON. Documented in openapi.yaml as `Why` and `WhyNot`."""

from typing import Any

from schemas.assessment import (
    TRUTHS,
    sided,
    write_certainty,
    write_criterion,
    write_gap,
    write_input,
    write_note,
    write_standing,
)
from service.domain.reasons import (
    BoundShown,
    ClassShown,
    ClusterShown,
    ConclusionShown,
    ConditionShown,
    ContributorProof,
    CriterionShown,
    Distance,
    FlagProof,
    Found,
    KeyGroupShown,
    Miss,
    OtherRule,
    Proof,
    RuleShown,
    StateProof,
    Why,
    WhyNot,
)
from service.domain.rule import Rule, Score
from service.domain.rulebase import RuleBase

Json = dict[str, Any]


def write_why(answer: Why, rulebase: RuleBase) -> Json:
    written: Json = {"holds": TRUTHS[answer.holds], "text": answer.text}
    if answer.proof is not None:
        written["proof"] = _proof(answer.proof, rulebase)
    if answer.ask_why_not:
        written["ask_instead"] = "why-not"
    return written


def write_why_not(answer: WhyNot, rulebase: RuleBase) -> Json:
    written: Json = {"holds": TRUTHS[answer.holds], "text": answer.text}
    standing = answer.standing
    if standing is not None:
        written |= {
            "class": standing.name,
            "class_words": rulebase.class_words[standing.name],
            "link_certainty": write_certainty(rulebase.contributors[standing.id]),
            "classes": [_class(shown) for shown in answer.classes],
            "opposing_rules": list(answer.against),
        }
    written["misses"] = [_miss(miss, rulebase) for miss in answer.misses]
    return written


# -- conclusions ---------------------------------------------------------------------------------


def _proof(proof: Proof, rulebase: RuleBase) -> Json:
    match proof:
        case ContributorProof():
            return _contributor(proof, rulebase)
        case StateProof():
            return _state(proof, rulebase)
        case FlagProof():
            return _flag(proof, rulebase)


def _contributor(proof: ContributorProof, rulebase: RuleBase) -> Json:
    definition, standing = proof.definition, proof.standing
    return {
        "kind": "mechanism" if definition.beneath else "contributor",
        "id": definition.id,
        "label": definition.label,
        "side": proof.side,
        **write_standing(standing, rulebase),
        "link_certainty": write_certainty(definition),
        "classes": [_class(shown) for shown in proof.classes],
        "clusters": [_cluster(cluster) for cluster in proof.clusters],
        "key_groups": [_key_group(group) for group in proof.key_groups],
        "rules": [_rule(rule, rulebase) for rule in proof.rules],
        "notes": [write_note(note) for note in proof.notes],
        "others": [_other(rule) for rule in proof.others],
    }


def _state(proof: StateProof, rulebase: RuleBase) -> Json:
    definition = proof.definition
    written: Json = {"kind": "state", "id": definition.id, "label": definition.label}
    if proof.side is not None:
        written["side"] = proof.side
    written |= {"basis": definition.basis, "rules": [_rule(rule, rulebase) for rule in proof.rules]}
    return written if proof.screen is None else {**written, "screen": proof.screen}


def _flag(proof: FlagProof, rulebase: RuleBase) -> Json:
    written: Json = {"kind": "flag", "id": proof.flag.code, "label": proof.flag.label}
    if proof.side is not None:
        written["side"] = proof.side
    written |= {
        "urgency": proof.flag.urgency.id,
        "withholds": proof.flag.withholds,
        "text": proof.text,
        "rules": [_rule(rule, rulebase) for rule in proof.rules],
    }
    return written if proof.cleared_by is None else {**written, "cleared_by": proof.cleared_by}


def _class(shown: ClassShown) -> Json:
    return {
        "class": shown.name,
        "class_words": shown.words,
        "decides": shown.decides,
        "bounds": [_bound(bound) for bound in shown.bounds],
    }


def _bound(bound: BoundShown) -> Json:
    written: Json = {"quantity": bound.quantity}
    if bound.lowest is not None:
        written["at_least"] = bound.lowest
    if bound.highest is not None:
        written["at_most"] = bound.highest
    if bound.of is not None:
        written["of"] = bound.of
    return {**written, "value": bound.value, "short_by": bound.short_by}


def _cluster(cluster: ClusterShown) -> Json:
    return {
        "cluster": cluster.cluster,
        "speaks": "for" if cluster.supports else "against",
        "points": cluster.points,
        "counted": cluster.counted,
        "not_counted": list(cluster.not_counted),
    }


def _key_group(group: KeyGroupShown) -> Json:
    return {
        "label": group.label,
        "assessed": bool(group.found),
        "any_of": list(group.any_of),
        "found": [write_found(found) for found in group.found],
    }


# -- rules ---------------------------------------------------------------------------------------


def _named(rule: Rule) -> Json:
    return {"rule": rule.code, "rule_id": rule.id, "rule_version": rule.version, "title": rule.title}


def _other(other: OtherRule) -> Json:
    written: Json = {**_named(other.rule), "outcome": other.outcome}
    if other.gaps:
        written["gaps"] = [write_gap(gap) for gap in other.gaps]
    return {**written, "by": list(other.by)} if other.by else written


def _rule(shown: RuleShown, rulebase: RuleBase) -> Json:
    written = sided(shown.side, _named(shown.rule))
    if shown.score is not None:
        written["score"] = {**_score(shown.score), "counted": shown.counted}
    written |= {"because": shown.because, "when": _condition(shown.when, rulebase)}
    if shown.unless is not None:
        written["unless"] = _condition(shown.unless, rulebase)
    written["assumed"] = [write_gap(gap) for gap in shown.assumed]
    written["evidence"] = [
        {"cite": c.cite, "level": c.level, "verification": rulebase.sources[c.cite].verification}
        for c in shown.rule.evidence
    ]
    return {**written, "caution": shown.caution} if shown.caution else written


def _score(score: Score) -> Json:
    return {
        "speaks": "for" if score.supports else "against",
        "strength": score.strength,
        "points": score.points,
        "cluster": score.cluster,
        "combination": score.combination,
    }


def _miss(miss: Miss, rulebase: RuleBase) -> Json:
    written = sided(miss.side, {**_named(miss.rule), "outcome": miss.outcome})
    if miss.score is not None:
        written["score"] = {**_score(miss.score), "would_count": miss.would_count}
    written["distance"] = _distance(miss.distance)
    written["nearest"] = [_criterion(criterion, rulebase) for criterion in miss.nearest]
    written["when"] = _condition(miss.when, rulebase)
    if miss.unless is not None:
        written["unless"] = _condition(miss.unless, rulebase)
    if miss.suppressed_by:
        written["suppressed_by"] = [_criterion(c, rulebase) for c in miss.suppressed_by]
    return {**written, "gaps": [write_gap(gap) for gap in miss.gaps]}


def _distance(distance: Distance | None) -> Json | None:
    if distance is None:
        return None
    return {"changes": distance.changes, "unknown": distance.unknown, "known": distance.known}


# -- conditions ----------------------------------------------------------------------------------


def _condition(shown: ConditionShown, rulebase: RuleBase) -> Json:
    if isinstance(shown, CriterionShown):
        return _criterion(shown, rulebase)
    written: Json = {"group": shown.kind, "truth": TRUTHS[shown.truth]}
    if shown.n is not None:
        written["n"] = shown.n
    return {**written, "of": [_condition(member, rulebase) for member in shown.members]}


def _criterion(shown: CriterionShown, rulebase: RuleBase) -> Json:
    written = {**write_criterion(shown.verdict), "label": shown.label}
    if shown.change is not None:
        written["change_to"] = TRUTHS[shown.change]
    if shown.formula is not None:
        formula = {"words": shown.formula.words, "cite": shown.formula.cite}
        written["formula"] = {**formula, **({"unit": shown.formula.unit} if shown.formula.unit else {})}
    if shown.found:
        written["found"] = [write_found(found) for found in shown.found]
    if shown.gaps:
        written["gaps"] = [write_gap(gap) for gap in shown.gaps]
    if shown.conclusion is not None:
        written["conclusion"] = _conclusion(shown.conclusion, rulebase)
    return written


def _conclusion(shown: ConclusionShown, rulebase: RuleBase) -> Json:
    written: Json = {"kind": shown.target.kind, "id": shown.target.id, "label": shown.label}
    if shown.side is not None:
        written["side"] = shown.side
    if shown.shown_above:
        written["shown_above"] = True
    return written if shown.proof is None else {**written, "proof": _proof(shown.proof, rulebase)}


def write_found(found: Found) -> Json:
    """A finding that was observed, in words and values, with what it rests on."""
    written = {**write_input(found.seen), "label": found.label, "words": found.words}
    if found.method is not None:
        written["method"] = found.method
    if found.formula is not None:
        written["formula"] = found.formula
    if found.rests_on:
        written["rests_on"] = [write_found(each) for each in found.rests_on]
    return written
