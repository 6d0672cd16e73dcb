"""`kneechain findings`: what can be entered, and what is computed from it."""

import click

from schemas.faults import printable
from service.cli.common import complain, print_table, rulebase
from service.domain.vocabulary import DerivedDefinition, FindingDefinition
from service.knowledge.describe import formula_words
from service.knowledge.search import LONGEST_QUERY, search_derived, search_findings


@click.command()
@click.argument("query", required=False, default="")
def findings(query: str) -> None:
    """The findings that can be posted, then the formulas over them.

    QUERY searches labels, aliases and near words.
    """
    base = rulebase()
    rows = [(f.id, f.label, _side(f), _accepted(f), f.use) for f in search_findings(base, query)] + [
        (d.id, d.label, _side(d), formula_words(d.formula), "computed") for d in search_derived(base, query)
    ]
    if not rows:
        complain(f"nothing is found by {printable(query[:LONGEST_QUERY])}; 'kneechain findings' lists all")
        return
    print_table(("id", "label", "side", "what is accepted", "use"), rows)


def _side(definition: FindingDefinition | DerivedDefinition) -> str:
    return "sided" if definition.sided else "none"


def _accepted(finding: FindingDefinition) -> str:
    if finding.numeric:
        return f"{finding.minimum} to {finding.maximum} {finding.unit or ''}".strip()
    return ", ".join(finding.values)
