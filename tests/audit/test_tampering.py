"""Every change of what was kept is found, and where it is. `KNEECHAIN_FULL=1` tries a thousand."""

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import delete, insert, select

from service.audit import verifier as alone
from service.audit.entry import Entry
from service.audit.erasure import erase
from service.audit.store import Store
from service.audit.tables import subjects
from service.audit.verifier import Fault, Signed, Verifier, read_signed, verify_export
from service.audit.verifying import export, verifier_of, verify_store
from service.config import CHECKOUT
from tests.audit.conftest import CHAIN, NOW, SOMEONE, TENANT, Stores, entry
from tests.audit.tampering import (
    COLUMNS,
    FORMS,
    KEYS,
    KINDS,
    SIGNED,
    Tampering,
    beginning_cut,
    cut_tail,
    first_record,
    of_export,
    other_text,
    replace_all,
    rows,
    set_end,
    somebody,
    to_export,
)
from tests.generators import size

RECORDS = 30
TIMES = size(1, 1_000 // (len(KINDS) + len(COLUMNS)) + 1)


def test_a_thousand_are_tried() -> None:
    assert size(1_000, TIMES * (len(KINDS) + len(COLUMNS))) >= 1_000


@pytest.fixture
def kept(stores: Stores) -> Store:
    """A store with records, some of them under a checkpoint that was kept elsewhere."""
    store = stores.open()
    store.writer.record(*entries(0, SIGNED))
    stores.clock.pass_(minutes=2)
    assert [made.seq for made in store.writer.make_checkpoints()] == [SIGNED]
    store.writer.record(*entries(SIGNED, RECORDS))
    return store


def entries(first: int, end: int) -> Iterator[Entry]:
    return (entry(number) for number in range(first, end))


def faults(store: Store, stores: Stores | None = None) -> list[Fault]:
    verifier = verifier_of(store.keyring)
    found: list[Fault] = []
    for line in elsewhere(stores) if stores else ():
        found += verifier.checkpoint(read_signed(line))
    return [*found, *verify_store(store, verifier)]


def elsewhere(stores: Stores) -> list[str]:
    """The checkpoints that were kept there."""
    return stores.checkpoints.read_text(encoding="utf-8").splitlines()


def test_what_nobody_touched_has_no_fault(kept: Store, stores: Stores) -> None:
    assert faults(kept, stores) == []
    for verifier in (alone_with(kept), without_chain_key(kept)):
        assert [*verify_export(exported(kept), elsewhere(stores), verifier, CHAIN)] == []


@pytest.mark.parametrize("kind", KINDS | COLUMNS)
def test_it_is_found_in_the_store_and_where(kept: Store, kind: str) -> None:
    tampering = (KINDS | COLUMNS)[kind]
    with kept.database.reading() as connection:
        before = rows(connection)
    for number in range(TIMES):
        after, places = tampering.do([dict(row) for row in before], Random(f"{kind} {number}"))
        with kept.database.writing() as connection:
            replace_all(connection, after)
            if tampering.ends:
                set_end(connection, after)
        found = faults(kept)
        assert {fault.seq for fault in found} & places, (number, found)
        assert min(fault.seq for fault in found) >= min(places) - 1
    with kept.database.writing() as connection:
        replace_all(connection, before)
        set_end(connection, before)
    assert faults(kept) == []


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_found_in_an_export_and_where(kept: Store, kind: str) -> None:
    lines = [json.loads(line) for line in exported(kept)]
    for number in range(TIMES):
        after, places = KINDS[kind].do([*of_export(lines)], Random(f"{kind} {number}"))
        changed = map(json.dumps, to_export(lines, after, KINDS[kind].ends))
        found = [*verify_export(changed, (), alone_with(kept))]
        assert {fault.seq for fault in found} & places, (number, found)


def exported(store: Store, chain: str = CHAIN) -> list[str]:
    return b"".join(export(store, chain)).decode().splitlines()


def alone_with(store: Store) -> Verifier:
    return verifier_of(store.keyring)


def without_chain_key(store: Store) -> Verifier:
    return Verifier(public_key=base64.b64decode(store.keyring.public))


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_an_export_hides_nothing(kept: Store, stores: Stores, form: str) -> None:
    change, says = FORMS[form]
    changed = [*map(json.dumps, change([json.loads(line) for line in exported(kept)]))]
    for verifier in (alone_with(kept), without_chain_key(kept)):
        assert says in {fault.says for fault in verify_export(changed, elsewhere(stores), verifier)}


def test_another_chain_than_was_asked_for_is_told(kept: Store, stores: Stores) -> None:
    kept.writer.record(entry(0, log="access", exam=None))
    (fault,) = verify_export(exported(kept, f"{TENANT}/access"), (), alone_with(kept), CHAIN)
    assert (fault.chain, fault.says) == (f"{TENANT}/access", f"the export is not of the chain {CHAIN}")


def test_a_record_of_another_history_does_not_pass(kept: Store) -> None:
    """Genuine, in its place and under the keys: from a copy of the store that went another way."""
    place = SIGNED + 4
    with kept.database.reading() as connection:
        before = rows(connection)
    with kept.database.writing() as connection:
        cut_tail(connection, SIGNED + 1)
    kept.writer.record(*entries(RECORDS, RECORDS + 5))
    with kept.database.reading() as connection:
        other = rows(connection)
    with kept.database.writing() as connection:
        replace_all(connection, [*before[: place - 1], other[place - 1], *before[place:]])
        set_end(connection, before)
    assert {(fault.seq, fault.says) for fault in faults(kept)} == {
        (place, "it does not follow the record before it"),
        (place + 1, "it does not follow the record before it"),
    }


# -- what only a checkpoint tells ------------------------------------------------------------------


@pytest.mark.parametrize("after", [1, SIGNED - 5, SIGNED - 1])
def test_a_cut_or_a_rollback_is_found_up_to_the_last_checkpoint_kept_elsewhere(
    kept: Store, stores: Stores, after: int
) -> None:
    with kept.database.writing() as connection:
        cut_tail(connection, after)
    assert faults(kept) == []  # nothing in the store tells of it any more
    (fault,) = faults(kept, stores)
    assert (fault.seq, fault.says) == (
        after + 1,
        f"missing, at least up to {SIGNED}: a checkpoint was signed there",
    )


def test_the_tail_after_the_last_checkpoint_is_the_exposure(kept: Store, stores: Stores) -> None:
    """Stated, and so shown: what came after the checkpoint can be cut unseen."""
    with kept.database.writing() as connection:
        cut_tail(connection, SIGNED + 3)
    assert faults(kept, stores) == []


def test_whoever_has_the_chain_key_is_told_by_the_checkpoint(kept: Store, stores: Stores) -> None:
    rewrite = KINDS["rewritten from a place on"]
    with kept.database.writing() as connection:
        after, _ = rewrite.do(rows(connection)[:SIGNED], Random(1))
        for row in after:
            row["mac"] = kept.keyring.mac(row["digest"].encode())
        replace_all(connection, after)
        set_end(connection, after)
    assert {fault.says for fault in faults(kept, stores)} == {
        "a checkpoint was signed over another record here"
    }


@pytest.mark.parametrize("log", ["decisions", "access"])
@pytest.mark.parametrize("forger", ["with the chain key", "without it"])
def test_a_made_up_cut_of_the_beginning_is_found(stores: Stores, log: str, forger: str) -> None:
    """Only whoever signs may cut, and only an access log; with the chain key and without it."""
    store, chain = stores.open(), f"{TENANT}/{log}"
    store.writer.record(*(entry(number, log=log) for number in range(SIGNED)))
    stores.clock.pass_(minutes=2)
    store.writer.make_checkpoints()
    store.writer.record(*(entry(number, log=log) for number in range(SIGNED, RECORDS)))
    mac = store.keyring.mac if forger == "with the chain key" else lambda digest: "0" * 64
    with store.database.writing() as connection:
        after = beginning_cut(rows(connection, chain), mac)
        replace_all(connection, after, chain)
        set_end(connection, after, chain)
    says = f"missing, up to {SIGNED}"
    says += ": no signed record says that it was cut there" if log == "access" else ""
    told = [faults(store, stores)]
    for verifier in (alone_with(store), without_chain_key(store)):
        told.append([*verify_export(exported(store, chain), elsewhere(stores), verifier, chain)])
    for found in told:
        assert (1, says) in {(fault.seq, fault.says) for fault in found}


def test_not_even_who_signs_cuts_the_decisions(kept: Store, stores: Stores) -> None:
    with kept.database.writing() as connection:
        after = beginning_cut(rows(connection), kept.keyring.mac)
        replace_all(connection, after)
        set_end(connection, after)
    stores.clock.pass_(minutes=2)
    assert [made.seq for made in kept.writer.make_checkpoints()] == [RECORDS + 1]
    assert [(fault.seq, fault.says) for fault in faults(kept)] == [(1, f"missing, up to {SIGNED}")]


@pytest.mark.parametrize("part", ["statement", "signature"])
def test_a_checkpoint_that_was_changed_counts_for_nothing(kept: Store, stores: Stores, part: str) -> None:
    said = json.loads(stores.checkpoints.read_text(encoding="utf-8"))
    signed = {"statement": said["checkpoint"], "signature": said["signature"]}
    signed[part] = other_text(signed[part], Random(1))
    verifier = verifier_of(kept.keyring)
    (fault,) = verifier.checkpoint(Signed(**signed))
    assert fault.says == "the checkpoint is not signed with the key" and verifier.checkpoints == 0


# -- the keys of persons -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_that_went_without_an_erasure_is_found(kept: Store, kind: str) -> None:
    with kept.database.writing() as connection:
        token = somebody(connection, Random(kind))
        place = first_record(connection, token)
        KEYS[kind](connection, token)
    assert faults(kept) == [
        Fault(CHAIN, place, "the key of this person is gone, and nothing says that they were erased")
    ]


def test_all_keys_may_be_missing_in_a_copy_without_them_alone(kept: Store) -> None:
    with kept.database.writing() as connection:
        connection.execute(delete(subjects))
    assert [fault.seq for fault in faults(kept)] == [1, 2, 3, 4, 5, 6, 7]
    assert [*verify_store(kept, verifier_of(kept.keyring), with_keys=False)] == []


def test_a_revived_key_is_found(kept: Store) -> None:
    with kept.database.reading() as connection:
        token = somebody(connection, Random(1))
        row = connection.execute(select(subjects).where(subjects.c.token == token)).mappings().one()
    erase(kept, TENANT, token, SOMEONE, NOW, "request")
    assert faults(kept) == []
    with kept.database.writing() as connection:
        connection.execute(insert(subjects), dict(row))
    assert faults(kept) == [Fault(CHAIN, RECORDS + 1, "who was erased here has a key again")]


# -- by itself ---------------------------------------------------------------------------------


def test_the_verifier_needs_neither_service_nor_database(kept: Store, stores: Stores, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    source = CHECKOUT / "service" / "audit" / "verifier.py"
    (folder / "verifier.py").write_bytes(source.read_bytes())
    (folder / "log.ndjson").write_text("\n".join(exported(kept)) + "\n", encoding="utf-8")

    def run() -> subprocess.CompletedProcess[str]:
        words = ["log.ndjson", "--checkpoints", str(stores.checkpoints), "--public-key", kept.keyring.public]
        return subprocess.run(
            [sys.executable, "-I", "verifier.py", *words],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip

    clean = run()
    count = f"{CHAIN}: {RECORDS} records, 2 checkpoints, 0 faults"
    assert (clean.returncode, clean.stdout.splitlines()[0]) == (0, count)
    text = (folder / "log.ndjson").read_text(encoding="utf-8")
    (folder / "log.ndjson").write_text(text.replace('\\"number\\":7', '\\"number\\":8'), encoding="utf-8")
    found = run()
    assert found.returncode == 1 and f"{CHAIN} 8: the record is not what its digest says" in found.stdout
    assert alone.__doc__ and "stands alone" in alone.__doc__


def test_every_kind_named_is_tried() -> None:
    assert all(isinstance(kind, Tampering) for kind in KINDS.values())
    assert {"edited", "deleted", "swapped", "inserted", "appended"} <= {
        word for kind in KINDS for word in kind.replace(",", " ").split()
    }


def test_what_is_written_meanwhile_is_no_fault(stores: Stores) -> None:
    """Neither of the store nor of an export, which end where they began to be read."""
    store, other = stores.open(), stores.open()
    store.writer.record(*entries(0, 50))
    over = threading.Event()

    def write() -> None:
        number = 50
        while not over.is_set():
            other.writer.record(entry(number))
            stores.clock.pass_(minutes=2)
            other.writer.make_checkpoints()
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(15):
            assert faults(store) == []
            assert [*verify_export(exported(store), (), alone_with(store))] == []
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("key", ["", "xx", "QCQz", base64.b64encode(bytes(31)).decode()])
def test_a_key_that_is_none_verifies_nothing(
    kept: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    """It would otherwise be as if none had been given, or call every record wrong."""
    log, file = tmp_path / "log.ndjson", tmp_path / "key"
    log.write_text("\n".join(exported(kept)) + "\n", encoding="utf-8")
    file.write_text(key, encoding="utf-8")
    assert alone.main([str(log), "--public-key", key]) == 2
    assert alone.main([str(log), "--chain-key", str(file)]) == 2
    assert "a key is 32 bytes in base64" in capsys.readouterr().err


def test_what_cannot_be_read_is_no_fault(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    assert alone.main([str(binary)]) == 2
    assert alone.main([str(tmp_path / "nowhere")]) == 2
