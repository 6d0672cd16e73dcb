"""After an erasure nothing of the person can be read anywhere, and everything else stands as it did."""

import threading
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select, text

from service.audit.entry import Person, PersonErased, Recorded
from service.audit.erasure import Held, erase, erase_all
from service.audit.holding import set_held
from service.audit.reading import Search, find, find_exam, search, token_of, unsealed
from service.audit.store import Store
from service.audit.tables import subjects
from service.audit.verifying import export, verifier_of, verify_store
from tests.audit.conftest import CHAIN, NOW, SOMEONE, TENANT, Stores, entry


@pytest.fixture
def filled(stores: Stores) -> Store:
    store = stores.open()
    store.writer.record(*(entry(number) for number in range(21)))
    return store


def erased(store: Store, person: str) -> int:
    token = token_of(store, TENANT, person)
    assert token is not None
    return erase(store, TENANT, token, SOMEONE, NOW, "request").records


def test_it_closes_every_record_of_the_person_and_no_other(filled: Store) -> None:
    records = {
        each.clear["number"]: each for each in search(filled, CHAIN, Search(kinds=("assessment",)), None, 50)
    }
    assert erased(filled, "person 3") == 3
    for number, stored in records.items():
        if number % 7 == 3:
            with pytest.raises(PersonErased):
                unsealed(filled, stored)
        else:
            assert unsealed(filled, stored) == f"what was found in exam {number}".encode()
    assert token_of(filled, TENANT, "person 3") is None and find_exam(filled, TENANT, "exam 3") is None
    assert find_exam(filled, TENANT, "exam 4") is not None


def test_the_chain_still_verifies_and_tells_of_the_erasure(filled: Store) -> None:
    erased(filled, "person 3")
    verifier = verifier_of(filled.keyring)
    assert [*verify_store(filled, verifier)] == [] and verifier.records == 22
    (told,) = search(filled, CHAIN, Search(kinds=("erasure",)), None, 5)
    assert told.clear["records"] == 3 and told.clear["why"] == "request"
    kept = search(filled, CHAIN, Search(kinds=("assessment",)), None, 50)
    assert len(kept) == 21 and all(each.clear["fires"] == ["H01"] for each in kept)


def test_the_same_person_may_come_again_as_another(filled: Store) -> None:
    before = token_of(filled, TENANT, "person 3")
    erased(filled, "person 3")
    (recorded,) = filled.writer.record(entry(3))
    assert isinstance(recorded, Recorded) and recorded.token != before
    again = find(filled, TENANT, recorded.id)
    assert again is not None and unsealed(filled, again) == b"what was found in exam 3"


def test_the_wrapped_key_is_in_no_file_any_more(stores: Stores, filled: Store) -> None:
    if not filled.database.sqlite:
        pytest.skip(
            "PostgreSQL overwrites what was deleted in its own time; until then the master key wraps it"
        )
    with filled.database.reading() as connection:
        rows = connection.execute(select(subjects.c.lookup, subjects.c.wrapped_key)).all()
    wrapped = {row.lookup: row.wrapped_key for row in rows}
    assert _in_files(stores.folder, wrapped["person 3"]) and _in_files(stores.folder, wrapped["person 4"])
    erased(filled, "person 3")
    assert not _in_files(stores.folder, wrapped["person 3"])
    assert _in_files(stores.folder, wrapped["person 4"])


def test_of_many_that_are_erased_in_any_order_no_key_is_left(stores: Stores) -> None:
    """So many, and in such an order, that SQLite moves rows from page to page and leaves copies there."""
    store = stores.open()
    if not store.database.sqlite:
        pytest.skip("see above")
    store.writer.record(*(entry(number, person=Person(f"person {number}")) for number in range(400)))
    with store.database.reading() as connection:
        in_order = text("SELECT token, wrapped_key FROM subjects ORDER BY rowid")
        wrapped = {row.token: row.wrapped_key for row in connection.execute(in_order)}
    gone = Random(12).sample([*wrapped], 300)
    assert len(erase_all(store, TENANT, gone, SOMEONE, NOW, "request").tokens) == 300
    kept = b"".join(file.read_bytes() for file in stores.folder.glob("log.db*"))
    assert {token for token, key in wrapped.items() if key in kept} == wrapped.keys() - {*gone}


def _in_files(folder: Path, needle: bytes) -> bool:
    return any(needle in file.read_bytes() for file in folder.glob("log.db*"))


def test_what_was_found_is_in_clear_nowhere(stores: Stores, filled: Store) -> None:
    content = b"".join(export(filled, CHAIN))
    assert b"what was found" not in content
    assert not _in_files(stores.folder, b"what was found")


def test_a_legal_hold_forbids_it_until_it_ends(filled: Store) -> None:
    token = token_of(filled, TENANT, "person 3")
    assert token is not None
    assert set_held(filled, TENANT, token, True, SOMEONE, NOW)
    assert not set_held(filled, TENANT, token, True, SOMEONE, NOW)
    with pytest.raises(Held):
        erased(filled, "person 3")
    assert erase_all(filled, TENANT, [token], SOMEONE, NOW, "retention").tokens == ()
    assert token_of(filled, TENANT, "person 3") == token
    assert set_held(filled, TENANT, token, False, SOMEONE, NOW)
    assert erased(filled, "person 3") == 3
    told = search(filled, CHAIN, Search(kinds=("hold", "release", "erasure")), None, 9)
    assert [each.kind for each in told] == ["erasure", "release", "hold"]
    assert told[2].clear == {"held": token} and told[1].clear == {"released": token}
    assert [*verify_store(filled, verifier_of(filled.keyring))] == []


def test_nobody_is_held_whom_there_is_not(filled: Store) -> None:
    with pytest.raises(LookupError):
        set_held(filled, TENANT, "0" * 32, True, SOMEONE, NOW)


def test_who_is_erased_while_something_is_recorded_of_them_stays_erased(stores: Stores) -> None:
    """Each record is closed with the others or belongs to a new person; nobody waits for nobody."""
    store, other = stores.open(), stores.open()
    store.writer.record(*(entry(number) for number in range(7)))
    failed: list[Exception] = []

    def record() -> None:
        try:
            for number in range(7, 400):
                other.writer.record(entry(number % 7, exam=None))
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=record)
    thread.start()
    while thread.is_alive():
        if token_of(store, TENANT, "person 3"):
            erased(store, "person 3")
    thread.join()
    assert failed == [] and [*verify_store(store, verifier_of(store.keyring))] == []
    told = search(store, CHAIN, Search(kinds=("erasure",)), None, 1000)
    assert len(told) > 1  # how many more is for the machine to say
    token = token_of(store, TENANT, "person 3")
    left = search(store, CHAIN, Search(kinds=("assessment",), subject=token), None, 1000) if token else []
    kept = search(store, CHAIN, Search(kinds=("assessment",)), None, 1000)
    of_person = [each for each in kept if each.clear["number"] == 3]
    assert sum(each.clear["records"] for each in told) + len(left) == len(of_person)


def test_nobody_erases_whom_there_is_not(filled: Store) -> None:
    token = token_of(filled, TENANT, "person 3")
    assert token is not None
    for tenant, other in (("other", token), (TENANT, "0" * 32)):
        with pytest.raises(LookupError):
            erase(filled, tenant, other, SOMEONE, NOW, "request")
