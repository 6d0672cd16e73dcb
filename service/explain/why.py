"""Why something holds: the complete proof, from the conclusion down to the findings."""

from collections.abc import Iterator

from service.answer.case import Case
from service.domain.assessment import Assessment, Firing
from service.domain.exam import Side
from service.domain.logic import Truth
from service.domain.question import Target
from service.domain.reasons import (
    ConclusionShown,
    ContributorProof,
    FlagProof,
    OtherRule,
    Proof,
    RuleShown,
    StateProof,
    Why,
)
from service.domain.rule import NEVER, Rule, Score
from service.explain.classes import classes, clusters, fired_scores, key_groups, until_decided
from service.explain.conditions import Conditions, view_of
from service.explain.holding import holds
from service.explain.paragraphs import Paragraphs
from service.inference.reference import FIRES
from service.inference.view import View


def why(case: Case, assessment: Assessment, side: Side, target: Target) -> Why:
    """Why the target holds; where it does not, that is said, and there is no proof."""
    truth = holds(case, side, target)
    proof = Prover(case, assessment).prove(target, side) if truth is True else None
    said = Paragraphs(case, side)
    if proof is not None:
        return Why(truth, said.of_proof(proof), proof)
    askable = case.screen.shows(side)
    return Why(truth, said.of_absence(target, truth, askable), ask_why_not=askable)


class Prover:
    """Proves conclusions of one case. Each is proved once, where it is first met in reading order."""

    def __init__(self, case: Case, assessment: Assessment) -> None:
        self.case = case
        self.rulebase = case.rulebase
        self.assessment = assessment
        self._fired = {(firing.rule.code, firing.side): firing for firing in assessment.trace}
        self._proved: set[tuple[Target, Side | None]] = set()

    def prove(self, target: Target, side: Side) -> Proof:
        """The proof of what holds."""
        match target.kind:
            case "flag":
                return self._flag(target.id, side)
            case "state":
                return self._state(target, side)
            case "rule":
                raise TypeError("a rule is no conclusion")
            case _:
                return self._contributor(target, side)

    # -- conclusions ----------------------------------------------------------------------------

    def _contributor(self, target: Target, side: Side) -> ContributorProof:
        view = self.case.views[side]
        standing = view.standings[target.id]
        fired = fired_scores(self.case, target.id, view)
        counted = {score for _, score in standing.counted}
        return ContributorProof(
            definition=self.rulebase.contributors[target.id],
            side=side,
            standing=standing,
            classes=until_decided(classes(self.case, standing)),
            clusters=tuple(clusters(standing, fired)),
            key_groups=tuple(key_groups(self.case, target.id, view)),
            rules=tuple(self._rule(rule, view, score, score in counted) for rule, score in fired),
            notes=tuple(n for n in self.assessment.notes if (n.about, n.side) == (target.id, side)),
            others=tuple(self._others(target.id, view)),
        )

    def _others(self, contributor: str, view: View) -> Iterator[OtherRule]:
        gaps = {item.rule: item.gaps for item in self.assessment.undetermined if item.side == view.side}
        by = {item.rule: item.by for item in self.assessment.suppressed if item.side == view.side}
        for index, rule in enumerate(self.rulebase.rules):
            outcome = view.outcomes[index]
            if outcome != FIRES and any(score.target == contributor for score in rule.scores):
                yield OtherRule(rule, outcome, gaps.get(rule.code, ()), by.get(rule.code, ()))

    def _state(self, target: Target, side: Side) -> StateProof:
        definition = self.rulebase.states[target.id]
        view = view_of(self.case, target, side)
        setting = [self.rulebase.rules[index] for index in self.rulebase.setters.get(target.id, ())]
        return StateProof(
            definition=definition,
            side=side if target.id in self.rulebase.sided_states else None,
            rules=tuple(self._rule(rule, view) for rule in setting if self._firing(rule, side)),
            screen=self.assessment.safety.words if definition.given_by_screen else None,
        )

    def _flag(self, code: str, side: Side) -> FlagProof:
        shown = next(
            flag
            for flag in self.assessment.safety.flags
            if flag.flag.code == code and flag.side in (None, side)
        )
        raised = next(
            raised
            for raised in self.case.screen.raised
            if raised.flag is shown.flag and raised.side == shown.side
        )
        rules = tuple(
            self._rule(rule, self.case.screen.views[seen_from]) for rule, _, seen_from in raised.rules
        )
        cleared_by = shown.clearance.role if shown.clearance else None
        return FlagProof(shown.flag, shown.side, shown.text, rules, cleared_by)

    # -- rules ------------------------------------------------------------------------------------

    def _rule(self, rule: Rule, view: View, score: Score | None = None, counted: bool = True) -> RuleShown:
        firing = self._firing(rule, view.side)
        assert firing is not None
        conditions = Conditions(self.case, view, lambda found, truth: self._premise(found, truth, view.side))
        return RuleShown(
            rule=rule,
            side=firing.side,
            because=firing.because,
            caution=firing.caution,
            when=conditions.shown("when", rule.when),
            unless=None if rule.unless == NEVER else conditions.shown("unless", rule.unless),
            assumed=firing.assumed,
            score=score,
            counted=counted,
        )

    def _firing(self, rule: Rule, side: Side) -> Firing | None:
        return self._fired.get((rule.code, side)) or self._fired.get((rule.code, None))

    def _premise(self, found: ConclusionShown, truth: Truth, side: Side) -> ConclusionShown:
        """An earlier conclusion with its proof, or with the word that it was proved further up."""
        if truth is not True:
            return found
        side = self._raised_on(found.target.id, side) if found.target.kind == "flag" else side
        place = found.target, found.side
        if place in self._proved:
            return ConclusionShown(found.target, found.label, found.side, shown_above=True)
        self._proved.add(place)
        return ConclusionShown(found.target, found.label, found.side, self.prove(found.target, side))

    def _raised_on(self, code: str, side: Side) -> Side:
        """The side on which a flag was raised that is read on either: this one, where it was on both."""
        sides = [raised.side for raised in self.case.screen.raised if raised.flag.code == code]
        return side if side in sides or None in sides else next(found for found in sides if found)
