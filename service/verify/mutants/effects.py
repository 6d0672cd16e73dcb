"""Small changes of what a rule does: each effect dropped, turned, or aimed at something else."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from service.domain.rule import (
    Ask,
    Effect,
    Forbid,
    MakeDue,
    Note,
    RaiseFlag,
    Recommend,
    Rule,
    Score,
    SetState,
    ShowAlternative,
)
from service.domain.rulebase import RuleBase
from service.verify.mutants.mutant import Change

Changed = tuple[Change, Effect]


def changes_of_rule(rulebase: RuleBase, rule: Rule) -> Iterator[tuple[Change, Rule]]:
    for at, effect in enumerate(rule.effects):
        before, after = rule.effects[:at], rule.effects[at + 1 :]
        yield Change(f"then.{at}", "effect", "dropped"), replace(rule, effects=(*before, *after))
        for kind, what, changed in changes(rulebase, rule, effect):
            yield Change(f"then.{at}", kind, what), replace(rule, effects=(*before, changed, *after))


def changes(rulebase: RuleBase, rule: Rule, effect: Effect) -> Iterator[tuple[str, str, Effect]]:
    """Every small change of one effect; ids are changed to the next of their kind."""
    match effect:
        case Score():
            yield from _of_score(rulebase, rule, effect)
        case SetState(state):
            alike = [id_ for id_ in rulebase.states if _set_in(rulebase, id_) == {rule.safety}]
            yield from _aimed_at(effect, "state", state, alike)
        case Note(about) if not rule.safety:
            yield from _aimed_at(effect, "about", about, (*rulebase.contributors, "exam"))
        case RaiseFlag(flag):
            yield from _aimed_at(effect, "flag", flag, tuple(rulebase.red_flags))
        case Recommend(code):
            yield from _aimed_at(effect, "code", code, tuple(rulebase.recommendations))
        case ShowAlternative(alternative):
            yield from _aimed_at(effect, "alternative", alternative, tuple(rulebase.alternatives))
        case Ask(findings) | MakeDue(findings):
            safety = isinstance(effect, MakeDue)
            known = [f.id for f in rulebase.findings.values() if (f.safety is not None) == safety]
            yield from _of_list(effect, "findings", findings, known)
            if isinstance(effect, MakeDue) and not rulebase.gates_of.keys().isdisjoint(findings):
                yield "effect", "one_by_one turned", replace(effect, one_by_one=not effect.one_by_one)
        case Forbid(ids):
            yield from _of_list(effect, "ids", ids, (*rulebase.recommendations, *rulebase.findings))
            yield "effect", "until_answered turned", replace(effect, until_answered=not effect.until_answered)


def _of_score(rulebase: RuleBase, rule: Rule, score: Score) -> Iterator[tuple[str, str, Effect]]:
    yield from _aimed_at(score, "target", score.target, tuple(rulebase.contributors))
    turned = "opposes" if score.supports else "supports"
    yield "effect", turned, replace(score, supports=not score.supports)
    for strength, points in rulebase.strengths.items():
        if strength != score.strength:
            yield "strength", strength, replace(score, strength=strength, points=points)
    beside = {
        other.cluster: None
        for one in rulebase.rules
        for other in one.scores
        if one.active and one is not rule and (other.target, other.supports) == (score.target, score.supports)
    }
    if score.cluster in beside:
        yield "cluster", "alone", replace(score, cluster=f"{score.cluster} alone")
    joined = _next(score.cluster, list(dict.fromkeys((*beside, score.cluster))))
    if joined is not None:
        yield "cluster", f"with {joined}", replace(score, cluster=joined)


def _aimed_at(
    effect: Effect, field: str, id_: str, known: Sequence[str]
) -> Iterator[tuple[str, str, Effect]]:
    other = _next(id_, known)
    if other is not None:
        yield "effect", f"{field} {other}", replace(effect, **{field: other})  # type: ignore[arg-type]


def _of_list(
    effect: Effect, field: str, ids: tuple[str, ...], known: Sequence[str]
) -> Iterator[tuple[str, str, Effect]]:
    """One id fewer, where one is left; one that is another."""
    for at, id_ in enumerate(ids):
        before, after = ids[:at], ids[at + 1 :]
        if before or after:
            yield "effect", f"without {id_}", replace(effect, **{field: (*before, *after)})  # type: ignore[arg-type]
        other = _next(id_, [one for one in known if one not in ids or one == id_])
        if other is not None:
            left = (*before, other, *after)
            yield "effect", f"{other} for {id_}", replace(effect, **{field: left})  # type: ignore[arg-type]


def _next(id_: str, known: Sequence[str]) -> str | None:
    """The one declared after it; after the last the first."""
    if id_ not in known:
        return known[0] if known else None
    found = known[(known.index(id_) + 1) % len(known)]
    return None if found == id_ else found


def _set_in(rulebase: RuleBase, state: str) -> set[bool]:
    """Whether safety rules, or others, set the state."""
    return {rulebase.rules[index].safety for index in rulebase.setters.get(state, ())}
