"""The handbook: the whole rule base as one HTML document that needs nothing else to be read or printed."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.domain.rule import NEVER, Convention, Example, Rule
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition
from service.handbook.cases import ClinicalCase, read_cases
from service.handbook.crossings import Crossings, rule_link
from service.handbook.hazards import Hazard, read_hazards
from service.handbook.links import Line, Links, Piece, anchor
from service.handbook.records import BASE_RATES, PROOFS, Record, read_record
from service.handbook.source_attributes import SourceAttributes
from service.knowledge import describe

TEMPLATES = Path(__file__).parent / "templates"
STYLE = "handbook.css"
SECTIONS = {
    "about": "What this is",
    "reading": "How to read it",
    "safety-screen": "Safety screen",
    "contributors": "Contributors",
    "alternatives": "Alternatives",
    "rules": "Rules",
    "conventions": "Conventions",
    "findings": "Findings",
    "formulas": "Formulas",
    "states": "States",
    "chains": "Chains",
    "options": "Recommendations",
    "cases": "Clinical cases",
    "proofs": "Proofs",
    "base-rates": "Base rates",
    "hazards": "Hazard log",
    "source-attributes": "Source attributes",
    "evidence": "Evidence",
    "commands": "Commands",
    "settings": "Settings",
}
"""The sections in their order, each a template of that name."""
FAMILIES = {
    "safety": "Safety screen",
    "contributors": "Contributors",
    "chains": "Chains",
    "alternatives": "Other explanations",
    "both-sides": "Both sides",
    "history": "Earlier treatment",
    "next-tests": "What to examine next",
    "recommendations": "When options are offered",
}


@dataclass(frozen=True, slots=True)
class CommandText:
    """A command as its help tells it; `options` are their names with what each does."""

    usage: str
    says: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SettingText:
    """A setting: its variable, its default in words and what it does."""

    variable: str
    default: str
    says: str


@dataclass(frozen=True)
class Handbook:
    """What the handbook is made of: `rules` is the folder of the rule base, `checkout` the project's."""

    rulebase: RuleBase
    rules: Path
    checkout: Path
    commands: tuple[CommandText, ...] = ()
    settings: tuple[SettingText, ...] = ()

    @cached_property
    def html(self) -> str:
        """The document. Raises RuleBaseError where a case or the hazard log is not right."""
        return _environment().get_template("handbook.html").render(
            book=self, base=self.rulebase, sections=SECTIONS, anchor=anchor, describe=describe,
            links=self.links, crossings=self.crossings,
        )  # fmt: skip

    @cached_property
    def links(self) -> Links:
        return Links(self.rulebase)

    @cached_property
    def crossings(self) -> Crossings:
        return Crossings(self.rulebase)

    @cached_property
    def attributes(self) -> SourceAttributes:
        return SourceAttributes(self.rulebase)

    @cached_property
    def hazards(self) -> tuple[Hazard, ...]:
        return read_hazards(self.checkout)

    @cached_property
    def cases(self) -> tuple[ClinicalCase, ...]:
        return read_cases(self.checkout)

    @cached_property
    def proofs(self) -> Record:
        return read_record(self.rules, PROOFS, self.rulebase)

    @cached_property
    def base_rates(self) -> Record:
        return read_record(self.rules, BASE_RATES, self.rulebase)

    @property
    def families(self) -> dict[str, str]:
        """The families of rules that there are, each with its title."""
        return {rule.family: FAMILIES.get(rule.family, rule.family) for rule in self.rulebase.rules}

    def rules_of(self, family: str) -> dict[str, list[Rule]]:
        """The rules of a family by the folder they stand in, in reading order."""
        folders: dict[str, list[Rule]] = {}
        for rule in self.rulebase.rules:
            if rule.family == family:
                folders.setdefault(Path(rule.file).parent.name, []).append(rule)
        return folders

    def findings_of(self, region: str) -> list[FindingDefinition]:
        return [finding for finding in self.rulebase.findings.values() if finding.region == region]

    @property
    def regions(self) -> list[str]:
        return list(dict.fromkeys(finding.region for finding in self.rulebase.findings.values()))

    def when(self, rule: Rule) -> tuple[Line, ...]:
        return self.links.condition(describe.condition_lines(rule.when))

    def unless(self, rule: Rule) -> tuple[Line, ...]:
        return () if rule.unless == NEVER else self.links.condition(describe.condition_lines(rule.unless))

    def given(self, example: Example) -> tuple[Piece, ...]:
        return self.links.within(_flow(example.given) or "nothing")

    def expected(self, example: Example) -> tuple[Piece, ...]:
        outcome, rest = example.expect["outcome"], {**example.expect}
        del rest["outcome"]
        return self.links.within(f"{outcome}{'; ' if rest else ''}{_flow(rest)}")

    def link(self, rule: Rule | Convention) -> Piece:
        return rule_link(rule)

    def codes(self, codes: tuple[str, ...]) -> list[Piece]:
        return [rule_link(self.rulebase.readable[code]) for code in codes]

    def share(self, counts: Mapping[str, int], name: str) -> str:
        """A count, and what share of all it is; a rate of the sample, never of a person."""
        total = sum(counts.values())
        count = counts.get(name, 0)
        return f"{count:,} ({100 * count / total:.1f} %)" if total else "–"


@cache
def policy() -> str:
    """The Content-Security-Policy of the document: its own style sheet, and nothing else at all."""
    style = _environment().get_template(STYLE).render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _environment() -> Environment:
    """Everything is escaped but the templates themselves; a name that is not there is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["flow"] = _flow
    return environment


def _flow(value: Any) -> str:
    """What was written in a rule file as one line."""
    if isinstance(value, Mapping):
        written = (f"{key}: {_inner(item)}" for key, item in value.items())
        return ", ".join(written)
    return ", ".join(map(_inner, value)) if isinstance(value, list | tuple) else str(value)


def _inner(value: Any) -> str:
    return f"({_flow(value)})" if isinstance(value, Mapping | list | tuple) else str(value)
