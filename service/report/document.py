"""The audit report: statistics of recorded assessments as one HTML document that needs nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.domain.rulebase import RuleBase
from service.domain.statistics import (
    FEWEST,
    NOT_COVERED,
    SAYS,
    SUPPRESSED,
    Count,
    Named,
    Part,
    RuleCounts,
    Statistics,
)
from service.handbook.document import TEMPLATES as HANDBOOK

TEMPLATES = Path(__file__).parent / "templates"
SECTIONS = {
    "about": "How to read it",
    "numbers": "At a glance",
    "outcomes": "Safety screen",
    "flags": "Red flags",
    "rules": "Rules",
    "overrides": "Overrides",
    "missing": "Missing findings",
    "classes": "Classes",
    "reviews": "Reviews",
    "rule-bases": "Rule bases",
    "suppression": "What is suppressed",
}
"""The sections in their order, each a template of that name."""
HIDDEN = "suppressed"


@dataclass(frozen=True)
class Report:
    """What the report is made of. The present rule base lends names, and says whether it is a draft."""

    statistics: Statistics
    rulebase: RuleBase
    printed_at: datetime

    @cached_property
    def html(self) -> str:
        return _environment().get_template("report.html").render(
            report=self, base=self.rulebase, counted=self.statistics, sections=SECTIONS, says=SAYS,
            suppressed=SUPPRESSED, not_covered=NOT_COVERED, fewest=FEWEST,
        )  # fmt: skip

    @property
    def span(self) -> str:
        """The days that are counted, in words."""
        since, until = self.statistics.since, self.statistics.until
        if since and until:
            return f"from {since} on and before {until}"
        return f"from {since} on" if since else f"before {until}" if until else "all that was recorded"

    # -- names -------------------------------------------------------------------------------

    def rule(self, code: str) -> str:
        """Its title, if the present rule base has it."""
        rule = self.rulebase.rule_by_code.get(code)
        return rule.title if rule else ""

    def finding(self, id_: str) -> str:
        found = self.rulebase.findings.get(id_) or self.rulebase.derived.get(id_)
        return found.label if found else id_

    def contributor(self, id_: str) -> str:
        found = self.rulebase.contributors.get(id_)
        return found.label if found else id_

    def flag(self, code: str) -> str:
        found = self.rulebase.red_flags.get(code)
        return found.label if found else ""

    def class_(self, name: str) -> str:
        return self.rulebase.class_words.get(name, name)

    # -- tables ------------------------------------------------------------------------------

    @property
    def rules(self) -> list[RuleCounts]:
        """The most often fired first."""
        return sorted(
            self.statistics.rules,
            key=lambda one: (-(one.fired.count or 0), -(one.undetermined.count or 0), one.code, one.version),
        )

    @property
    def overridden(self) -> list[RuleCounts]:
        """The rules of which a share of overrides may be shown, the largest first."""
        shown = [one for one in self.statistics.rules if not one.overrides.disputed.suppressed]
        return sorted(shown, key=lambda one: (-(one.overrides.disputed.share or 0), one.code, one.version))

    @property
    def unlisted(self) -> list[str]:
        """The rules of the present base of which no count may be shown."""
        listed = {one.code for one in self.statistics.rules}
        return [rule.code for rule in self.rulebase.rules if rule.code not in listed]

    @property
    def classes(self) -> list[str]:
        """The names of the classes that stand in the table, the strongest first."""
        found = {named.name for of in self.statistics.classes for named in of.classes}
        order = [name for name in self.rulebase.class_order if name in found]
        return [*order, *sorted(found - {*order})]

    def by_name(self, found: Iterable[Named]) -> Mapping[str, Part]:
        return {named.name: named.part for named in found}

    def widest(self) -> float:
        """What all classes of a contributor come to at most: over 1 where two knees have two classes."""
        sums = (sum(named.part.share or 0 for named in of.classes) for of in self.statistics.classes)
        return max(1.0, *sums, 1.0)


def number(count: Count) -> str:
    """A count for people."""
    return HIDDEN if count is None else f"{count:,}"


def per_cent(share: float | None) -> str:
    """A share for people; nothing where it is suppressed."""
    return "" if share is None else f"{100 * share:.1f} %"


@cache
def _environment() -> Environment:
    """The handbook's style sheet and this report's; everything is escaped but the templates themselves."""
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, HANDBOOK]), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["number"] = number
    environment.filters["per_cent"] = per_cent
    return environment
