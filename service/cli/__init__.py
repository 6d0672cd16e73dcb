"""The command line: one module for each command, put together here."""

import click

from service.assess import SOFTWARE
from service.cli import (
    assess,
    coverage,
    explain,
    findings,
    handbook,
    mutate,
    rules,
    serve,
    trace,
    verify,
)
from service.cli.common import Commands


@click.group(cls=Commands)
@click.version_option(SOFTWARE["version"], prog_name="kneechain")
def main() -> None:
    """Probable contributors to knee stress, with the whole reasoning. Not a diagnosis."""


for command in (verify.verify, coverage.coverage, mutate.mutate, handbook.handbook):
    rules.rules.add_command(command)
for command in (assess.assess, explain.explain, rules.rules, findings.findings, serve.serve, trace.trace):
    main.add_command(command)
