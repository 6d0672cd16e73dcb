"""`kneechain targets`: what can be asked about, by id or code."""

from collections.abc import Iterator

import click

from schemas.question import known_targets
from service.cli.common import print_table, rulebase
from service.domain.question import TargetKind
from service.domain.rulebase import RuleBase

KINDS: tuple[TargetKind, ...] = ("contributor", "mechanism", "state", "flag", "rule")


@click.command()
@click.argument("kind", required=False, type=click.Choice(KINDS))
def targets(kind: TargetKind | None) -> None:
    """The contributors, mechanisms, states, red flags and rules that `explain` can be asked about.

    Of one KIND, or of all.
    """
    print_table(("id", "kind", "label"), _rows(rulebase(), KINDS if kind is None else (kind,)))


def _rows(base: RuleBase, kinds: tuple[TargetKind, ...]) -> Iterator[tuple[str, str, str]]:
    known = known_targets(base)
    for kind in kinds:
        for id_ in known[kind]:
            yield id_, kind, _label(base, kind, id_)


def _label(base: RuleBase, kind: TargetKind, id_: str) -> str:
    match kind:
        case "state":
            return base.states[id_].label
        case "flag":
            return base.red_flags[id_].label
        case "rule":
            return base.rule_by_code[id_].title
        case _:
            contributor = base.contributors[id_]
            above = f" (beneath {contributor.beneath})" if contributor.beneath else ""
            return f"{contributor.label}{above}"
