"""What may be suggested for one knee: options whose target's class and the screen both allow."""

from collections.abc import Iterator

from service.answer.case import Case
from service.answer.safety import flag_text
from service.answer.sentences import capital, class_said
from service.domain.assessment import Firing, Recommendation
from service.domain.rule import Recommend
from service.domain.vocabulary import RecommendationDefinition
from service.inference.screen import Raised
from service.inference.view import View


class Offer:
    """Decides for one knee which recommendations its fired rules may offer."""

    def __init__(self, case: Case, view: View) -> None:
        self.case = case
        self.view = view
        self.policy = case.rulebase.recommendation_policy

    def given(self, trace: list[Firing], ranks: dict[str, int]) -> tuple[Recommendation, ...]:
        """In order: those that come first, then by the target's rank, then by code."""
        offered = [
            self._recommendation(definition, firing)
            for firing in trace
            for effect in firing.rule.effects
            if isinstance(effect, Recommend)
            and self.refusal(definition := self.case.rulebase.recommendations[effect.code]) is None
        ]
        offered.sort(key=lambda made: self._order(made, ranks))
        return (*self._referrals(), *offered)

    def refusal(self, definition: RecommendationDefinition) -> str | None:
        """Why it is not given, or None."""
        return self._screen_refusal(definition) or self._class_refusal(definition)

    def _screen_refusal(self, definition: RecommendationDefinition) -> str | None:
        screen, policy, wording = self.case.screen, self.policy, self.case.rulebase.wording
        if screen.status == "incomplete" and definition.code not in policy.when_incomplete:
            return wording["reason_incomplete"]
        if screen.referral_first and definition.code not in policy.when_referral_first:
            return wording["reason_referral"]
        if screen.outside_intended_use and definition.code not in policy.outside_intended_use:
            return wording["reason_outside"]
        return screen.forbidden[self.view.side].get(definition.code)

    def _class_refusal(self, definition: RecommendationDefinition) -> str | None:
        target = self._target(definition)
        if target is None:
            return None
        name = self.view.standings[target].name
        if name in (definition.given_while or self.policy.given_while):
            return None
        return class_said(self.case.rulebase, target, name)

    def _target(self, definition: RecommendationDefinition) -> str | None:
        state = definition.target_if_state
        if state is not None and self.view.states[state] is not True:
            return None
        return definition.target

    def _recommendation(self, definition: RecommendationDefinition, firing: Firing) -> Recommendation:
        target = self._target(definition)
        text = definition.text
        if target and self.view.standings[target].name in self.case.rulebase.undecided_classes:
            text = f"{self.case.rulebase.wording['suggested_prefix']} {text}"
        because = firing.because
        if self.case.screen.status == "incomplete" and not self._speaks_of_the_screen(firing):
            because = f"{capital(self.case.rulebase.wording['reason_incomplete'])}. {because}"
        return Recommendation(definition.code, definition.id, target, text, because, definition)

    def _speaks_of_the_screen(self, firing: Firing) -> bool:
        states = self.case.rulebase.states
        return any(p.kind == "state" and states[p.id].given_by_screen for p in firing.premises)

    def _order(self, made: Recommendation, ranks: dict[str, int]) -> tuple[int, int, str]:
        first = self.policy.order_first
        if made.code in first:
            return first.index(made.code), 0, made.code
        target = made.target and (self.case.rulebase.contributors[made.target].beneath or made.target)
        return len(first), ranks.get(target or "", len(ranks) + 1), made.code

    def _referrals(self) -> Iterator[Recommendation]:
        """The referral of each open flag so urgent, on whichever side; it comes before everything else."""
        by_flag: dict[str, list[Raised]] = {}
        for raised in self.case.screen.raised:
            if raised.open and raised.flag.urgency.referral_first:
                by_flag.setdefault(raised.flag.code, []).append(raised)
        for code, all_raised in by_flag.items():
            titles = dict.fromkeys(rule.title for raised in all_raised for rule, _, _ in raised.rules)
            text = flag_text(self.case, all_raised)
            yield Recommendation(code, "referral", None, text, "; ".join(titles))
