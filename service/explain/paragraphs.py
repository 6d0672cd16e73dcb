"""Reasons as one readable paragraph; its fixed sentences are the rule base's own."""

from collections.abc import Iterable, Iterator

from service.answer.case import Case
from service.answer.sentences import capital, class_said, name_of
from service.domain.assessment import Gap, Standing
from service.domain.exam import Side
from service.domain.logic import Truth
from service.domain.question import SCORED, Target
from service.domain.reasons import (
    ContributorProof,
    CriterionShown,
    FlagProof,
    Miss,
    Proof,
    RuleShown,
    StateProof,
    criteria_shown,
)
from service.explain.conditions import conclusion


class Paragraphs:
    """Writes what is said of one knee."""

    def __init__(self, case: Case, side: Side) -> None:
        self.case = case
        self.side = side
        self.wording = case.rulebase.wording

    # -- why ------------------------------------------------------------------------------------

    def of_proof(self, proof: Proof) -> str:
        match proof:
            case ContributorProof():
                return " ".join(self._contributor(proof))
            case StateProof():
                return " ".join(self._state(proof))
            case FlagProof():
                return " ".join(self._flag(proof))

    def of_absence(self, target: Target, truth: Truth, askable: bool) -> str:
        """That it does not hold, or is not known; `askable`: why not can be asked."""
        said = self._said(target, truth)
        return f"{said} {self.wording['why_ask_why_not']}" if askable else said

    def _said(self, target: Target, truth: Truth) -> str:
        """Whether something holds that is no contributor."""
        known = {True: "holds", False: "flag_absent" if target.kind == "flag" else "absent", None: "unknown"}
        key = "fires" if target.kind == "rule" and truth else known[truth]
        return self.wording[f"why_{key}"].format(label=self._label(target))

    def _contributor(self, proof: ContributorProof) -> Iterator[str]:
        yield self.of_class(proof.standing)
        spoken = [rule for rule in proof.rules if rule.counted]
        for key, supports in (("why_for", True), ("why_against", False)):
            yield from self._list(
                key, (self._rule(r) for r in spoken if r.score and r.score.supports == supports)
            )
        yield from self._list("why_not_counted", (self._rule(r) for r in proof.rules if not r.counted))
        yield from (note.text for note in proof.notes)
        yield from self._assumed(proof.rules)
        yield from self._list("why_open", self._names(gap for rule in proof.others for gap in rule.gaps))
        yield self.wording["why_link"].format(text=proof.definition.link_certainty.text)
        yield from self._cautions(proof.rules)

    def _state(self, proof: StateProof) -> Iterator[str]:
        label = self._label(Target("state", proof.definition.id))
        if proof.screen is not None:
            yield self.wording["why_screen"].format(label=label, status=proof.screen)
            return
        listed = "; ".join(self._rule(rule) for rule in proof.rules)
        yield self.wording["why_state"].format(label=label, list=listed)
        yield from self._assumed(proof.rules)
        yield from self._cautions(proof.rules)

    def _flag(self, proof: FlagProof) -> Iterator[str]:
        listed = "; ".join(self._rule(rule) for rule in proof.rules)
        flag = self.wording["flag"].format(code=proof.flag.code, label=proof.flag.label)
        yield self.wording["why_flag"].format(flag=flag, list=listed, text=proof.text)
        yield from self._assumed(proof.rules)
        if proof.cleared_by is not None:
            yield self.wording["why_flag_cleared"].format(role=proof.cleared_by)
        yield from self._cautions(proof.rules)

    def _rule(self, shown: RuleShown) -> str:
        """The rule's title and code, and what made it hold."""
        criteria = (c for c in criteria_shown(shown.when) if c.verdict.truth is True)
        held = dict.fromkeys(said for criterion in criteria for said in self._held(criterion))
        title, code = shown.rule.title, shown.rule.code
        if not held:
            return self.wording["why_rule_alone"].format(title=title, code=code)
        return self.wording["why_rule"].format(title=title, code=code, list="; ".join(held))

    def _held(self, criterion: CriterionShown) -> Iterator[str]:
        """What a criterion that holds rests on: what was seen, or the conclusion it reads."""
        read = criterion.conclusion
        if read is not None and read.target.kind in SCORED:
            yield class_said(self.case.rulebase, read.target.id, str(criterion.verdict.seen))
        elif read is not None:
            yield f"{read.label}, {read.side}" if read.side else read.label
        yield from (f"{found.label}: {found.words}" for found in criterion.found)

    def _assumed(self, rules: Iterable[RuleShown]) -> Iterator[str]:
        return self._list("why_assumed", self._names(gap for rule in rules for gap in rule.assumed))

    def _cautions(self, rules: Iterable[RuleShown]) -> Iterator[str]:
        cautions = dict.fromkeys(rule.caution for rule in rules if rule.caution)
        if cautions:
            yield self.wording["why_caution"].format(list=" ".join(filter(None, cautions)))

    # -- why not --------------------------------------------------------------------------------

    def of_misses(
        self, target: Target, truth: Truth, standing: Standing | None, misses: tuple[Miss, ...]
    ) -> str:
        """Where it stands now, and what lies nearest; `standing` that of a contributor."""
        if standing is not None:
            return " ".join([self.of_class(standing), *self._nearest_of(target, misses)])
        now = self._said(target, truth)
        return now if truth is True else " ".join([now, *self._nearest_of(target, misses)])

    def of_firing(self, target: Target, idle: Iterable[str]) -> str:
        """That a rule fires, and where it has no effect why; `idle`: the reasons."""
        return " ".join([self._said(target, True), *self._list("why_without_effect", idle)])

    def _nearest_of(self, target: Target, misses: tuple[Miss, ...]) -> Iterator[str]:
        if misses and misses[0].distance is not None and misses[0].would_count:
            yield from self._nearest(misses[0], alone=target.kind == "rule")
        else:
            yield self.wording["why_not_out_of_force" if target.kind == "rule" else "why_not_none"]

    def _nearest(self, miss: Miss, alone: bool) -> Iterator[str]:
        """What the nearest rule lacks; `alone`: the rule itself is asked about."""
        listed = "; ".join(self._lacking(criterion) for criterion in miss.nearest)
        key = "why_not_lacking" if alone else "why_not_nearest"
        yield self.wording[key].format(title=miss.rule.title, code=miss.rule.code, list=listed)
        yield from self._list("why_not_suppressed", (c.label for c in miss.suppressed_by))

    def _lacking(self, criterion: CriterionShown) -> str:
        """What a criterion would have to be, and what it is: `Navicular drop, left (… ; seen: 9 mm)`."""
        needed, value = self._needed_and_seen(criterion)
        if criterion.change is False:
            needed = self.wording["why_not_denied"].format(needed=needed)
        if criterion.verdict.truth is None:
            seen = self.wording["why_not_unseen"]
        else:
            seen = self.wording["why_not_seen"].format(value=value)
        return self.wording["why_not_lacks"].format(label=criterion.label, needed=needed, seen=seen)

    def _needed_and_seen(self, criterion: CriterionShown) -> tuple[str, object]:
        """In words; a class never without its link certainty."""
        verdict, read = criterion.verdict, criterion.conclusion
        if read is None or read.target.kind not in SCORED:
            words = "" if criterion.formula else "; ".join(found.words for found in criterion.found)
            return verdict.needed, words or verdict.seen
        rulebase = self.case.rulebase
        classes = rulebase.class_words
        needed = " or ".join(classes[name] for name in verdict.needed.split(" or "))
        certainty = rulebase.contributors[read.target.id].link_certainty.words
        classed = self.wording["why_not_class"].format(words=needed, certainty=certainty)
        return classed, classes[str(verdict.seen)]

    # -- both -------------------------------------------------------------------------------------

    def of_class(self, standing: Standing) -> str:
        return self.wording["why_class"].format(
            side=capital(self.side),
            classed=class_said(self.case.rulebase, standing.id, standing.name),
            support=standing.support,
            against=standing.against,
            assessed=standing.assessed,
            of=standing.of,
        )

    def _label(self, target: Target) -> str:
        found = conclusion(self.case, target, self.side)
        return capital(f"{found.label}, {found.side}" if found.side else found.label)

    def _list(self, key: str, items: Iterable[str]) -> Iterator[str]:
        listed = "; ".join(dict.fromkeys(items))
        if listed:
            yield self.wording[key].format(list=listed)

    def _names(self, gaps: Iterable[Gap]) -> Iterator[str]:
        findings = self.case.rulebase.findings
        return (name_of(findings[gap.finding], gap.side) for gap in gaps)
