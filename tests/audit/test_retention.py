"""What need not be kept goes: persons of long ago, and the beginning of an access log, at a checkpoint."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from service.audit.entry import Entry, instant, new_id
from service.audit.erasure import erase_all
from service.audit.holding import set_held
from service.audit.reading import Search, search, token_of
from service.audit.retention import cut, overdue, to_cut
from service.audit.store import Store
from service.audit.tables import records
from service.audit.verifier import Fault, Verifier, read_signed, verify_export
from service.audit.verifying import export, verifier_of, verify_store
from tests.audit.conftest import NOW, SOMEONE, TENANT, Stores, entry

ACCESS = f"{TENANT}/access"


def days_ago(days: int) -> str:
    return instant(NOW - timedelta(days=days))


# -- persons ---------------------------------------------------------------------------------------


@pytest.fixture
def aged(stores: Stores) -> Store:
    """Of persons 0 to 6 the last record is 0, 10, … 60 days old, and the first 100 days."""
    store = stores.open()
    store.writer.record(*(entry(n, at=days_ago(100)) for n in range(7)))
    store.writer.record(*(entry(n, at=days_ago(10 * n), exam=None) for n in range(7)))
    return store


def token(store: Store, person: int) -> str:
    found = token_of(store, TENANT, f"person {person}")
    assert found is not None
    return found


def test_overdue_is_whose_last_record_is_older_and_who_is_not_held(aged: Store) -> None:
    set_held(aged, TENANT, token(aged, 5), True, SOMEONE, NOW)
    found = overdue(aged, TENANT, NOW - timedelta(days=35))
    assert found.tokens == (token(aged, 6), token(aged, 4))
    assert (found.records, found.oldest, found.held) == (4, days_ago(60), 1)
    assert overdue(aged, "other", NOW).tokens == ()


def test_who_was_spoken_of_meanwhile_is_passed_over(aged: Store) -> None:
    before = NOW - timedelta(days=35)
    found = overdue(aged, TENANT, before)
    aged.writer.record(entry(6, exam=None))
    erased = erase_all(aged, TENANT, found.tokens, SOMEONE, NOW, "retention", before)
    assert len(erased.tokens) == 2 and erased.records == 4 and erased.forgotten
    assert token_of(aged, TENANT, "person 6") is not None
    assert token_of(aged, TENANT, "person 4") is None and token_of(aged, TENANT, "person 5") is None
    told = search(aged, f"{TENANT}/decisions", Search(kinds=("erasure",)), None, 9)
    assert {each.clear["why"] for each in told} == {"retention"} and len(told) == 2
    assert [*verify_store(aged, verifier_of(aged.keyring))] == []


# -- the access log ----------------------------------------------------------------------------------


def accesses(number: int, **more: Any) -> list[Entry]:
    return [Entry(TENANT, "access", "read", new_id(), instant(NOW), SOMEONE, **more) for _ in range(number)]


@pytest.fixture
def read(stores: Stores) -> Store:
    """Ten accesses and a checkpoint, a day later seven more and one, and a day later five."""
    store = stores.open()
    for number in (10, 7):
        store.writer.record(*accesses(number))
        stores.clock.pass_(minutes=2)
        store.writer.make_checkpoints()
        stores.clock.pass_(days=1)
    store.writer.record(*accesses(5))
    return store


def elsewhere(stores: Stores) -> list[str]:
    return stores.checkpoints.read_text(encoding="utf-8").splitlines()


def faults(store: Store, stores: Stores) -> list[Fault]:
    """With the checkpoints that were kept elsewhere."""
    verifier = verifier_of(store.keyring)
    found: list[Fault] = []
    for line in elsewhere(stores):
        found += verifier.checkpoint(read_signed(line))
    return [*found, *verify_store(store, verifier)]


def test_it_is_cut_at_the_last_checkpoint_that_is_old_enough(read: Store, stores: Stores) -> None:
    at = stores.clock()
    assert to_cut(read, ACCESS, NOW).records == 0
    found = cut(read, ACCESS, at - timedelta(hours=30), SOMEONE, at)
    assert (found.through, found.records, found.oldest) == (10, 10, instant(NOW))
    kept = search(read, ACCESS, Search(), None, 50)
    assert [each.seq for each in reversed(kept)] == [*range(11, 24)]
    assert (kept[0].kind, kept[0].clear) == ("cut", {"through": 10, "records": 10})
    assert faults(read, stores) == []
    assert cut(read, ACCESS, at - timedelta(hours=30), SOMEONE, at).records == 0
    assert len(search(read, ACCESS, Search(), None, 50)) == 13


def test_it_may_be_cut_again_and_still_grows(read: Store, stores: Stores) -> None:
    at = stores.clock()
    cut(read, ACCESS, at - timedelta(hours=30), SOMEONE, at)
    read.writer.record(*accesses(3))
    assert cut(read, ACCESS, at, SOMEONE, at).through == 17
    read.writer.record(*accesses(3))
    verifier = verifier_of(read.keyring)
    assert [*verify_store(read, verifier)] == [] and verifier.chains[ACCESS].first == 18
    assert faults(read, stores) == []
    lines = b"".join(export(read, ACCESS)).decode().splitlines()
    assert [*verify_export(lines, (), verifier_of(read.keyring))] == []


def test_the_record_of_a_cut_is_signed_with_it_and_kept_elsewhere(read: Store, stores: Stores) -> None:
    """So that an auditor without the chain key accepts it at once."""
    at = stores.clock()
    cut(read, ACCESS, at - timedelta(hours=30), SOMEONE, at)
    lines = b"".join(export(read, ACCESS)).decode().splitlines()
    for kept in (elsewhere(stores), ()):
        alone = Verifier(public_key=base64.b64decode(read.keyring.public))
        assert [*verify_export(lines, kept, alone, ACCESS)] == []
        assert alone.chains[ACCESS].first == 11 and max(alone.chains[ACCESS].signed) == 23
    assert '\\"seq\\":23' in elsewhere(stores)[-1]


def test_a_cut_is_done_even_where_nothing_can_be_kept_elsewhere(read: Store, stores: Stores) -> None:
    at = stores.clock()
    stores.checkpoints.rename(stores.folder / "moved")
    stores.checkpoints.mkdir()
    assert cut(read, ACCESS, at - timedelta(hours=30), SOMEONE, at).records == 10
    assert [*verify_store(read, verifier_of(read.keyring))] == []


def test_no_other_log_is_cut(stores: Stores) -> None:
    store = stores.open()
    store.writer.record(entry(1))
    stores.clock.pass_(minutes=2)
    store.writer.make_checkpoints()
    at = stores.clock() + timedelta(days=1)
    with pytest.raises(ValueError, match="only an access log"):
        cut(store, f"{TENANT}/decisions", at, SOMEONE, at)
    assert len(search(store, f"{TENANT}/decisions", Search(), None, 9)) == 1


@pytest.mark.parametrize(
    ("through", "says"),
    [
        (17, "missing, up to 17: no signed record says that it was cut there"), (12, "missing, up to 12"),
        (5, "missing, up to 5"), (22, "missing, at least up to 17: a checkpoint was signed there"),
    ],
)  # fmt: skip
def test_a_cut_elsewhere_is_found(read: Store, stores: Stores, through: int, says: str) -> None:
    """Also at another checkpoint, where nothing says that it was cut."""
    with read.database.writing() as connection:
        connection.execute(delete(records).where((records.c.chain == ACCESS) & (records.c.seq <= through)))
    assert (1, says) in {(fault.seq, fault.says) for fault in faults(read, stores)}


def test_after_a_cut_another_is_found(read: Store, stores: Stores) -> None:
    now = stores.clock()
    cut(read, ACCESS, now - timedelta(hours=30), SOMEONE, now)
    with read.database.writing() as connection:
        connection.execute(delete(records).where((records.c.chain == ACCESS) & (records.c.seq <= 17)))
    (fault,) = faults(read, stores)
    assert (fault.seq, fault.says) == (1, "missing, up to 17: no signed record says that it was cut there")


def test_the_beginning_of_the_decisions_may_not_be_missing(stores: Stores) -> None:
    store = stores.open()
    store.writer.record(*(entry(n) for n in range(10)))
    stores.clock.pass_(minutes=2)
    store.writer.make_checkpoints()
    store.writer.record(*(entry(n) for n in range(10, 15)))
    with store.database.writing() as connection:
        connection.execute(delete(records).where(records.c.seq <= 10))
    (fault,) = faults(store, stores)
    assert (fault.seq, fault.says) == (1, "missing, up to 10")
