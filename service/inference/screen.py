"""The safety screen (clinical.md 5.1): what was answered, what is due, what fired, what that forbids.

It runs before everything else. Nothing is ever defaulted: an unanswered question
stays unanswered, and a gate answered no says so for its items by name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from service.domain.assessment import SafetyStatus
from service.domain.exam import SIDES, Clearance, Exam, Key, Observation, Side
from service.domain.rule import FindingTest, Forbid, MakeDue, RaiseFlag, Rule, StateTest
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import RedFlag
from service.inference.infer import Inference
from service.inference.reference import FIRES
from service.inference.usable import Usable
from service.inference.view import View

FiredRule = tuple[int, Rule, Side | None, Side]


@dataclass(frozen=True, slots=True)
class Raised:
    """A red flag that fired, from one side or without one, and its clearance if it has one."""

    flag: RedFlag
    side: Side | None
    rules: tuple[tuple[Rule, RaiseFlag, Side], ...]
    clearance: Clearance | None = None

    @property
    def open(self) -> bool:
        return self.clearance is None


@dataclass(frozen=True, slots=True)
class Screen:
    """The screen's result. `views` keep the safety rules' verdicts, one for each side."""

    status: SafetyStatus
    raised: tuple[Raised, ...]
    not_screened: tuple[Key, ...]
    withheld: tuple[str, ...]
    referral_first: bool
    outside_intended_use: bool
    out_of_scope: tuple[Side, ...]
    switched_off: tuple[str, ...]
    """Safety rules out of force: what they look for is not known, so the screen is not complete."""
    forbidden: Mapping[Side, Mapping[str, str]]
    outdated_clearances: tuple[Clearance, ...]
    unused_clearances: tuple[Clearance, ...]
    views: Mapping[Side, View]
    fired: tuple[FiredRule, ...]
    """Safety rules that fired: index, rule, the side it speaks of (if any), the view it fired in."""

    def shows(self, side: Side) -> bool:
        """Whether anything inferred may be shown of this knee."""
        return not self.hold and side not in self.out_of_scope

    @property
    def hold(self) -> bool:
        return self.status == "hold"

    @property
    def states(self) -> dict[str, bool]:
        """The states that the screen gives to the other rules, one for each of SCREEN_STATES."""
        return {"safety_incomplete": self.status == "incomplete", "referral_first": self.referral_first}


class SafetyScreen:
    """Screens exams over one rule base."""

    def __init__(self, inference: Inference) -> None:
        self.inference = inference
        self.rulebase = inference.rulebase
        self._always_due = [
            d for d in self.rulebase.findings.values()
            if d.safety and d.safety.due == "always" and d.id not in self.rulebase.gates
        ]  # fmt: skip
        self._off = tuple(rule for rule in self.rulebase.switched_off if rule.safety)
        self._order = {id_: place for place, id_ in enumerate(_screening_order(self.rulebase))}

    def screen(self, exam: Exam, usable: Usable) -> Screen:
        """Runs the safety rules and settles the status. Raises EvaluatorsDisagree."""
        views = self.inference.screen(usable.counting, exam)
        fired = tuple(self._fired(views))
        raised, outdated = self._cleared(list(self._raised(fired)), exam, usable)
        fired_flags = {flag.flag.code for flag in raised}
        not_screened = self._not_screened(exam, usable, fired)
        open_ = [flag for flag in raised if flag.open]
        return Screen(
            status=status_of(open_, not_screened, self._off),
            raised=tuple(raised),
            not_screened=not_screened,
            withheld=withheld_by(open_),
            referral_first=any(r.flag.urgency.referral_first for r in open_),
            outside_intended_use=any(
                r.flag.outside_intended_use or r.flag.out_of_scope for r in raised
            ),
            out_of_scope=tuple(
                side for side in exam.knees
                if any(r.flag.withholds == "knee" and r.side == side for r in open_)
            ),
            switched_off=tuple(rule.code for rule in self._off),
            forbidden={side: self.forbidden(side, fired, not_screened) for side in SIDES},
            outdated_clearances=tuple(outdated),
            unused_clearances=tuple(c for c in exam.clearances if c.flag not in fired_flags),
            views=views,
            fired=fired,
        )  # fmt: skip

    # -- what fired ------------------------------------------------------------------------

    def _fired(self, views: Mapping[Side, View]) -> Iterator[FiredRule]:
        for index, rule in enumerate(self.rulebase.rules):
            if not rule.safety:
                continue
            for side in SIDES:
                if views[side].outcomes[index] == FIRES:
                    sided = rule.code in self.rulebase.sided_rules
                    yield index, rule, side if sided else None, side
                    if not sided:
                        break

    def _raised(self, fired: tuple[FiredRule, ...]) -> Iterator[Raised]:
        found: dict[tuple[str, Side | None], list[tuple[Rule, RaiseFlag, Side]]] = {}
        for _, rule, side, view_side in fired:
            for effect in rule.effects:
                if isinstance(effect, RaiseFlag):
                    found.setdefault((effect.flag, side), []).append((rule, effect, view_side))
        order = {code: place for place, code in enumerate(self.rulebase.red_flags)}
        flags = self.rulebase.red_flags
        for code, side in sorted(
            found, key=lambda at: (flags[at[0]].urgency.order, order[at[0]], at[1] or "")
        ):
            yield Raised(flags[code], side, tuple(found[code, side]))

    # -- clearances ------------------------------------------------------------------------

    def _cleared(
        self, raised: list[Raised], exam: Exam, usable: Usable
    ) -> tuple[list[Raised], list[Clearance]]:
        """A clearance counts for this exam, and only if nothing behind the flag was observed after it."""
        outdated: list[Clearance] = []
        result = []
        for flag in raised:
            times = [observation.observed_at for observation in self._inputs(flag, usable)]
            latest = max(times, default=exam.performed_at)
            offered = [c for c in exam.clearances if c.flag == flag.flag.code]
            earliest = max(latest, exam.performed_at - self.rulebase.answers_last)
            valid = [c for c in offered if c.at >= earliest]
            outdated.extend(c for c in offered if c.at < earliest)
            chosen = max(valid, key=lambda c: (c.at, c.by), default=None)
            result.append(replace(flag, clearance=chosen))
        return result, list(dict.fromkeys(outdated))

    def _inputs(self, raised: Raised, usable: Usable) -> Iterator[Observation]:
        """Every observation that the rules behind a flag read."""
        keys = {key for rule, _, side in raised.rules for key in self._read(rule, side)}
        for key in keys:
            observation = usable.get(key)
            if observation is not None and observation.observed:
                yield observation

    def _read(self, rule: Rule, side: Side) -> Iterator[Key]:
        """What a safety rule reads, also by way of the states it reads."""
        for criterion in rule.criteria():
            match criterion:
                case FindingTest(finding):
                    yield from self.inference.slots.inputs(finding, side, criterion.other)
                case StateTest(state):
                    for index in self.rulebase.setters.get(state, ()):
                        yield from self._read(self.rulebase.rules[index], side)

    # -- what is due ---------------------------------------------------------------------------

    def _not_screened(self, exam: Exam, usable: Usable, fired: tuple[FiredRule, ...]) -> tuple[Key, ...]:
        missing: set[Key] = set()
        for gate in self.rulebase.gates.values():
            if gate.id in usable.gates_no:  # answers every item of its own
                continue
            answer = usable.get((gate.id, None))
            items = [key for item in gate.items for key in self._keys(item, exam)]
            if answer is not None and answer.observed:
                missing.update(key for key in items if not usable.answered(key))
            elif not all(usable.answered(key) for key in items):
                missing.add((gate.id, None))
        for definition in self._always_due:
            missing.update(key for key in self._keys(definition.id, exam) if not usable.answered(key))
        for effect in _due(fired):
            missing.update(self.unanswered(effect, exam, usable))
        return tuple(sorted(missing, key=lambda key: (self._order[key[0]], key[1] or "")))

    def unanswered(self, effect: MakeDue, exam: Exam, usable: Usable) -> Iterator[Key]:
        """What an effect makes due and is not answered."""
        for finding in effect.findings:
            for key in self._keys(finding, exam):
                if not usable.answered(key, effect.one_by_one):
                    yield key

    def _keys(self, finding: str, exam: Exam) -> tuple[Key, ...]:
        """A sided item is due for each assessed knee."""
        if self.rulebase.findings[finding].sided:
            return tuple((finding, side) for side in exam.knees)
        return ((finding, None),)

    # -- what must not be suggested ----------------------------------------------------------------

    def forbidden(
        self, side: Side, fired: tuple[FiredRule, ...], missing: tuple[Key, ...]
    ) -> Mapping[str, str]:
        """Recommendation codes and findings not to suggest for this knee, with the reason.

        What a rule that is switched off could forbid is not known to be safe, and so is not suggested.
        """
        off = self.rulebase.wording["reason_switched_off"]
        forbidden = {
            id_: off for rule in self._off for e in rule.effects if isinstance(e, Forbid) for id_ in e.ids
        }
        due_unanswered = {finding for finding, _ in missing}
        for _, rule, speaks_of, _ in fired:
            made_due = {f for e in rule.effects if isinstance(e, MakeDue) for f in e.findings}
            for effect in rule.effects:
                if not isinstance(effect, Forbid) or speaks_of not in (None, side):
                    continue
                if not effect.until_answered or made_due & due_unanswered:
                    forbidden.update(dict.fromkeys(effect.ids, effect.reason))
        return forbidden


def withheld_by(open_: Sequence[Raised]) -> tuple[str, ...]:
    """The codes of the open flags that withhold everything."""
    return tuple(sorted({raised.flag.code for raised in open_ if raised.flag.withholds == "all"}))


def status_of(open_: Sequence[Raised], due: Sequence[Key], off: Sequence[Rule] = ()) -> SafetyStatus:
    """What the open flags and the questions without an answer come to; the gravest first.

    `off`: the safety rules that are switched off. What they look for is not known either.
    """
    if withheld_by(open_):
        return "hold"
    if due or off:
        return "incomplete"
    if any(raised.flag.urgency.refers for raised in open_):
        return "refer"
    return "clear"


def _due(fired: tuple[FiredRule, ...]) -> Iterator[MakeDue]:
    for _, rule, _, _ in fired:
        for effect in rule.effects:
            if isinstance(effect, MakeDue):
                yield effect


def _screening_order(rulebase: RuleBase) -> Iterator[str]:
    """Gates first, then the other findings in the vocabulary's order."""
    yield from rulebase.gates
    yield from (finding for finding in rulebase.findings if finding not in rulebase.gates)
