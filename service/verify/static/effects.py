"""Rules that add nothing to others that fire with them."""

from collections.abc import Iterator
from dataclasses import astuple

from service.domain.rule import Ask, Effect, Forbid, MakeDue, Rule, Score
from service.verify.static.report import Report
from service.verify.static.study import Study
from service.verify.static.terms import opposite, some


def subsumed(study: Study, rule: Rule) -> Iterator[Report]:
    """Whether whatever the rule does, others that fire in the same exam do as well or more strongly."""
    doers = [covering(study, rule, effect) for effect in rule.effects]
    if not all(doers) or study.never(rule, study.whole.fires(rule)):
        return
    fires = study.whole.fires(rule)
    for others in doers:
        done = some(study.whole.fires(other) for other in others)
        if not study.never(rule, fires, opposite(done)):
            return
    codes = _needed(study, rule, doers)
    others = [study.rulebase.rule_by_code[code] for code in codes]
    says = f"{rule.code} adds nothing: whenever it fires, as much is done by {_named(codes)}"
    proof = "no exam makes the rule fire without others that have its effects (z3)"
    witness = study.witness(rule, fires, also=others)
    yield study.of_rule("subsumed", rule, "then", says, proof, codes, witness)


def covering(study: Study, rule: Rule, effect: Effect) -> list[Rule]:
    """The other active rules that do the same or more."""
    return [
        other for other in study.active
        if other is not rule and any(does_as_much(done, effect) for done in other.effects)
    ]  # fmt: skip


def _needed(study: Study, rule: Rule, doers: list[list[Rule]]) -> list[str]:
    """Of those that cover an effect, one that always fires with the rule where there is one, else all."""
    fires = study.whole.fires(rule)
    codes: dict[str, None] = {}
    for others in doers:
        alone = [o for o in others if study.never(rule, fires, opposite(study.whole.fires(o)))]
        codes |= dict.fromkeys(other.code for other in (alone[:1] or others))
    return list(codes)


def does_as_much(done: Effect, wanted: Effect) -> bool:
    """Whether one effect makes another one idle."""
    match done, wanted:
        case Score(), Score():
            same = _aim(done) == _aim(wanted)
            return same and done.points >= wanted.points
        case MakeDue(findings, one_by_one), MakeDue(fewer, singly):
            return set(fewer) <= set(findings) and one_by_one >= singly
        case Forbid(ids, _, until), Forbid(fewer, _, until_answered):
            return set(fewer) <= set(ids) and until <= until_answered
        case Ask(findings, _, first), Ask(fewer, _, earlier):
            return bool(findings and fewer) and set(fewer) <= set(findings) and first >= earlier
        case _:
            return type(done) is type(wanted) and astuple(done) == astuple(wanted)


def _aim(score: Score) -> tuple[str, bool, str]:
    return score.target, score.supports, score.cluster


def _named(codes: list[str]) -> str:
    return codes[0] if len(codes) == 1 else f"{', '.join(codes[:-1])} and {codes[-1]}"
