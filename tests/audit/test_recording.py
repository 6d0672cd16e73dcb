"""What is recorded stands in its chain, sealed, once, and on disk before anyone is told."""

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from service.audit.checkpoints import EVERY_RECORDS, due, keep
from service.audit.database import Database, StoreUnavailable
from service.audit.drafts import keep as keep_draft
from service.audit.entry import Entry, Person, PersonErased, Recorded, RecordedBefore, instant, new_id
from service.audit.reading import Search, find, find_exam, search, token_of, unsealed
from service.audit.store import Store
from service.audit.tables import chains, drafts, records, subjects
from service.audit.verifying import verifier_of, verify_store
from tests.audit.conftest import CHAIN, NOW, TENANT, Stores, entry


def test_a_record_is_found_again_and_unsealed(store: Store) -> None:
    (recorded,) = store.writer.record(entry(3))
    assert isinstance(recorded, Recorded) and (recorded.chain, recorded.seq) == (CHAIN, 1)
    found = find(store, TENANT, recorded.id)
    assert found is not None and found.clear == {"fires": ["H01"], "number": 3}
    assert unsealed(store, found) == b"what was found in exam 3"
    assert find_exam(store, TENANT, "exam 3") == recorded.id


def test_another_tenant_does_not_see_that_it_exists(store: Store) -> None:
    (recorded,) = store.writer.record(entry(3))
    assert isinstance(recorded, Recorded)
    assert find(store, "other", recorded.id) is None
    assert find_exam(store, "other", "exam 3") is None
    assert token_of(store, "other", "person 3") is None
    assert search(store, "other/decisions", Search(), None, 10) == []


def test_an_exam_is_recorded_once(store: Store) -> None:
    first, again = store.writer.record(entry(1), entry(1))
    assert isinstance(first, Recorded) and again == RecordedBefore(first.id)
    (later,) = store.writer.record(entry(1))
    assert later == RecordedBefore(first.id)
    (elsewhere,) = store.writer.record(entry(1, tenant="other"))
    assert isinstance(elsewhere, Recorded)


def test_a_person_has_one_key_and_a_nameless_one_a_new_one_each_time(store: Store) -> None:
    results = store.writer.record(
        entry(1), entry(8), entry(20, person=Person()), entry(21, person=Person()), entry(2)
    )
    tokens = [result.token for result in results if isinstance(result, Recorded)]
    assert tokens[0] == tokens[1] and len({*tokens}) == 4


def test_when_a_person_was_last_spoken_of_is_known(store: Store) -> None:
    store.writer.record(entry(1), entry(2))
    store.writer.record(entry(8, at="2027-01-01T00:00:00Z"))
    with store.database.reading() as connection:
        last = {row.lookup: row.last_at for row in connection.execute(select(subjects))}
    assert last == {"person 1": "2027-01-01T00:00:00Z", "person 2": instant(NOW)}


def test_what_is_sealed_opens_in_its_own_place_only(store: Store) -> None:
    from service.audit.sealing import Unsealable

    one, two = store.writer.record(entry(1), entry(8))
    assert isinstance(one, Recorded) and isinstance(two, Recorded)
    first, second = find(store, TENANT, one.id), find(store, TENANT, two.id)
    assert first is not None and second is not None
    with pytest.raises(Unsealable):
        unsealed(store, replace(first, sealed=second.sealed))


def test_nothing_is_recorded_of_an_erased_person(store: Store) -> None:
    (result,) = store.writer.record(entry(1, person=Person(token="0" * 32), exam=None))
    assert isinstance(result, PersonErased)
    assert search(store, CHAIN, Search(), None, 10) == []


def test_records_are_found_by_their_words(store: Store) -> None:
    store.writer.record(*(entry(n, words=frozenset({f"fires:H{n % 2}@1", "flag:Z03"})) for n in range(6)))
    found = search(store, CHAIN, Search(words=(" fires:H1@", " flag:Z03 ")), None, 2)
    assert [each.clear["number"] for each in found] == [5, 3]
    assert found[0].words == ["fires:H1@1", "flag:Z03"]
    assert search(store, CHAIN, Search(words=(" fires:h1@",)), None, 2) == []
    assert search(store, CHAIN, Search(words=(" fires:%@",)), None, 2) == []
    rest = search(store, CHAIN, Search(words=(" fires:H1@",)), found[-1].seq, 2)
    assert [each.clear["number"] for each in rest] == [1]
    token = token_of(store, TENANT, "person 2")
    assert [each.clear["number"] for each in search(store, CHAIN, Search(subject=token), None, 9)] == [2]
    assert search(store, CHAIN, Search(kinds=("review",)), None, 9) == []


def test_two_machines_append_to_one_chain(stores: Stores) -> None:
    one, two = stores.open(), stores.open()
    numbers = iter(range(10_000))
    lock = threading.Lock()

    def work(store: Store) -> None:
        for _ in range(20):
            with lock:
                number = next(numbers)
            store.writer.record(entry(number))

    threads = [threading.Thread(target=work, args=(store,)) for store in (one, two) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verifier = verifier_of(one.keyring)
    assert [*verify_store(one, verifier)] == [] and verifier.records == 120


def test_a_forked_worker_writes_for_itself(stores: Stores) -> None:
    store = stores.open()
    store.writer.record(entry(0))
    store.database.forget_connections()
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=store.writer.record, args=(entry(n),)) for n in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
        assert worker.exitcode == 0
    assert len(search(store, CHAIN, Search(), None, 9)) == 3


def test_one_entry_at_fault_does_not_hold_up_the_others(store: Store) -> None:
    twice = new_id()
    store.writer.record(entry(0, id=twice))
    outcomes: list[object] = []

    def record(one: Entry) -> None:
        try:
            outcomes.extend(store.writer.record(one))
        except Exception as error:
            outcomes.append(error)

    threads = [
        threading.Thread(target=record, args=(each,)) for each in (entry(1), entry(2, id=twice), entry(3))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([each for each in outcomes if isinstance(each, Recorded)]) == 2
    assert len([each for each in outcomes if isinstance(each, Exception)]) == 1


def test_where_the_store_cannot_be_written_nobody_is_told_that_it_was(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.writer.record(entry(0))
    engine, broken = store.database.engine, "no such table of records"
    monkeypatch.setattr(type(engine), "connect", lambda self: _fails(broken))
    with pytest.raises(StoreUnavailable):
        store.writer.record(entry(1))
    monkeypatch.undo()
    assert len(search(store, CHAIN, Search(), None, 9)) == 1
    store.writer.record(entry(1))
    assert [*verify_store(store, verifier_of(store.keyring))] == []


def _fails(text: str) -> None:
    from sqlalchemy.exc import OperationalError

    raise OperationalError(text, None, Exception("disk I/O error"))


def test_a_batch_is_kept_whole_or_not_at_all(store: Store) -> None:
    """The end of the chain and its records are one transaction."""
    store.writer.record(entry(0), entry(1))
    with store.database.reading() as connection:
        end = connection.execute(select(chains)).one()
        last = connection.execute(select(records).order_by(records.c.seq.desc())).first()
    assert last is not None and (end.next_seq, end.head) == (last.seq + 1, last.digest)
    with pytest.raises(ZeroDivisionError), store.database.writing() as connection:
        connection.execute(update(chains).values(next_seq=99))
        raise ZeroDivisionError
    assert [*verify_store(store, verifier_of(store.keyring))] == []


def test_where_the_store_is_down_all_that_wait_are_told_after_one_try(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each tried alone would keep the last of them waiting for minutes."""
    tries: list[int] = []

    @contextmanager
    def down(self: Database) -> Iterator[None]:
        tries.append(1)
        raise StoreUnavailable("down")
        yield

    waiting = [((entry(number),), Future()) for number in range(5)]  # type: ignore[var-annotated]
    monkeypatch.setattr(Database, "writing", down)
    store.writer._commit(waiting)
    assert len(tries) == 1
    assert all(isinstance(future.exception(), StoreUnavailable) for _, future in waiting)


def test_a_thousand_records_are_signed_without_waiting_for_the_minute(stores: Stores) -> None:
    store = stores.open()
    store.writer.record(entry(0))
    assert [made.seq for made in store.writer.make_checkpoints()] == [1]
    store.writer.record(*(entry(number) for number in range(1, EVERY_RECORDS)))
    assert store.writer.make_checkpoints() == []
    store.writer.record(entry(EVERY_RECORDS))
    assert [made.seq for made in store.writer.make_checkpoints()] == [EVERY_RECORDS + 1]
    store.writer.record(entry(EVERY_RECORDS + 1))
    assert store.writer.make_checkpoints() == []
    stores.clock.pass_(seconds=60)
    assert [made.seq for made in store.writer.make_checkpoints()] == [EVERY_RECORDS + 2]


# -- what goes wrong beside it -----------------------------------------------------------------------


def test_a_checkpoint_that_could_not_be_kept_elsewhere_is_due_again(stores: Stores) -> None:
    store = stores.open()
    store.writer.record(entry(0))
    stores.checkpoints.mkdir()  # nothing can be appended to a folder
    with pytest.raises(OSError):
        store.writer.make_checkpoints()
    store.writer.look()
    stores.checkpoints.rmdir()
    assert [made.seq for made in store.writer.make_checkpoints()] == [1]
    assert stores.checkpoints.read_bytes().count(b"\n") == 1


def test_a_checkpoint_is_appended_whole_or_not_at_all(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stores.open()
    store.writer.record(entry(0))
    store.writer.make_checkpoints()
    before = stores.checkpoints.read_bytes()
    store.writer.record(entry(1))
    stores.clock.pass_(minutes=2)
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:20]))
    with pytest.raises(OSError, match="takes no more"):
        store.writer.make_checkpoints()
    monkeypatch.undo()
    assert stores.checkpoints.read_bytes() == before
    assert [made.seq for made in store.writer.make_checkpoints()] == [2]


def test_two_that_sign_the_same_end_do_not_disturb_each_other(stores: Stores) -> None:
    one, two = stores.open(), stores.open()
    one.writer.record(entry(0))
    with one.database.reading() as connection:
        ends = due(connection, one.keyring, stores.clock())
    assert [made.seq for made in two.writer.make_checkpoints()] == [1]
    with one.database.writing() as connection:
        for made in ends:
            keep(connection, made)
    assert one.writer.make_checkpoints() == []
    assert [*verify_store(one, verifier_of(one.keyring))] == []


def test_a_thread_that_died_is_started_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.writer.record(entry(0))
    (writing, looking) = store.writer._threads
    with monkeypatch.context() as patched:
        patched.setattr(type(store.writer), "_together", lambda _: [][0])
        patched.setattr(threading, "excepthook", lambda _: None)
        store.writer.record(entry(1))  # for which it waited already; then it dies
        writing.join(5)
    assert not writing.is_alive()
    (result,) = store.writer.record(entry(2))
    assert isinstance(result, Recorded) and looking in store.writer._threads


def test_looking_for_what_is_due_survives_whatever_fails(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(store.writer), "make_checkpoints", lambda _: 1 / 0)
    store.writer.look()


def test_what_was_not_begun_when_its_time_was_up_is_never_recorded(store: Store) -> None:
    store.writer.record(entry(0))
    with store.database.writing() as connection:
        connection.execute(select(chains).with_for_update())  # the writer waits for this
        first = threading.Thread(target=store.writer.record, args=(entry(1),))
        first.start()
        time.sleep(0.3)
        with pytest.raises(StoreUnavailable, match="too long"):
            store.writer.record(entry(2), wait_seconds=0.1)
    first.join()
    store.writer.record(entry(3))
    kept = [each.clear["number"] for each in search(store, CHAIN, Search(), None, 9)]
    assert sorted(kept) == [0, 1, 3]


def test_a_writer_that_takes_too_long_is_told_and_not_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not store.database.sqlite:
        pytest.skip("PostgreSQL has locks of its own")
    monkeypatch.setattr("service.audit.database.BUSY_SECONDS", 0.2)
    other = Database(store.database.engine.url.render_as_string())
    with (
        store.database.writing(),
        pytest.raises(StoreUnavailable, match="another writer"),
        other.writing(),
    ):
        raise AssertionError("must not come in")


def test_what_is_asked_of_a_person_or_record_is_found_by_an_index(store: Store) -> None:
    if not store.database.sqlite:
        pytest.skip("plans by statistics")
    for column in ("subject", "about"):
        query = select(records.c.id).where(
            records.c.chain == "c", records.c.kind.in_(["assessment"]), records.c[column] == "x"
        )
        with store.database.reading() as connection:
            text = query.order_by(records.c.seq.desc()).compile(
                dialect=connection.dialect, compile_kwargs={"literal_binds": True}
            )
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
        assert any(f"ix_records_{column}" in str(row) for row in plan), plan


def test_postgresql_commits_to_disk_whatever_its_default(stores: Stores) -> None:
    store = stores.open()
    if store.database.sqlite:
        pytest.skip("SQLite is told synchronous=FULL")
    name = store.database.engine.url.database
    with store.database.writing() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    store.database.forget_connections()
    with store.database.reading() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"


def test_what_has_expired_goes_though_nobody_asks(stores: Stores) -> None:
    store = stores.open()
    keep_draft(store, TENANT, "a draft", None, b"{}", stores.clock())
    stores.clock.pass_(days=6)
    store.writer.look()
    with store.database.reading() as connection:
        assert len(connection.execute(select(drafts)).all()) == 1
    stores.clock.pass_(days=2)
    store.writer.look()
    with store.database.reading() as connection:
        assert connection.execute(select(drafts)).all() == []
