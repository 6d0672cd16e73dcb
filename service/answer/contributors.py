"""Contributors in rank order, with mechanisms beneath, and the states that hold."""

from collections.abc import Iterator, Mapping

from service.answer.both_sides import compared
from service.answer.case import Case
from service.domain.assessment import Contributor, Firing, Standing, State
from service.domain.rule import Note
from service.inference.reference import FIRES
from service.inference.view import View


def contributors(case: Case, view: View, trace: list[Firing]) -> tuple[Contributor, ...]:
    """Every contributor of one knee, best first, each with its mechanisms."""
    rulebase = case.rulebase
    used = _findings_used(trace)
    noted = _noted(trace)
    same = compared(case, view).same
    ranked = case.inference.standings.ranked(view.standings[c.id] for c in rulebase.ranked_contributors)
    beneath = {
        parent.id: tuple(
            _contributor(case, view.standings[c.id], noted, used, same)
            for c in rulebase.contributors.values()
            if c.beneath == parent.id
        )
        for parent in rulebase.ranked_contributors
    }
    return tuple(_contributor(case, standing, noted, used, same, beneath[standing.id]) for standing in ranked)


def _contributor(
    case: Case,
    standing: Standing,
    noted: Mapping[str, list[str]],
    used: Mapping[str, set[str]],
    same: Mapping[str, tuple[str, ...]],
    mechanisms: tuple[Contributor, ...] = (),
) -> Contributor:
    return Contributor(
        definition=case.rulebase.contributors[standing.id],
        standing=standing,
        noted_rules=tuple(noted.get(standing.id, ())),
        shared_findings=_shared(case, standing.id, used),
        less_specific=same.get(standing.id, ()),
        dark=case.inference.dark_clusters.get(standing.id, ()),
        mechanisms=mechanisms,
    )


def _noted(trace: list[Firing]) -> dict[str, list[str]]:
    """For each contributor and mechanism the fired rules that only speak of it."""
    noted: dict[str, list[str]] = {}
    for firing in trace:
        for effect in firing.rule.effects if not firing.rule.scores else ():
            if isinstance(effect, Note):
                noted.setdefault(effect.about, []).append(firing.rule.code)
    return noted


def _findings_used(trace: list[Firing]) -> dict[str, set[str]]:
    """For each contributor and mechanism the findings its fired scoring rules rest on."""
    used: dict[str, set[str]] = {}
    for firing in trace:
        for score in firing.rule.scores:
            used.setdefault(score.target, set()).update(seen.finding for seen in firing.inputs)
    return used


def _shared(case: Case, id_: str, used: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Findings that score for this contributor and for another one (a mechanism is no other)."""
    family = _family(case, id_)
    mine = used.get(id_, set())
    others = {finding for other, findings in used.items() if other not in family for finding in findings}
    return tuple(sorted(mine & others))


def _family(case: Case, id_: str) -> set[str]:
    contributors = case.rulebase.contributors
    top = contributors[id_].beneath or id_
    return {top, *(c.id for c in contributors.values() if c.beneath == top)}


def states(case: Case, view: View) -> Iterator[State]:
    """The states that hold and are shown, each with the rules that set it; not what the screen gives."""
    for definition in case.rulebase.states.values():
        hidden = definition.internal or definition.given_by_screen
        if view.states[definition.id] is True and not hidden:
            yield State(
                definition,
                tuple(
                    case.rulebase.rules[index].code
                    for index in case.rulebase.setters[definition.id]
                    if view.outcomes[index] == FIRES
                ),
            )
