"""The safety screen: what fired on either side, what was cleared, what is due, what may not be suggested."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from service.domain.exam import SIDES, Clearance, Exam, Key, Side
from service.domain.rule import FindingTest, Forbid, MakeDue, RaiseFlag, Rule, SetState, StateTest
from service.domain.vocabulary import SCREEN_STATES, RedFlag
from service.proof.book import Book
from service.proof.counting import Counting
from service.proof.judgement import Judgement
from service.proof.sight import Sight


@dataclass(frozen=True)
class Fired:
    """A safety rule that fired: the side it speaks of, if any, and from where it was judged."""

    rule: Rule
    side: Side | None
    judgement: Judgement


@dataclass(frozen=True)
class Raised:
    """A red flag that fired, with the rules that raised it; `clearances` were offered for it."""

    flag: RedFlag
    side: Side | None
    by: tuple[tuple[Fired, RaiseFlag], ...]
    clearance: Clearance | None
    outdated: tuple[Clearance, ...]

    @property
    def open(self) -> bool:
        return self.clearance is None


class Screen:
    """The screen of one exam."""

    def __init__(self, book: Book, exam: Exam, counting: Counting, sights: Mapping[Side, Sight]) -> None:
        self.book, self.exam, self.counting = book, exam, counting
        self.rulebase = book.rulebase
        self.judgements = {
            side: Judgement(book, sights[side], safety=True, assessed=side in exam.knees) for side in SIDES
        }
        for judgement in self.judgements.values():
            judgement.siblings = tuple(self.judgements.values())

    # -- what fired ------------------------------------------------------------------------

    @cached_property
    def fired(self) -> tuple[Fired, ...]:
        return tuple(self._fired())

    def _fired(self) -> Iterator[Fired]:
        """A rule that speaks of the person once, else from each side."""
        for rule in self.book.screening:
            where = [side for side in SIDES if self.judgements[side].fires(rule)]
            sided = self.book.sided(rule)
            for side in where if sided else where[:1]:
                yield Fired(rule, side if sided else None, self.judgements[side])

    @cached_property
    def raised(self) -> tuple[Raised, ...]:
        """Gravest first, then in the order the flags are declared."""
        found: dict[tuple[str, Side | None], list[tuple[Fired, RaiseFlag]]] = {}
        for fired in self.fired:
            for effect in fired.rule.effects:
                if isinstance(effect, RaiseFlag):
                    found.setdefault((effect.flag, fired.side), []).append((fired, effect))
        declared = list(self.rulebase.red_flags)
        flags = self.rulebase.red_flags
        order = sorted(found, key=lambda at: (flags[at[0]].urgency.order, declared.index(at[0]), at[1] or ""))
        return tuple(self._raised(flags[code], side, found[code, side]) for code, side in order)

    def _raised(self, flag: RedFlag, side: Side | None, by: list[tuple[Fired, RaiseFlag]]) -> Raised:
        """A clearance counts if it is of this exam and nothing behind the flag was observed after it."""
        read = {key for fired, _ in by for key in self._read(fired.rule, fired.judgement)}
        seen = [self.counting.observed[key].observed_at for key in read if key in self.counting.observed]
        latest = max(seen, default=self.exam.performed_at)
        since = max(latest, self.exam.performed_at - self.rulebase.answers_last)
        offered = [c for c in self.exam.clearances if c.flag == flag.code]
        valid = [c for c in offered if c.at >= since]
        chosen = max(valid, key=lambda c: (c.at, c.by), default=None)
        return Raised(flag, side, tuple(by), chosen, tuple(c for c in offered if c.at < since))

    def _read(self, rule: Rule, judgement: Judgement) -> Iterator[Key]:
        """Every finding behind what a safety rule reads, also by way of states."""
        for criterion in rule.criteria():
            match criterion:
                case FindingTest():
                    yield from judgement.sight.behind(criterion)
                case StateTest(state):
                    for setter in self.book.concluding(SetState, state):
                        yield from self._read(setter, judgement)

    @cached_property
    def open_flags(self) -> list[Raised]:
        return [raised for raised in self.raised if raised.open]

    # -- status ----------------------------------------------------------------------------

    @cached_property
    def withheld(self) -> list[str]:
        return sorted({raised.flag.code for raised in self.open_flags if raised.flag.withholds == "all"})

    @cached_property
    def status(self) -> str:
        """The gravest that holds."""
        if self.withheld:
            return "hold"
        if self.not_screened or self.book.off.screening:
            return "incomplete"
        return "refer" if any(raised.flag.urgency.refers for raised in self.open_flags) else "clear"

    @property
    def hold(self) -> bool:
        return self.status == "hold"

    @cached_property
    def referral_first(self) -> bool:
        return any(raised.flag.urgency.referral_first for raised in self.open_flags)

    @cached_property
    def outside_intended_use(self) -> bool:
        """Nobody can clear an age, so cleared or not."""
        return any(r.flag.outside_intended_use or r.flag.out_of_scope for r in self.raised)

    def in_scope(self, side: Side) -> bool:
        return not any(r.flag.withholds == "knee" and r.side == side for r in self.open_flags)

    def shows(self, side: Side) -> bool:
        return not self.hold and self.in_scope(side)

    @cached_property
    def states(self) -> dict[str, bool]:
        """What the other rules may know of the screen."""
        return dict(zip(SCREEN_STATES, (self.status == "incomplete", self.referral_first), strict=True))

    # -- what is due -----------------------------------------------------------------------

    @cached_property
    def not_screened(self) -> list[Key]:
        """Due and not answered: gates first, then as the vocabulary lists them."""
        order = [*self.rulebase.gates, *self.rulebase.findings]
        return sorted(set(self._missing()), key=lambda key: (order.index(key[0]), key[1] or ""))

    def _missing(self) -> Iterator[Key]:
        answered = self.counting.answered
        for gate in self.rulebase.gates.values():
            open_ = [key for item in gate.items for key in self._keys(item) if not answered(key)]
            if self.counting.says_no(gate.id) or not open_:
                continue
            yield from open_ if (gate.id, None) in self.counting.observed else [(gate.id, None)]
        for definition in self.rulebase.findings.values():
            if (
                definition.safety
                and definition.safety.due == "always"
                and definition.id not in self.rulebase.gates
            ):
                yield from (key for key in self._keys(definition.id) if not answered(key))
        for fired in self.fired:
            for effect in fired.rule.effects:
                if isinstance(effect, MakeDue):
                    keys = [key for item in effect.findings for key in self._keys(item)]
                    yield from (key for key in keys if not answered(key, effect.one_by_one))

    def _keys(self, finding: str) -> list[Key]:
        """A sided question is asked of each assessed knee."""
        sided = self.rulebase.findings[finding].sided
        return [(finding, side) for side in self.exam.knees] if sided else [(finding, None)]

    # -- what may not be suggested ------------------------------------------------------------

    @cached_property
    def forbidden(self) -> dict[Side, dict[str, str]]:
        """For each knee the findings and recommendation codes not to be suggested, with the reason."""
        return {side: dict(self._forbidden(side)) for side in self.exam.knees}

    def _forbidden(self, side: Side) -> Iterator[tuple[str, str]]:
        """What a rule that is switched off could forbid is not known to be safe either."""
        for rule in self.book.off.screening:
            for effect in rule.effects:
                if isinstance(effect, Forbid):
                    yield from ((id_, self.rulebase.wording["reason_switched_off"]) for id_ in effect.ids)
        open_ = {finding for finding, _ in self.not_screened}
        for fired in self.fired:
            due = {f for e in fired.rule.effects if isinstance(e, MakeDue) for f in e.findings}
            for effect in fired.rule.effects:
                if not isinstance(effect, Forbid) or fired.side not in (None, side):
                    continue
                if not effect.until_answered or due & open_:
                    yield from ((id_, effect.reason) for id_ in effect.ids)
