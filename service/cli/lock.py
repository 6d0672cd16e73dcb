"""`kneechain rules lock`: records what the rules say, so that nothing changes unseen."""

import click

from service.cli.common import rulebase
from service.config import Config
from service.versions.check import Changes
from service.versions.locking import write_lock


@click.command()
@click.option("--anew", is_flag=True, help="Whatever was locked before; only while it was never approved.")
def lock(anew: bool) -> None:
    """Record versions and content of all rules in lock.json, which `rules check` then holds them to.

    Refused while a version, the changelog or the base rates do not go with what changed.
    """
    base = rulebase()
    recorded = write_lock(Config.from_environment().rules, base, anew)
    for line in _changes(recorded.changes) if recorded.changes else ():
        click.echo(line)
    rules, decisions = len(recorded.lock.rules), len(recorded.lock.decisions)
    click.echo(f"{base.name} {base.version} is locked: {rules} rules and conventions, {decisions} decisions")


def _changes(changes: Changes) -> list[str]:
    said = {
        "new": changes.added,
        "concludes something else": changes.concluding,
        "reworded": changes.reworded,
        "switched off or on": changes.switched,
        "decides otherwise": changes.deciding,
    }
    return [f"{what}: {', '.join(names)}" for what, names in said.items() if names]
