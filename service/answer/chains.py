"""The causal chains as far as this exam carries them; what was not seen at both ends is assumed."""

from collections.abc import Iterator

from service.answer.case import Case
from service.domain.assessment import ArrowShown, ChainShown
from service.domain.vocabulary import Arrow, Chain
from service.inference.reference import FIRES
from service.inference.view import View


def chains(case: Case, view: View) -> Iterator[ChainShown]:
    fired = {
        rule.code
        for rule, outcome in zip(case.rulebase.rules, view.outcomes, strict=True)
        if outcome == FIRES
    }
    for chain in case.rulebase.chains:
        arrows = tuple(_arrows(case, chain, view, fired))
        if arrows:
            yield ChainShown(chain.id, chain.label, arrows)


def _arrows(case: Case, chain: Chain, view: View, fired: set[str]) -> Iterator[ArrowShown]:
    """In the chain's order, from start to end: a step that another chain led to is not shown here.

    Nor is one that no rule in force carries: where all of them are switched off it is not even assumed.
    """
    reached: set[str] = set()
    for arrow in chain.arrows:
        rules = tuple(code for code in arrow.rules if code in fired)
        begins = arrow.source in reached or not _linked(case, arrow.source)
        carried = any(case.rulebase.rule_by_code[code].active for code in arrow.rules) or not arrow.rules
        if carried and begins and _present(case, arrow.source, view) and _may_lead(arrow, view, rules):
            reached.add(arrow.target)
            yield ArrowShown(
                arrow.source, arrow.target, _assumed(case, arrow, view, rules), arrow.level, rules, arrow.says
            )


def _linked(case: Case, end: str) -> bool:
    """Whether it is a state that the rules of the chains conclude from an earlier step."""
    setters = case.rulebase.setters.get(end, ())
    return any(case.rulebase.rules[index].family == "chains" for index in setters)


def _may_lead(arrow: Arrow, view: View, rules: tuple[str, ...]) -> bool:
    """A state that is present was reached by an arrow only if a rule that carries the arrow fired."""
    state = view.states.get(arrow.target)
    return state is not False and (state is None or bool(rules))


def _assumed(case: Case, arrow: Arrow, view: View, rules: tuple[str, ...]) -> bool:
    return not (rules and _seen(case, arrow.source, view) and _seen(case, arrow.target, view))


def _present(case: Case, end: str, view: View) -> bool:
    if end in case.rulebase.states:
        return view.states[end] is True
    return view.standings[end].name in case.rulebase.chain_ends_seen_while


def _seen(case: Case, end: str, view: View) -> bool:
    state = case.rulebase.states.get(end)
    return _present(case, end, view) and (state is None or state.basis == "observed")
