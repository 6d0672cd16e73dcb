"""Finds findings by the words people use: id, label, aliases and what else they are found by."""

import re
from collections.abc import Iterable, Mapping

from service.domain.rulebase import RuleBase
from service.domain.vocabulary import DerivedDefinition, FindingDefinition

LONGEST_QUERY = 100


def search_findings(rulebase: RuleBase, query: str) -> list[FindingDefinition]:
    """Findings of which every word of the query begins a word of a name; the closest names first."""
    named = {d.id: (d.label, d.id, *d.aliases, *d.found_by) for d in rulebase.findings.values()}
    return [rulebase.findings[id_] for id_ in _search(named, query)]


def search_derived(rulebase: RuleBase, query: str) -> list[DerivedDefinition]:
    """The formulas found in the same way."""
    named = {d.id: (d.label, d.id) for d in rulebase.derived.values()}
    return [rulebase.derived[id_] for id_ in _search(named, query)]


def _search(named: Mapping[str, Iterable[str]], query: str) -> list[str]:
    """The ids with a name that fits, the closest first; all of them where nothing is asked."""
    if not query:
        return list(named)
    wanted = _words(query[:LONGEST_QUERY])
    if not wanted:
        return []
    scores = {id_: max(_score(wanted, name) for name in names) for id_, names in named.items()}
    return sorted((id_ for id_ in scores if scores[id_]), key=lambda id_: -scores[id_])


def _score(wanted: list[str], name: str) -> float:
    """1 for the same words, less for the more the name says beside them, 0 for a word not there."""
    words = _words(name)
    if not all(any(word.startswith(part) for word in words) for part in wanted):
        return 0.0
    return sum(map(len, wanted)) / sum(map(len, words))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.casefold())
