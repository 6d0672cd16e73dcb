"""`kneechain audit`: what an auditor asks of the decision log, and what an administrator does to it."""

import click

from schemas.faults import printable
from service.audit.entry import Actor
from service.audit.places import chain_names
from service.audit.store import Store
from service.cli.common import Commands, NotRight
from service.clock import clock
from service.config import Config
from service.records.accesses import Asker
from service.records.opening import open_present

WRONG, NOT_DONE = 1, 2
"""What a command exits with where it found something wrong, and where it could not be done."""
KEY = "command-line"
"""Who asks, as the log has it: whoever works at this machine and reads its keys."""

TENANT = click.option("--tenant", default="local", show_default=True, help="Whose records.")
PLURALS = {"access": "accesses", "more": "more"}


class LogCommands(Commands):
    """Exit code 1 is kept for what is wrong in the log."""

    rules_not_right = NOT_DONE


@click.group(cls=LogCommands)
def audit() -> None:
    """Verify, read, count and erase what was recorded."""


def opened() -> Store:
    """The configured decision log, which must be there. Raises StoreNotOpened."""
    return open_present(Config.from_environment(), clock)


def of_tenant(store: Store, tenant: str) -> str:
    """A tenant that has records. Raises NotRight with those that have."""
    tenants = sorted({name.partition("/")[0] for name in chain_names(store)})
    if tenant not in tenants:
        there = f"these have: {', '.join(tenants)}" if tenants else "nothing was recorded yet"
        raise NotRight(f"no tenant {printable(tenant)} has records; {there}")
    return tenant


def asker(tenant: str, role: str) -> Asker:
    """Who works at this machine, now."""
    return Asker(tenant, Actor(KEY, role), clock())


def nobody() -> NotRight:
    """Without what was asked: it names somebody."""
    return NotRight("nobody in this log is known by that, or they were erased before")


def counted(count: int, what: str) -> str:
    """A number of things, for people."""
    return f"{count:,} {what if count == 1 else PLURALS.get(what, f'{what}s')}"
