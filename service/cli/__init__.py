"""The command line: one module for each command, put together here."""

import click

from service.assess import SOFTWARE
from service.cli import assess, coverage, findings, rules, serve
from service.cli.common import Commands


@click.group(cls=Commands)
@click.version_option(SOFTWARE["version"], prog_name="kneechain")
def main() -> None:
    """Probable contributors to knee stress, with the whole reasoning. Not a diagnosis."""


rules.rules.add_command(coverage.coverage)

for command in (assess.assess, rules.rules, findings.findings, serve.serve):
    main.add_command(command)
