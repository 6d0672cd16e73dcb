"""`kneechain audit export`: a chain for an auditor, a table, or everything about one person."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from service.audit.places import chain_names
from service.audit.store import Store
from service.cli.audit import TENANT, asker, nobody, of_tenant, opened
from service.cli.common import NotRight
from service.records.accesses import Asker
from service.records.erasing import NobodyKnown
from service.records.exporting import about_person, as_chain, as_csv


@click.command()
@click.option("--chain", help="A chain by its name, such as local/access; otherwise the tenant's decisions.")
@click.option("--csv", "table", is_flag=True, help="A table of the assessments, of what names nobody.")
@click.option("--subject", help="Everything about one person, opened, as JSON; - asks for the reference.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of the terminal."
)
@TENANT
def export(chain: str | None, table: bool, subject: str | None, out: Path | None, tenant: str) -> None:
    """Write a chain as NDJSON, with checkpoints and ciphertext, as service/audit/verifier.py verifies it.

    With --csv a table instead; with --subject what a person may ask to see. Each export is recorded first.
    """
    if sum((chain is not None, table, subject is not None)) > 1:
        raise NotRight("--chain, --csv and --subject are three exports: give one")
    store = opened()
    if chain is not None:
        tenant = _tenant(store, chain)
    who = asker(of_tenant(store, tenant), "auditor")
    if subject is not None:
        pieces = _person(store, who, click.prompt("Subject", err=True) if subject == "-" else subject)
    elif table:
        pieces = (line.encode() for line in as_csv(store, who))
    else:
        pieces = as_chain(store, who, chain or f"{tenant}/decisions")
    _write(pieces, out)


def _tenant(store: Store, chain: str) -> str:
    names = chain_names(store)
    if chain not in names:
        raise NotRight(f"there is no such chain; there are {', '.join(names)}")
    return chain.partition("/")[0]


def _person(store: Store, who: Asker, subject: str) -> Iterator[bytes]:
    try:
        document = about_person(store, who, subject)
    except NobodyKnown:
        raise nobody() from None
    yield json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def _write(pieces: Iterable[bytes], out: Path | None) -> None:
    """For nobody else to read: even what is sealed tells who was seen how often."""
    if out is None:
        for piece in pieces:
            click.echo(piece, nl=False)
        return
    size = 0
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for piece in pieces:
                size += file.write(piece)
    except OSError as error:
        raise NotRight(f"{out} cannot be written: {error.strerror}") from None
    click.echo(f"{out}: {size:,} bytes")
