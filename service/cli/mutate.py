"""`kneechain rules mutate`: which small changes of the rules no example or case would notice."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.common import RULES_NOT_RIGHT, complain, console, of_code, print_table, rulebase
from service.config import CHECKOUT, Config

if TYPE_CHECKING:
    from service.verify.mutants.report import Report


@click.command()
@click.argument("code", required=False)
@click.option("--seed", default=0, show_default=True, help="Which mutants the sample takes.")
@click.option("--full", is_flag=True, help="All mutants instead of a sample; takes minutes.")
@click.option(
    "--cases",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=CHECKOUT / "tests" / "cases",
    help="The folder of the whole-answer cases.",
)
def mutate(code: str | None, seed: int, full: bool, cases: Path) -> None:
    """Change the rules a little in many ways, and show the changes that no example or case notices.

    All changes of the rule CODE, or a sample of all. Exits 1 where one survives that surviving_mutants.yaml
    does not explain, where one explained does not survive, or where too few are noticed.
    """
    from service.verify.cases import read_cases
    from service.verify.mutants import mutants
    from service.verify.mutants.report import Report, sample, try_out
    from service.verify.mutants.survivors import read_survivors
    from service.verify.mutants.trial import Trial

    base = rulebase()
    explained = read_survivors(Config.from_environment().rules)
    every = list(mutants(base))
    chosen = every if full else sample(every, seed)
    if code is not None:
        rule = of_code(base.rule_by_code, code)
        chosen = [mutant for mutant in every if mutant.rule and mutant.rule.code == rule.code]
    trial = Trial(base, read_cases(cases, base))
    report = Report(tuple(try_out(trial, chosen)), frozenset(mutant.id for mutant in every), explained)
    _show(report)
    if not report.good:
        raise SystemExit(RULES_NOT_RIGHT)


def _show(report: "Report") -> None:
    headings = ("what was changed", "mutants", "noticed", "cannot be told apart", "survivors")
    print_table(headings, ((kind, *map(str, counts)) for kind, *counts in report.rows()))
    alike = (f"cannot be told apart: {tried.id}" for tried in report.tried if tried.equivalent)
    for line in alike:
        console().print(line, markup=False, highlight=False, soft_wrap=True)
    complain(*(f"survives: {tried.id}" for tried in report.survivors if tried.id in report.explained))
    complain(*(f"survives and is not explained: {id_}" for id_ in report.new))
    complain(*(f"is explained, but does not survive: {id_}" for id_ in report.stale))
    console().print(f"{float(report.noticed):.1%} of those that can be told apart are noticed")
