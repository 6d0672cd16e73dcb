"""Whether what a question is about holds: true, false, or not known."""

from service.answer.case import Case
from service.domain.exam import SIDES, Side
from service.domain.logic import Truth
from service.domain.question import Target
from service.explain.conditions import view_of
from service.inference.reference import FIRES, UNDETERMINED
from service.inference.strata import concludes


def holds(case: Case, side: Side, target: Target) -> Truth:
    """Whether it holds of this knee; every contributor has some class."""
    match target.kind:
        case "flag":
            return _raised(case, target.id, side)
        case "state":
            return view_of(case, target, side).states[target.id]
        case "rule":
            return _fires(case, target, side)
        case _:
            return True


def _raised(case: Case, flag: str, side: Side) -> Truth:
    if any(raised.flag.code == flag and raised.side in (None, side) for raised in case.screen.raised):
        return True
    return None if any(may_be_raised(case, flag, of) for of in (None, side)) else False


def may_be_raised(case: Case, flag: str, side: Side | None) -> bool:
    """Whether a rule that would raise it of this side waits for what is not known, or is switched off.

    None: of no side; such rules have the same outcome seen from either.
    """
    rulebase, outcomes = case.rulebase, case.screen.views[side or SIDES[0]].outcomes
    return any(
        (rule.switched_off or outcomes[index] == UNDETERMINED)
        and (rule.code in rulebase.sided_rules) == (side is not None)
        and ("flag", flag) in concludes(rule)
        for index, rule in enumerate(rulebase.rules)
    )


def _fires(case: Case, target: Target, side: Side) -> Truth:
    """Of a rule that is switched off it is not known."""
    index = case.inference.index[target.id]
    outcome = view_of(case, target, side).outcomes[index]
    if outcome == UNDETERMINED or case.rulebase.rules[index].switched_off:
        return None
    return outcome == FIRES
