"""What if: two exams compared, each difference with what it goes back to."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from service.answer.case import Case
from service.answer.recommendations import Offer
from service.answer.sentences import name_of
from service.domain.assessment import Assessment, Standing
from service.domain.difference import (
    ContributorChange,
    FindingChange,
    FlagChange,
    FlagState,
    KneeChange,
    RecommendationChange,
    RuleChange,
    SafetyChange,
    StateChange,
    WhatIf,
)
from service.domain.exam import SIDES, Key, Side
from service.domain.reasons import Found
from service.domain.rule import Recommend
from service.domain.vocabulary import RecommendationDefinition, RedFlag
from service.explain.attribution import Attribution
from service.explain.conditions import finding
from service.explain.holding import may_be_raised
from service.inference.dependencies import Dependencies
from service.inference.reference import FIRES


def what_if(before: Case, after: Case, answers: tuple[Assessment, Assessment]) -> WhatIf:
    """All differences; where either exam is under a hold those of the screen only. `answers`: to each."""
    return _Comparison(before, after, answers).whole()


class _Comparison:
    """Two cases of one rule base side by side."""

    def __init__(self, before: Case, after: Case, answers: tuple[Assessment, Assessment]) -> None:
        self.before, self.after = before, after
        self.answers = answers
        self.rulebase = before.rulebase
        self.both = [side for side in before.exam.knees if side in after.exam.knees]
        self.shown = [s for s in self.both if before.screen.shows(s) and after.screen.shows(s)]
        self.changes = tuple(self._findings())
        self.attribution = Attribution(before, after, (change.key for change in self.changes))

    def whole(self) -> WhatIf:
        hold = self.before.screen.hold or self.after.screen.hold
        return WhatIf(
            safety=self._safety(),
            findings=tuple(change for change in self.changes if not hold or self._screened(change.key)),
            rules=tuple(self._rules()),
            knees=() if hold else tuple(self._knee(side) for side in self.both),
            one_knee_only=tuple(
                s for s in SIDES if (s in self.before.exam.knees) != (s in self.after.exam.knees)
            ),
        )

    # -- findings -------------------------------------------------------------------------------

    def _findings(self) -> Iterator[FindingChange]:
        """In the vocabulary's order."""
        for definition in self.rulebase.findings.values():
            for side in SIDES if definition.sided else (None,):
                key = definition.id, side
                if self._alike(key):
                    continue
                before, after = _counted(self.before, key), _counted(self.after, key)
                if _value(before) != _value(after):
                    yield FindingChange(key, name_of(definition, side), before, after)

    def _alike(self, key: Key) -> bool:
        """Whether a finding was sent alike, which is quick to see; too old to count, it may still differ."""
        one, two = self.before.usable, self.after.usable
        return one.get(key) == two.get(key) and not any(
            (o.finding, o.side) == key for usable in (one, two) for o in usable.stale
        )

    def _screened(self, key: Key) -> bool:
        """Whether the screen asks or reads a finding."""
        definition = self.rulebase.findings[key[0]]
        return definition.safety is not None or key[0] in self._read_by_the_screen

    @cached_property
    def _read_by_the_screen(self) -> set[str]:
        safety = [index for index, rule in enumerate(self.rulebase.rules) if rule.safety]
        return {finding for finding, _ in Dependencies(self.rulebase).tests(safety)}

    # -- rules ------------------------------------------------------------------------------------

    def _rules(self) -> Iterator[RuleChange]:
        """The rules of the screen from both sides, the others for each knee that both exams may show."""
        for index, rule in enumerate(self.rulebase.rules):
            sided = not rule.safety or rule.code in self.rulebase.sided_rules
            sides = SIDES if rule.safety else self.shown
            for side in sides if sided else SIDES[:1]:
                if self.attribution.differs(index, side):
                    before, after = self.attribution.views(rule, side)
                    yield RuleChange(
                        rule,
                        side if sided else None,
                        before.outcomes[index],
                        after.outcomes[index],
                        self.attribution.of_rule(index, side),
                    )

    def _turned(self, conclusion: tuple[str, str], side: Side, firing: bool) -> tuple[str, ...]:
        """The rules with a say in a conclusion that changed their outcome; `firing`: to or from firing."""
        found = []
        for index in self.attribution.sayers(conclusion):
            rule = self.rulebase.rules[index]
            before, after = (view.outcomes[index] for view in self.attribution.views(rule, side))
            if before != after and (not firing or FIRES in (before, after)):
                found.append(rule.code)
        return tuple(found)

    # -- safety -------------------------------------------------------------------------------------

    def _safety(self) -> SafetyChange:
        before, after = self.before.screen, self.after.screen
        return SafetyChange(
            before=before.status,
            after=after.status,
            referral_first=(before.referral_first, after.referral_first),
            flags=tuple(self._flags()),
            due=tuple(key for key in after.not_screened if key not in before.not_screened),
            settled=tuple(key for key in before.not_screened if key not in after.not_screened),
        )

    def _flags(self) -> Iterator[FlagChange]:
        for flag in self.rulebase.red_flags.values():
            for side in self._sides_of(flag):
                was, is_ = (_flag_state(case, flag, side) for case in (self.before, self.after))
                seen = side is None or side in self.both or not {was, is_} <= {"absent", "unknown"}
                if was != is_ and seen:
                    raised = "unknown" not in (was, is_)
                    rules = self._turned(("flag", flag.code), side or SIDES[0], firing=raised)
                    yield FlagChange(flag, side, was, is_, rules)

    def _sides_of(self, flag: RedFlag) -> Iterator[Side | None]:
        """From which sides its rules speak; None for those that have no side."""
        raising = [self.rulebase.rules[i].code for i in self.attribution.sayers(("flag", flag.code))]
        if any(code not in self.rulebase.sided_rules for code in raising):
            yield None
        if any(code in self.rulebase.sided_rules for code in raising):
            yield from SIDES

    # -- one knee -----------------------------------------------------------------------------------

    def _knee(self, side: Side) -> KneeChange:
        if side not in self.shown:
            return KneeChange(side, withheld=True)
        return KneeChange(
            side=side,
            withheld=False,
            states=tuple(self._states(side)),
            contributors=tuple(self._contributors(side)),
            recommendations=tuple(self._recommendations(side)),
        )

    def _states(self, side: Side) -> Iterator[StateChange]:
        before, after = self.before.views[side].states, self.after.views[side].states
        for id_, definition in self.rulebase.states.items():
            if before[id_] is not after[id_] and not definition.internal:
                rules = self._turned(("state", id_), side, firing=False)
                yield StateChange(definition, before[id_], after[id_], rules)

    def _contributors(self, side: Side) -> Iterator[ContributorChange]:
        before, after = (_standings(answer, side) for answer in self.answers)
        moved = {id_ for id_ in before if _unranked(before[id_]) != _unranked(after[id_])}
        for id_, definition in self.rulebase.contributors.items():
            was, is_ = before[id_], after[id_]
            if id_ in moved or was.rank != is_.rank:
                looked_at = (was.assessed, was.of) != (is_.assessed, is_.of)
                yield ContributorChange(
                    definition,
                    was,
                    is_,
                    rules=self._turned(("class", id_), side, firing=True),
                    coverage=self.attribution.coverage(id_, side) if looked_at else (),
                    passed=tuple(other for other in before if other in moved and id_ not in moved),
                )

    def _recommendations(self, side: Side) -> Iterator[RecommendationChange]:
        for definition in self.rulebase.recommendations.values():
            was, is_ = (self._withheld(case, definition, side) for case in (self.before, self.after))
            if (was == ()) != (is_ == ()):
                yield self._recommendation(definition, side, given=is_ == (), reasons=is_ or was)

    def _withheld(
        self, case: Case, definition: RecommendationDefinition, side: Side
    ) -> tuple[str | None, ...]:
        """Empty where it is given; else why it is not, None where no rule offers it."""
        view = case.views[side]
        offered = any(
            isinstance(effect, Recommend) and effect.code == definition.code
            for index, rule in enumerate(self.rulebase.rules)
            if view.outcomes[index] == FIRES
            for effect in rule.effects
        )
        refusal = Offer(case, view).refusal(definition) if offered else None
        return () if offered and refusal is None else (refusal,)

    def _recommendation(
        self, definition: RecommendationDefinition, side: Side, given: bool, reasons: tuple[str | None, ...]
    ) -> RecommendationChange:
        target, state = definition.target, definition.target_if_state
        before, after = self.before.views[side], self.after.views[side]
        reclassed = target is not None and before.standings[target].name != after.standings[target].name
        restated = state is not None and before.states[state] is not after.states[state]
        return RecommendationChange(
            definition=definition,
            given=given,
            withheld=reasons[0],
            rules=tuple(self._recommenders(definition.code, side)),
            contributors=(target,) if target is not None and reclassed else (),
            states=(state,) if state is not None and restated else (),
            screen=_screened(self.before, definition, side) != _screened(self.after, definition, side),
        )

    def _recommenders(self, code: str, side: Side) -> Iterator[str]:
        for index, rule in enumerate(self.rulebase.rules):
            if any(isinstance(e, Recommend) and e.code == code for e in rule.effects):
                before, after = (view.outcomes[index] for view in self.attribution.views(rule, side))
                if (before == FIRES) != (after == FIRES):
                    yield rule.code


def _counted(case: Case, key: Key) -> Found | str:
    """A finding as it counts, or why it counts as unknown."""
    found, gap = finding(case, key), case.gap(key)
    if found is not None:
        return found
    assert gap is not None
    return gap.status


def _value(counted: Found | str) -> tuple[object, ...]:
    if isinstance(counted, str):
        return (counted,)
    return counted.seen.value, counted.seen.painful, counted.seen.through_gate


def _flag_state(case: Case, flag: RedFlag, side: Side | None) -> FlagState:
    for raised in case.screen.raised:
        if raised.flag is flag and raised.side == side:
            return "open" if raised.open else "cleared"
    return "unknown" if may_be_raised(case, flag.code, side) else "absent"


def _standings(answer: Assessment, side: Side) -> dict[str, Standing]:
    (knee,) = [knee for knee in answer.knees if knee.side == side]
    every = [c for top in knee.contributors for c in (top, *top.mechanisms)]
    return {contributor.definition.id: contributor.standing for contributor in every}


def _unranked(standing: Standing) -> Standing:
    """All but the rank, which others can change."""
    return replace(standing, rank=None)


def _screened(case: Case, definition: RecommendationDefinition, side: Side) -> tuple[object, ...]:
    """What the screen says of a recommendation."""
    screen = case.screen
    forbidden = screen.forbidden[side].get(definition.code)
    return screen.status, screen.referral_first, screen.outside_intended_use, forbidden
