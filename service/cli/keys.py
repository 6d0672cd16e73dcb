"""`kneechain keys`: who may ask, beyond the people at this machine."""

import click

from service.access import keys as api_keys
from service.access.keys import DAYS, MOST_DAYS, KeyNotRight
from service.access.principal import LOCAL
from service.access.roles import ROLES, SCOPES, Scope
from service.audit.api_keys import ApiKey, every
from service.audit.entry import Actor, instant
from service.cli.common import NotRight, complain, print_table, store
from service.clock import clock

BY = Actor(LOCAL, "administrator")
"""Whoever runs a command here has the store and its keys anyway."""


@click.group()
def keys() -> None:
    """API keys: make one, list them, end one. A server notices at once, but the first only when restarted."""


@keys.command()
@click.option("--role", required=True, type=click.Choice([*ROLES]), help="What the key may.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="Only this of the role; may be repeated.",
)
@click.option("--tenant", default=LOCAL, show_default=True, help="Whose data the key is for.")
@click.option("--label", default="", help="For people, to tell keys apart.")
@click.option(
    "--days", default=DAYS, show_default=True, type=click.IntRange(1, MOST_DAYS), help="After that it ends."
)
def create(role: str, scopes: tuple[Scope, ...], tenant: str, label: str, days: int) -> None:
    """Make a key and print it, this once."""
    first = not every(store())
    try:
        told, kept = api_keys.create(
            store(), clock(), BY, tenant=tenant, role=role, scopes=scopes, label=label, days=days
        )
    except KeyNotRight as error:
        raise NotRight(str(error)) from None
    click.echo(told)
    complain(f"It is for {kept.role} in tenant {kept.tenant}, until {kept.expires_at}. It is shown only now.")
    if first:
        complain("It is the first. A service that runs now answers without a key until it is restarted.")


@keys.command("list")
def list_() -> None:
    """List all keys, without their secrets."""
    headings = ("key", "tenant", "role", "scopes", "label", "made", "ends", "")
    print_table(headings, (_row(key) for key in every(store())))


@keys.command()
@click.argument("key")
def revoke(key: str) -> None:
    """End KEY (the id that the list shows) at once."""
    try:
        ended = api_keys.revoke(store(), clock(), BY, key)
    except LookupError:
        raise NotRight(f"there is no key {key!r}; 'kneechain keys list' names them") from None
    click.echo("revoked" if ended else "was revoked before")


def _row(key: ApiKey) -> tuple[str, ...]:
    scopes = "all" if frozenset(key.scopes) == ROLES.get(key.role) else " ".join(key.scopes)
    state = "revoked" if key.revoked_at else "" if key.usable(instant(clock())) else "expired"
    return key.id, key.tenant, key.role, scopes, key.label, key.created_at, key.expires_at, state
