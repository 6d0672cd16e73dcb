"""The command line: one module for each command, put together here."""

import click

from service.assess import SOFTWARE
from service.cli import assess, base_rate, diff, findings, lock, rules, serve, switch
from service.cli.common import Commands


@click.group(cls=Commands)
@click.version_option(SOFTWARE["version"], prog_name="kneechain")
def main() -> None:
    """Probable contributors to knee stress, with the whole reasoning. Not a diagnosis."""


for command in (assess.assess, rules.rules, findings.findings, serve.serve):
    main.add_command(command)
for command in (lock.lock, diff.diff, base_rate.base_rate, switch.disable, switch.enable):
    rules.rules.add_command(command)
