"""While a flag that withholds everything is open, no knee is shown."""

from collections.abc import Collection, Iterator
from itertools import combinations_with_replacement, product

from service.domain.assessment import Assessment
from service.domain.exam import SIDES, Clearance, Side
from service.domain.rule import Forbid, MakeDue, Note, RaiseFlag, Rule, SetState
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import RedFlag
from service.inference.screen import Raised, Screen, status_of, withheld_by
from service.verify.static.proofs.proof import Proof
from service.verify.static.report import Report
from service.verify.static.study import Study
from service.verify.static.witness import MOMENT

STATEMENT = (
    "In every exam that raises an open flag which withholds everything, nothing is shown of any knee, "
    "whatever else is raised, cleared or unanswered."
)
HOW = (
    "Proved: only rules of the screen raise flags, no effect takes one back, and each flag of an "
    "urgency that withholds all does so (every rule and flag looked at); the status is hold and every "
    "knee withheld for each flag alone and beside each other flag, each open or cleared, with and "
    "without open questions, for each choice of knees (all tried). Tested: for each rule that raises "
    "such a flag an exam in which it does, found by z3, is answered whole, and the answer holds the "
    "screen alone."
)
OF_THE_SCREEN = (SetState, Note, RaiseFlag, MakeDue, Forbid)
CLEARED = Clearance("", "", "", "", "", MOMENT)
KNEES: tuple[tuple[Side, ...], ...] = (("left",), ("right",), SIDES)


def hold_withholds_all(study: Study) -> Proof:
    found = [*_by_structure(study), *_by_trying(study.rulebase)]
    raisers = [rule for rule in study.active if any(_withholding(study.rulebase, rule))]
    for rule in raisers:
        found.extend(_answered(study, rule))
    checked = len(study.active) + len(list(_states(study.rulebase))) + len(raisers)
    return Proof("hold_withholds_all", STATEMENT, HOW, checked, tuple(found))


def _by_structure(study: Study) -> Iterator[Report]:
    for rule in study.active:
        for effect in rule.effects:
            if isinstance(effect, RaiseFlag) and not rule.safety:
                says = f"{rule.code} raises {effect.flag}, but the screen is over when it runs"
                yield study.of_rule("hold", rule, "then", says, HOW, [effect.flag])
            if rule.safety and (not isinstance(effect, OF_THE_SCREEN) or _of_a_knee(effect)):
                says = f"{rule.code} is shown under a hold, and says something that is not the screen's"
                yield study.of_rule("hold", rule, "then", says, HOW)
    for flag in study.rulebase.red_flags.values():
        if flag.urgency.withholds_all and flag.withholds != "all":
            says = f"{flag.code} is of urgency {flag.urgency.id}, but withholds {flag.withholds}"
            yield study.of_entry("hold", flag.code, says, HOW)


def _of_a_knee(effect: object) -> bool:
    return isinstance(effect, Note) and effect.about != "exam"


# -- every state of the screen -----------------------------------------------------------------


def _states(rulebase: RuleBase) -> Iterator[tuple[tuple[Raised, ...], bool, tuple[Side, ...]]]:
    """Each flag alone and each two, open or cleared, with and without questions, for each choice of knees."""
    flags = rulebase.red_flags.values()
    for (one, two), opened in product(
        combinations_with_replacement(flags, 2), product((True, False), repeat=2)
    ):
        raised = tuple(_raised(flag, is_open) for flag, is_open in zip((one, two), opened, strict=True))
        for due, knees in product((True, False), KNEES):
            yield raised, due, knees


def _raised(flag: RedFlag, is_open: bool) -> Raised:
    return Raised(flag, None, (), None if is_open else CLEARED)


def _by_trying(rulebase: RuleBase) -> Iterator[Report]:
    for raised, due, knees in _states(rulebase):
        holding = [each.flag.code for each in raised if each.open and each.flag.withholds == "all"]
        screen = settled(raised, due)
        if holding and (screen.status != "hold" or any(screen.shows(knee) for knee in knees)):
            says = f"{' and '.join(holding)} open, and the screen is {screen.status} and shows a knee"
            yield Report("hold", holding[0], (), "vocabulary/red_flags.yaml", 1, says, HOW)
            return


def settled(raised: tuple[Raised, ...], due: bool) -> Screen:
    """The screen as it is settled with these flags raised, and with something unanswered or not."""
    open_ = [each for each in raised if each.open]
    missing = (("anything", None),) if due else ()
    return Screen(
        status=status_of(open_, missing), raised=raised, not_screened=missing, withheld=withheld_by(open_),
        switched_off=(), referral_first=False, outside_intended_use=False, out_of_scope=(), forbidden={},
        outdated_clearances=(), unused_clearances=(), views={}, fired=(),
    )  # fmt: skip


# -- whole answers -----------------------------------------------------------------------------


def _withholding(rulebase: RuleBase, rule: Rule) -> Iterator[str]:
    for effect in rule.effects:
        if isinstance(effect, RaiseFlag) and rulebase.red_flags[effect.flag].withholds == "all":
            yield effect.flag


def _answered(study: Study, rule: Rule) -> Iterator[Report]:
    """One exam in which the rule raises its flag, answered whole."""
    witness = study.firing.get(rule.code)
    if witness is None:
        return
    exam = study.witnesses.exam(witness)
    answer = study.assessor.assess(exam, now=MOMENT, assessment_id=rule.code, with_ledger=True)
    shown = list(leaks(answer, {rule.code for rule in study.rulebase.rules if rule.safety}))
    if answer.safety.status != "hold" or shown:
        says = f"{rule.code} raises a flag that withholds everything, and the answer holds {', '.join(shown)}"
        yield study.of_rule("hold", rule, "then", says, HOW, shown, witness)


def leaks(answer: Assessment, screening: Collection[str]) -> Iterator[str]:
    """What an answer under a hold shows beyond the screen, whose rules have these codes."""
    for knee in answer.knees:
        for name in (
            "contributors",
            "states",
            "chains",
            "recommendations",
            "next_tests",
            "regions_not_assessed",
        ):
            if getattr(knee, name):
                yield f"{name} of the {knee.side} knee"
    for name in ("trace", "suppressed", "undetermined", "ledger"):
        said = [entry.rule for entry in getattr(answer, name) or ()]
        if any((rule.code if isinstance(rule, Rule) else rule) not in screening for rule in said):
            yield f"rules in the {name} that are not the screen's"
