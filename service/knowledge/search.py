"""Finds findings by the words people use: id, label and aliases."""

import re

from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition

LONGEST_QUERY = 100


def search_findings(rulebase: RuleBase, query: str) -> list[FindingDefinition]:
    """Findings of which every word of the query begins a word of a name; the closest names first."""
    wanted = _words(query[:LONGEST_QUERY])
    if not wanted:
        return []
    scored = []
    for place, definition in enumerate(rulebase.findings.values()):
        score = max(_score(wanted, name) for name in (definition.label, definition.id, *definition.aliases))
        if score:
            scored.append((-score, place, definition))
    return [definition for _, _, definition in sorted(scored, key=lambda item: item[:2])]


def _score(wanted: list[str], name: str) -> float:
    """1 for the same words, less for the more the name says beside them, 0 for a word not there."""
    words = _words(name)
    if not all(any(word.startswith(part) for word in words) for part in wanted):
        return 0.0
    return sum(map(len, wanted)) / sum(map(len, words))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.casefold())
