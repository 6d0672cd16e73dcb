"""`kneechain audit export`: a chain for an auditor, a table, or everything about one person."""

import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path

import click

from service.audit.entry import PersonErased
from service.audit.places import chain_names
from service.audit.store import Store
from service.cli.audit import TENANT, WRONG, asker, nobody, of_tenant, opened
from service.cli.common import NotRight, complain
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
        _export_person(store, who, click.prompt("Subject", err=True) if subject == "-" else subject, out)
        return
    pieces: Iterable[bytes]
    if table:
        pieces = (line.encode() for line in as_csv(store, who))
    else:
        pieces = as_chain(store, who, chain or f"{tenant}/decisions")
    _write(pieces, out)


def _tenant(store: Store, chain: str) -> str:
    names = chain_names(store)
    if chain not in names:
        raise NotRight(f"there is no such chain; there are {', '.join(names)}")
    return chain.partition("/")[0]


def _export_person(store: Store, who: Asker, subject: str, out: Path | None) -> None:
    """Exits 1 where something kept of them cannot be opened; the rest is written nevertheless."""
    try:
        document = about_person(store, who, subject)
    except (NobodyKnown, PersonErased):
        raise nobody() from None
    _write([json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"], out)
    unreadable = sum("unreadable" in kept for kept in (*document["records"], *document["drafts"]))
    if unreadable:
        complain(f"{unreadable} of these cannot be opened: what was sealed was changed, or its key")
        raise SystemExit(WRONG)


def _write(pieces: Iterable[bytes], out: Path | None) -> None:
    """For nobody else to read: even what is sealed tells who was seen how often."""
    if out is None:
        for piece in pieces:
            click.echo(piece, nl=False)
        return
    size = 0
    try:
        with open(out, "wb", opener=_private) as file:
            for piece in pieces:
                size += file.write(piece)
    except OSError as error:
        raise NotRight(f"{out} cannot be written: {error.strerror}") from None
    click.echo(f"{out}: {size:,} bytes")


def _private(path: str, flags: int) -> int:
    """Opened for its owner alone, also where the file was there before."""
    descriptor = os.open(path, flags, 0o600)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, 0o600)
    return descriptor
