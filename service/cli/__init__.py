"""The command line: one module for each command, put together here."""

import click

from service.assess import SOFTWARE
from service.cli import (
    assess,
    audit,
    audit_backup,
    audit_erase,
    audit_export,
    audit_replay,
    audit_report,
    audit_verify,
    base_rate,
    coverage,
    diff,
    explain,
    findings,
    handbook,
    keys,
    lock,
    mutate,
    rules,
    serve,
    switch,
    targets,
    trace,
    verify,
)
from service.cli.common import Commands

OF_RULES = (
    verify.verify, coverage.coverage, mutate.mutate, diff.diff, lock.lock, switch.disable, switch.enable,
    base_rate.base_rate, handbook.handbook,
)  # fmt: skip
OF_AUDIT = (
    audit_verify.verify, audit_verify.show, audit_verify.public_key, audit_replay.replay, audit_export.export,
    audit_report.report, audit_erase.erase, audit_erase.hold, audit_erase.release, audit_erase.retain,
    audit_backup.backup,
)  # fmt: skip


@click.group(cls=Commands)
@click.version_option(SOFTWARE["version"], prog_name="kneechain")
def main() -> None:
    """Probable contributors to knee stress, with the whole reasoning. Not a diagnosis."""


for command in OF_RULES:
    rules.rules.add_command(command)
for command in OF_AUDIT:
    audit.audit.add_command(command)
for command in (
    assess.assess,
    explain.explain,
    rules.rules,
    findings.findings,
    targets.targets,
    serve.serve,
    keys.keys,
    trace.trace,
    audit.audit,
):
    main.add_command(command)
