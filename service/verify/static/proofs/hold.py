"""While a flag that withholds everything is open, no knee is shown."""

from collections.abc import Collection, Iterator
from dataclasses import fields
from itertools import combinations_with_replacement, product
from typing import Any

from service.domain.assessment import Assessment
from service.domain.exam import SIDES, Clearance
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
    "urgency that withholds all does so (every rule and flag looked at); the status is hold and both "
    "knees withheld for each flag alone and beside each other flag, each open or cleared, with and "
    "without open questions (all tried). Tested: for each rule that raises such a flag an exam in which "
    "it does, found by z3, is answered whole, and the answer, whose headline is not looked at, holds the "
    "screen alone."
)
OF_THE_SCREEN = (SetState, Note, RaiseFlag, MakeDue, Forbid)
CLEARED = Clearance("", "", "", "", "", MOMENT)
WITHHELD = {"side", "in_scope", "provisional", "secondary"}
"""What is said of a knee that is withheld."""
SCREENED = {"id", "exam", "assessed_at", "software", "outside_intended_use", "safety", "stale"}
"""What is said of an exam under a hold."""
HEADED = {"headline", "safety_left"}
"""What stands above it."""
SAID_BY_RULES = {"trace", "suppressed", "undetermined", "notes", "ledger"}
CONVENTIONS = ("stale_finding", "unknown_never_fires")
"""Those that speak of what was answered."""


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


def _states(rulebase: RuleBase) -> Iterator[tuple[tuple[Raised, ...], bool]]:
    """Each flag alone and each two, open or cleared, with and without questions."""
    flags = rulebase.red_flags.values()
    for (one, two), opened in product(
        combinations_with_replacement(flags, 2), product((True, False), repeat=2)
    ):
        raised = tuple(_raised(flag, is_open) for flag, is_open in zip((one, two), opened, strict=True))
        yield from ((raised, due) for due in (True, False))


def _raised(flag: RedFlag, is_open: bool) -> Raised:
    return Raised(flag, None, (), None if is_open else CLEARED)


def _by_trying(rulebase: RuleBase) -> Iterator[Report]:
    for raised, due in _states(rulebase):
        holding = [each.flag.code for each in raised if each.open and each.flag.withholds == "all"]
        screen = settled(raised, due)
        if holding and (screen.status != "hold" or any(screen.shows(side) for side in SIDES)):
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
        says = f"{rule.code} raises a flag that withholds everything, and no exam makes it: nothing was tried"
        yield study.of_rule("hold", rule, "then", says, HOW)
        return
    exam = study.witnesses.exam(witness)
    answer = study.assessor.assess(exam, now=MOMENT, assessment_id=rule.code, with_ledger=True)
    shown = list(leaks(answer, study.rulebase))
    if answer.safety.status != "hold" or shown:
        says = f"{rule.code} raises a flag that withholds everything, and the answer holds {', '.join(shown)}"
        yield study.of_rule("hold", rule, "then", says, HOW, shown, witness)


def leaks(answer: Assessment, rulebase: RuleBase) -> Iterator[str]:
    """What an answer under a hold shows beyond the screen: whatever is not known to belong to it."""
    for knee in answer.knees:
        yield from (f"{name} of the {knee.side} knee" for name in _filled(knee, WITHHELD))
    yield from _filled(answer, {"knees", "summary"} | SCREENED | SAID_BY_RULES)
    yield from _filled(answer.summary, {"ask_next"} | HEADED)
    asked = {(question.finding, question.side) for question in answer.summary.ask_next}
    if not asked <= {*answer.safety.not_screened}:
        yield "questions in ask_next that are not the screen's"
    screening = _of_the_screen(rulebase)
    for name in sorted(SAID_BY_RULES):
        said = [entry.rule for entry in getattr(answer, name) or ()]
        if any((rule.code if isinstance(rule, Rule) else rule) not in screening for rule in said):
            yield f"rules in the {name} that are not the screen's"
    if any(note.about != "exam" for note in answer.notes):
        yield "notes about a knee"


def _filled(part: Any, but: Collection[str]) -> Iterator[str]:
    """The fields that hold anything, but these; a new field is held to it as well."""
    yield from (field.name for field in fields(part) if field.name not in but and getattr(part, field.name))


def _of_the_screen(rulebase: RuleBase) -> set[str]:
    """The codes under which the screen speaks: of its rules and flags, and of what was answered."""
    conventions = {rulebase.conventions[id_].code for id_ in CONVENTIONS}
    return {rule.code for rule in rulebase.rules if rule.safety} | {*rulebase.red_flags} | conventions
