"""The thirteen source attributes of each rule, computed from what the rule reads.

Nothing about a rule is written by hand here, so an answer cannot go stale when its rule changes.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

from service.domain.rule import Convention, Recommend, Rule
from service.domain.rulebase import RuleBase
from service.domain.source_attributes import ATTRIBUTES, STATED, USES, SourceAttribute
from service.inference.dependencies import Dependencies
from service.inference.strata import Concludes


class SourceAttributes:
    """Answers the thirteen for any rule or convention of one rule base."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase
        self.sheet = rulebase.source_sheet
        self.dependencies = Dependencies(rulebase)

    def of(self, rule: Rule | Convention) -> tuple[SourceAttribute, ...]:
        """All thirteen, in the order of the regulation."""
        own, all_read = self._reads(rule)
        stated = (self._citation(rule), self.sheet.developer, self.sheet.funding, self._dates(rule))
        cites = (tuple(self._cites(rule)), (), (), ())
        return (
            *map(self._stated, STATED, stated, cites),
            *(self._use(id_, own, all_read) for id_ in USES),
        )

    # -- what is stated ----------------------------------------------------------------------

    def _stated(self, id_: str, says: str, cites: tuple[str, ...]) -> SourceAttribute:
        return SourceAttribute(_number(id_), id_, self.sheet.labels[id_], says, citations=cites)

    def _cites(self, rule: Rule | Convention) -> Iterable[str]:
        return dict.fromkeys(citation.cite for citation in rule.evidence)

    def _citation(self, rule: Rule | Convention) -> str:
        return " · ".join(self.rulebase.sources[cite].reference for cite in self._cites(rule))

    def _dates(self, rule: Rule | Convention) -> str:
        sheet, version = self.sheet, self.rulebase.version
        if sheet.released is None:
            base = sheet.words["not_released"].format(version=version)
        else:
            revised = ", ".join(day.isoformat() for day in sheet.revised) or "–"
            base = sheet.words["released"].format(version=version, released=sheet.released, revised=revised)
        own = sheet.words["rule_version"].format(code=rule.code, version=rule.version)
        return f"{base} {own} {sheet.release_note}"

    # -- what is read ------------------------------------------------------------------------

    def _use(self, id_: str, own: frozenset[str], all_read: frozenset[str]) -> SourceAttribute:
        listed = self.sheet.reads[id_]
        findings = tuple((finding, finding in own) for finding in listed if finding in all_read)
        screen = tuple(finding for finding in listed if finding in self._screen)
        says = " ".join(self._says(listed, findings, screen))
        label = self.sheet.labels[id_]
        return SourceAttribute(_number(id_), id_, label, says, bool(findings), findings, screen)

    def _says(
        self, listed: tuple[str, ...], findings: tuple[tuple[str, bool], ...], screen: tuple[str, ...]
    ) -> Iterator[str]:
        words = self.sheet.words
        if not listed:
            yield words["not_recorded"]
            return
        for key, directly in (("used", True), ("used_through", False)):
            if names := self._labels(finding for finding, own in findings if own is directly):
                yield words[key].format(findings=names)
        if not findings:
            yield words["not_used"]
        if screen:
            yield words["screen"].format(findings=self._labels(screen))

    def _labels(self, findings: Iterable[str]) -> str:
        return "; ".join(self.rulebase.findings[finding].label for finding in findings)

    def _reads(self, rule: Rule | Convention) -> tuple[frozenset[str], frozenset[str]]:
        """The findings it reads itself, through formulas too; and all those that bear on it."""
        if isinstance(rule, Convention):
            named = frozenset(rule.findings)
            return named, named
        index = self._indexes[rule.code]
        targets = tuple(self._targets(rule))
        behind = {*self.dependencies.rules_behind((index,)), *self.dependencies.rules_of(targets)}
        classed = (id_ for kind, id_ in targets if kind == "class")
        return self._findings((index,)), self._findings(behind, classed)

    def _targets(self, rule: Rule) -> Iterator[Concludes]:
        """What the class or state that an offered recommendation waits for rests on."""
        for effect in rule.effects:
            if isinstance(effect, Recommend):
                recommendation = self.rulebase.recommendations[effect.code]
                if recommendation.target:
                    yield "class", recommendation.target
                if recommendation.target_if_state:
                    yield "state", recommendation.target_if_state

    def _findings(self, indexes: Iterable[int], contributors: Iterable[str] = ()) -> frozenset[str]:
        """All that these rules read, by way of formulas and of values computed where none was posted."""
        chosen = tuple(indexes)
        judged = (*contributors, *self.dependencies.contributors_of(chosen))
        found = {finding for finding, _ in self.dependencies.tests(chosen, judged)}
        derived = [self.rulebase.findings[finding].derive for finding in found]
        return frozenset(found | {o.finding for ratio in derived if ratio for o in ratio.operands})

    @cached_property
    def _indexes(self) -> dict[str, int]:
        return {rule.code: index for index, rule in enumerate(self.rulebase.rules)}

    @cached_property
    def _screen(self) -> frozenset[str]:
        """What the safety screen reads: in its rules, and because it is always due."""
        rules = self.rulebase.rules
        read = self._findings(index for index, rule in enumerate(rules) if rule.safety and rule.active)
        findings = self.rulebase.findings.values()
        return read | {f.id for f in findings if f.safety is not None and f.safety.due == "always"}


def _number(attribute: str) -> int:
    """Its number in the regulation."""
    return ATTRIBUTES.index(attribute) + 1
