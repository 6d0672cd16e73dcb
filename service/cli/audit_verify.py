"""`kneechain audit verify`, `show` and `public-key`: whether the log is what it was."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.live import Live
from rich.text import Text

from schemas.faults import printable
from service.audit.checkpoints import EVERY, EVERY_RECORDS
from service.audit.verifier import Fault, Verifier, read_signed
from service.audit.verifying import verifier_of, verify_store
from service.cli.audit import NOT_DONE, TENANT, WRONG, asker, counted, of_tenant, opened
from service.cli.common import NotRight, complain, complaints, print_json
from service.config import Config
from service.records.proving import proof

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--checkpoints", type=FILE, help="Those that were kept elsewhere; otherwise as configured.")
@click.option("--without-keys", is_flag=True, help="Of a copy that the keys of persons were left out of.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
def verify(checkpoints: Path | None, without_keys: bool, as_json: bool) -> None:
    """Follow every chain, and find each edit, insertion, deletion and swap, and where it is.

    Also whose key is gone though nothing says that they were erased, and who was erased and has a key.

    Exits 0 where nothing is wrong, 1 where something is, 2 where it cannot be told.
    """
    store = opened()
    verifier = verifier_of(store.keyring)
    faults = [*_kept(checkpoints, verifier)]
    elsewhere = {name: max(chain.signed) for name, chain in verifier.chains.items() if chain.signed}
    started = time.perf_counter()
    with _progress(verifier):
        faults += verify_store(store, verifier, not without_keys)
    seconds = time.perf_counter() - started
    if as_json:
        print_json(_document(verifier, faults, elsewhere, seconds))
    else:
        _print(verifier, faults, elsewhere, seconds)
    raise SystemExit(WRONG if faults else 0)


@click.command("public-key")
def public_key() -> None:
    """The public half of the signing key: what an auditor needs to check an export and its checkpoints."""
    click.echo(opened().keyring.public)


@click.command()
@click.argument("id_", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@TENANT
def show(id_: str, as_json: bool, tenant: str) -> None:
    """Where record ID stands, who made it when, its words, and what vouches for it. What is sealed stays so.

    Exits 1 where the record is not what it was.
    """
    store = opened()
    written = proof(store, id_, asker(of_tenant(store, tenant), "auditor"))
    if written is None:
        raise NotRight(f"there is no record {printable(id_)} of {tenant}")
    if as_json:
        print_json(written)
    else:
        for key, value in written.items():
            click.echo(f"{key}: {value if isinstance(value, str) else json.dumps(value)}")
    raise SystemExit(0 if written["digest_holds"] and written["mac_holds"] else WRONG)


# -- verifying -------------------------------------------------------------------------------------


def _kept(file: Path | None, verifier: Verifier) -> Iterator[Fault]:
    """Feeds the checkpoints of a file, by default those that the service itself appends elsewhere."""
    configured = Config.from_environment().checkpoints
    file = file or (configured if configured.is_file() else None)
    if file is None:
        complain(f"there are no checkpoints in {configured}: a cut or rewrite of the past may go unseen")
        return
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        complain(f"{file} cannot be read")
        raise SystemExit(NOT_DONE) from None
    for line in lines:
        yield from verifier.checkpoint(read_signed(line))


def _progress(verifier: Verifier) -> Live:
    """How many records were read, while it goes on and somebody looks."""
    console = complaints()
    return Live(
        console=console, get_renderable=lambda: Text(_counted(verifier) if console.is_terminal else ""),
        refresh_per_second=2, transient=True, auto_refresh=console.is_terminal,
    )  # fmt: skip


def _counted(verifier: Verifier) -> str:
    return counted(verifier.records, "record")


def _exposed(verifier: Verifier, elsewhere: dict[str, int]) -> dict[str, int]:
    """For each chain how many records came after the last checkpoint that was kept elsewhere."""
    return {
        name: chain.seq - elsewhere.get(name, 0)
        for name, chain in sorted(verifier.chains.items())
        if chain.seq > elsewhere.get(name, 0)
    }


def _document(
    verifier: Verifier, faults: list[Fault], elsewhere: dict[str, int], seconds: float
) -> dict[str, Any]:
    return {
        "right": not faults,
        "records": verifier.records,
        "checkpoints": verifier.checkpoints,
        "chains": {
            name: {"first": chain.first, "last": chain.seq} for name, chain in sorted(verifier.chains.items())
        },
        "faults": [{"chain": fault.chain, "seq": fault.seq, "says": fault.says} for fault in faults],
        "exposed": {
            "records": _exposed(verifier, elsewhere),
            "checkpoint_every": {"records": EVERY_RECORDS, "seconds": int(EVERY.total_seconds())},
        },
        "seconds": round(seconds, 3),
    }


def _print(verifier: Verifier, faults: list[Fault], elsewhere: dict[str, int], seconds: float) -> None:
    for fault in faults:
        click.echo(f"{printable(fault.chain)} {fault.seq}: {fault.says}")
    rate = verifier.records / seconds if seconds else 0
    click.echo(
        f"{_counted(verifier)}, {counted(len(verifier.chains), 'chain')}, "
        f"{counted(verifier.checkpoints, 'checkpoint')}, {counted(len(faults), 'fault')}; "
        f"{rate:,.0f} records a second"
    )
    click.echo(
        f"While the service runs, a checkpoint is kept elsewhere every {EVERY.total_seconds():.0f} seconds "
        f"or {EVERY_RECORDS:,} records. What came after the last one could be cut off unseen:"
    )
    exposed = _exposed(verifier, elsewhere)
    click.echo(
        "\n".join(f"  {name}: {counted(count, 'record')}" for name, count in exposed.items()) or "  nothing"
    )
