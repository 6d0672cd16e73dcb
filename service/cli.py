"""The command line: assess an exam, check and read the rules, serve."""

import json
import sys
import uuid
from typing import BinaryIO

import click
from rich.console import Console
from rich.table import Table

from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from schemas.faults import InvalidBody
from schemas.strict_json import read_json
from service.assess import SOFTWARE, Assessor
from service.config import Config
from service.domain.rulebase import RuleBase
from service.knowledge.describe import rule_lines
from service.knowledge.load import load_rulebase
from service.knowledge.problems import RuleBaseError
from service.knowledge.search import search_findings
from service.terminal import assessment_tree, fault_table

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@click.group()
@click.version_option(SOFTWARE["version"], prog_name="kneechain")
def main() -> None:
    """Probable contributors to knee stress, with the whole reasoning. Not a diagnosis."""


def _console() -> Console:
    """As wide as the terminal is now."""
    return Console()


def _complaints() -> Console:
    return Console(stderr=True)


def _rulebase() -> RuleBase:
    """The configured rule base; every problem printed, exit 1, where it cannot be used."""
    folder = Config.from_environment().rules
    try:
        return load_rulebase(folder)
    except RuleBaseError as error:
        for problem in error.problems:
            _complaints().print(f"{folder.name}/{problem}", markup=False, highlight=False, soft_wrap=True)
        _complaints().print(f"{len(error.problems)} problems", style="bold red")
        raise SystemExit(1) from None


@main.command()
@click.argument("exam", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="The API's answer instead of the tree.")
@click.option("--ledger", is_flag=True, help="With --json: one row for every rule of the base.")
@click.option("--brief", is_flag=True, help="With --json: without trace and undetermined.")
def assess(exam: BinaryIO, as_json: bool, ledger: bool, brief: bool) -> None:
    """Assess EXAM, a JSON file as posted to /v1/assessments (- reads standard input).

    Exits 0 with an answer, 2 where the exam is not right.
    """
    from service.web.api import clock

    rulebase = _rulebase()
    now = clock()
    try:
        read = ExamReader(rulebase).read(read_json(exam.read()), now)
    except InvalidBody as invalid:
        if as_json:
            click.echo(json.dumps({"errors": [fault.as_json() for fault in invalid.faults]}, indent=2))
        else:
            _complaints().print(fault_table(invalid))
        raise SystemExit(2) from None
    assessment = Assessor.of(rulebase).assess(
        read, now=now, assessment_id=str(uuid.uuid4()), with_ledger=ledger
    )
    if as_json:
        answer = write_assessment(assessment, rulebase, brief=brief)
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        _console().print(assessment_tree(assessment, rulebase))


@main.group()
def rules() -> None:
    """Check and read the rule base."""


@rules.command()
def check() -> None:
    """Load every file and run every example on both evaluators."""
    from service.verify.check import check_rulebase

    rulebase = _rulebase()
    report = check_rulebase(rulebase)
    for problem in report.problems:
        _complaints().print(f"rules/{problem}", markup=False, highlight=False, soft_wrap=True)
    if report.problems:
        _complaints().print(f"{len(report.problems)} problems", style="bold red")
        raise SystemExit(1)
    _console().print(
        f"{len(rulebase.rules)} rules, {len(rulebase.conventions)} conventions, "
        f"{len(rulebase.findings)} findings: {report.examples} examples hold on both evaluators"
    )
    _console().print(f"{rulebase.name} {rulebase.version} {rulebase.digest}", highlight=False)


@rules.command("list")
def list_rules() -> None:
    """Every rule: code, title, family, version, status."""
    table = Table("code", "title", "family", "version", "status", box=None)
    rulebase = _rulebase()
    for rule in rulebase.rules:
        table.add_row(rule.code, rule.title, rule.family, str(rule.version), rule.status)
    for convention in rulebase.conventions.values():
        table.add_row(convention.code, convention.title, "conventions", str(convention.version), "")
    _console().print(table)


@rules.command()
@click.argument("code")
def show(code: str) -> None:
    """One rule as a therapist reads it."""
    rulebase = _rulebase()
    conventions = {convention.code: convention for convention in rulebase.conventions.values()}
    rule = rulebase.rule_by_code.get(code) or conventions.get(code)
    if rule is None:
        raise click.ClickException(f"there is no rule {code}; 'kneechain rules list' names them")
    for line in rule_lines(rule):
        _console().print(line, markup=False, highlight=False)


@main.command()
@click.argument("query", required=False, default="")
def findings(query: str) -> None:
    """The findings that can be posted; QUERY searches labels and aliases."""
    rulebase = _rulebase()
    found = search_findings(rulebase, query) if query else list(rulebase.findings.values())
    table = Table("id", "label", "side", "what is accepted", "use", box=None)
    for definition in found:
        accepted = (
            f"{definition.minimum} to {definition.maximum} {definition.unit or ''}"
            if definition.numeric
            else ", ".join(definition.values)
        )
        side = "sided" if definition.sided else "none"
        table.add_row(definition.id, definition.label, side, accepted, definition.use)
    _console().print(table)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
def serve(host: str, port: int) -> None:
    """Serve the API and its documentation on this machine."""
    from service.server import run

    if host not in LOOPBACK:
        raise click.ClickException(
            "only loopback is served: there is no authentication yet for anything beyond this machine"
        )
    _rulebase()
    run(Config.from_environment(), host, port)


if __name__ == "__main__":
    sys.exit(main())
