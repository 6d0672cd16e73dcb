"""`kneechain rules`: check and read the rule base."""

import click

from service.cli.common import console, of_code, print_table, rulebase
from service.config import Config
from service.knowledge.describe import rule_lines
from service.knowledge.problems import RuleBaseError


@click.group()
def rules() -> None:
    """Check and read the rule base."""


@rules.command()
def check() -> None:
    """Load every file, run every example on both evaluators, compare versions with the lock."""
    from service.verify.check import check_rulebase
    from service.versions.locking import version_problems

    base = rulebase()
    report = check_rulebase(base)
    problems = [*report.problems, *version_problems(Config.from_environment().rules, base)]
    if problems:
        raise RuleBaseError(problems)
    console().print(
        f"{len(base.rules)} rules, {len(base.conventions)} conventions, "
        f"{len(base.findings)} findings: {report.examples} examples hold on both evaluators"
    )
    for rule in base.switched_off:
        click.echo(f"{rule.code} is switched off")
    click.echo(f"{base.name} {base.version} {base.digest}")


@rules.command("list")
def list_rules() -> None:
    """Every rule: code, title, family, version, status."""
    rows = [
        (rule.code, rule.title, rule.family, str(rule.version), rule.status)
        for rule in rulebase().readable.values()
    ]
    print_table(("code", "title", "family", "version", "status"), rows)


@rules.command()
@click.argument("code")
def show(code: str) -> None:
    """One rule as a therapist reads it."""
    for line in rule_lines(of_code(rulebase().readable, code)):
        console().print(line, markup=False, highlight=False)
