"""The command line: assess an exam, check and read the rules, serve."""

import json
import sys
import uuid
from collections.abc import Iterable
from typing import Any, BinaryIO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from schemas.faults import InvalidBody, printable
from schemas.problem import invalid_body, no_answer
from service.assess import SOFTWARE, Assessor
from service.clock import clock
from service.config import BadSettings, Config
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import DerivedDefinition, FindingDefinition
from service.inference.no_answer import NoAnswer
from service.knowledge.describe import formula_words, rule_lines
from service.knowledge.load import load_rulebase
from service.knowledge.problems import RuleBaseError
from service.knowledge.search import search_derived, search_findings
from service.terminal import assessment_tree, fault_table

LOOPBACK = ("127.0.0.1", "::1", "localhost")
RULES_NOT_RIGHT = 1
EXAM_NOT_RIGHT = SETTINGS_NOT_RIGHT = 2
NO_ANSWER = 3
"""What a command exits with."""


class NotRight(click.ClickException):
    """An argument or option that cannot be used; the message says why."""

    exit_code = SETTINGS_NOT_RIGHT


class Commands(click.Group):
    """Says in words, whichever command meets it, why settings or rules cannot be used."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BadSettings as error:
            _complain(str(error))
            raise SystemExit(SETTINGS_NOT_RIGHT) from None
        except RuleBaseError as error:
            folder = Config.from_environment().rules.name
            count = len(error.problems)
            _complain(*(f"{folder}/{problem}" for problem in error.problems))
            _complaints().print(f"{count} {'problem' if count == 1 else 'problems'}", style="bold red")
            raise SystemExit(RULES_NOT_RIGHT) from None


@click.group(cls=Commands)
@click.version_option(SOFTWARE["version"], prog_name="kneechain")
def main() -> None:
    """Probable contributors to knee stress, with the whole reasoning. Not a diagnosis."""


def _console() -> Console:
    """As wide as the terminal is now."""
    return Console(emoji=False)


def _complaints() -> Console:
    return Console(stderr=True, emoji=False)


def _complain(*lines: str) -> None:
    for line in lines:
        _complaints().print(line, markup=False, highlight=False, soft_wrap=True)


def _rulebase() -> RuleBase:
    """The configured rule base."""
    return load_rulebase(Config.from_environment().rules)


@main.command()
@click.argument("exam", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="The API's answer instead of the tree.")
@click.option("--ledger", is_flag=True, help="With --json: one row for every rule of the base.")
@click.option("--brief", is_flag=True, help="With --json: without trace and undetermined.")
def assess(exam: BinaryIO, as_json: bool, ledger: bool, brief: bool) -> None:
    """Assess EXAM, a JSON file as posted to /v1/assessments (- reads standard input).

    Exits 0 with an answer, 1 where the rule base is not right, 2 where the exam is not, 3 where the
    evaluators gave no answer.
    """
    if (ledger or brief) and not as_json:
        raise click.UsageError(f"{'--ledger' if ledger else '--brief'} goes with --json only")
    rulebase = _rulebase()
    assessor = Assessor.of(rulebase)
    now, assessment_id = clock(), str(uuid.uuid4())
    try:
        read = ExamReader(rulebase).read_bytes(exam.read(), now)
        assessment = assessor.assess(read, now=now, assessment_id=assessment_id, with_ledger=ledger)
    except InvalidBody as invalid:
        if as_json:
            _print_json(invalid_body(invalid))
        else:
            _complaints().print(fault_table(invalid))
        raise SystemExit(EXAM_NOT_RIGHT) from None
    except NoAnswer as reason:
        if as_json:
            _print_json(no_answer(assessment_id))
        _complain(f"no answer to {assessment_id}: {reason}")
        raise SystemExit(NO_ANSWER) from None
    if as_json:
        _print_json(write_assessment(assessment, rulebase, brief=brief))
    else:
        _console().print(assessment_tree(assessment, rulebase))


def _print_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


@main.group()
def rules() -> None:
    """Check and read the rule base."""


@rules.command()
def check() -> None:
    """Load every file and run every example on both evaluators."""
    from service.verify.check import check_rulebase

    rulebase = _rulebase()
    report = check_rulebase(rulebase)
    if report.problems:
        raise RuleBaseError(report.problems)
    _console().print(
        f"{len(rulebase.rules)} rules, {len(rulebase.conventions)} conventions, "
        f"{len(rulebase.findings)} findings: {report.examples} examples hold on both evaluators"
    )
    click.echo(f"{rulebase.name} {rulebase.version} {rulebase.digest}")


@rules.command("list")
def list_rules() -> None:
    """Every rule: code, title, family, version, status."""
    rows = [
        (rule.code, rule.title, rule.family, str(rule.version), rule.status)
        for rule in _rulebase().readable.values()
    ]
    _print_table(("code", "title", "family", "version", "status"), rows)


@rules.command()
@click.argument("code")
def show(code: str) -> None:
    """One rule as a therapist reads it."""
    readable = _rulebase().readable
    if code not in readable:
        same = next((known for known in readable if known.casefold() == code.casefold()), None)
        hint = f"did you mean {same}?" if same else "'kneechain rules list' names them"
        raise NotRight(f"there is no rule {printable(code)}; {hint}")
    for line in rule_lines(readable[code]):
        _console().print(line, markup=False, highlight=False)


@main.command()
@click.argument("query", required=False, default="")
def findings(query: str) -> None:
    """The findings that can be posted, then the formulas over them; QUERY searches labels and aliases."""
    rulebase = _rulebase()
    rows = [(f.id, f.label, _side(f), _accepted(f), f.use) for f in search_findings(rulebase, query)] + [
        (d.id, d.label, _side(d), formula_words(d.formula), "computed")
        for d in search_derived(rulebase, query)
    ]
    _print_table(("id", "label", "side", "what is accepted", "use"), rows)


def _side(definition: FindingDefinition | DerivedDefinition) -> str:
    return "sided" if definition.sided else "none"


def _accepted(finding: FindingDefinition) -> str:
    if finding.numeric:
        return f"{finding.minimum} to {finding.maximum} {finding.unit or ''}".strip()
    return ", ".join(finding.values)


def _print_table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Every cell as it is written; what stands first is copied from here, so it is never cut or folded."""
    table = Table(*headings, box=None)
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    _console().print(table)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
def serve(host: str, port: int) -> None:
    """Serve the API and its documentation on this machine."""
    from service.app import create_app
    from service.server import run

    if host not in LOOPBACK:
        raise NotRight(
            "only loopback is served: there is no authentication yet for anything beyond this machine"
        )
    config = Config.from_environment()
    run(create_app(config), config, host, port)


if __name__ == "__main__":
    sys.exit(main())
