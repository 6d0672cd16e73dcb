"""Drafts are sealed, kept for seven days, told apart by revision, and go with the person."""

from concurrent.futures import ThreadPoolExecutor

from service.audit.drafts import OtherRevision, drop_expired, keep
from service.audit.entry import Actor
from service.audit.erasure import erase
from service.audit.reading import Search, search, token_of
from service.audit.store import Store
from tests.audit.conftest import NOW, TENANT, Stores
from tests.canaries import DRAFT as PLACE
from tests.canaries import REFERENCES, TEXTS
from tests.records.conftest import EXAM, Clinic

ME = REFERENCES["subject"]
DRAFT = {
    "subject": ME,
    "name": TEXTS["name in a draft"],
    "findings": [{"id": "fpi6", "side": "left", "value": "8 or so"}],
}


def test_a_draft_is_read_as_it_was_kept_until_it_is_dropped(clinic: Clinic) -> None:
    kept = clinic.ask("PUT", PLACE, json=DRAFT)
    assert (kept.status_code, kept.headers["ETag"], kept.json["revision"]) == (201, '"1"', 1)
    read = clinic.ask("GET", PLACE)
    assert (read.status_code, read.json, read.headers["ETag"]) == (200, DRAFT, '"1"')
    assert clinic.ask("DELETE", PLACE).status_code == 204
    assert clinic.ask("GET", PLACE).status_code == 404 == clinic.ask("DELETE", PLACE).status_code


def test_two_people_do_not_overwrite_each_other(clinic: Clinic) -> None:
    new = {"If-None-Match": "*"}
    assert clinic.ask("PUT", PLACE, json=DRAFT, headers=new).status_code == 201
    assert clinic.ask("PUT", PLACE, json=DRAFT, headers=new).status_code == 412
    second = clinic.ask("PUT", PLACE, json={**DRAFT, "by": "one"}, headers={"If-Match": '"1"'})
    assert (second.status_code, second.headers["ETag"]) == (200, '"2"')
    late = clinic.ask("PUT", PLACE, json={**DRAFT, "by": "two"}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.headers["ETag"]) == (412, '"2"')
    assert clinic.ask("GET", PLACE).json["by"] == "one"
    assert clinic.ask("PUT", PLACE, json=DRAFT, headers={"If-Match": "x"}).status_code == 422


def test_it_goes_after_seven_days_without_a_change(clinic: Clinic) -> None:
    clinic.ask("PUT", PLACE, json=DRAFT)
    clinic.clock.pass_(days=6)
    clinic.ask("PUT", PLACE, json=DRAFT)
    clinic.clock.pass_(days=6)
    assert clinic.ask("GET", PLACE).status_code == 200
    clinic.clock.pass_(days=1)
    assert clinic.ask("GET", PLACE).status_code == 404
    assert clinic.ask("PUT", PLACE, json=DRAFT).status_code == 201


def test_another_clinic_has_drafts_of_its_own(clinic: Clinic) -> None:
    clinic.ask("PUT", PLACE, json=DRAFT)
    assert clinic.ask("GET", PLACE, tenant="elsewhere").status_code == 404
    assert clinic.ask("PUT", PLACE, json={}, tenant="elsewhere").status_code == 201
    assert clinic.ask("GET", PLACE).json == DRAFT


def test_what_is_no_object_is_refused(clinic: Clinic) -> None:
    assert clinic.ask("PUT", PLACE, json=[1]).status_code == 422
    wrong = clinic.ask("PUT", PLACE, json={"subject": REFERENCES["subject that is none"]})
    assert wrong.status_code == 422 and "Erika" not in wrong.text


def test_an_erased_person_leaves_no_draft(clinic: Clinic) -> None:
    clinic.assess({**EXAM, "subject": ME})
    clinic.ask("PUT", PLACE, json=DRAFT)
    clinic.ask("PUT", "/v1/drafts/other", json={"subject": "person-2"})
    lookup = clinic.store.keyring.lookup("clinic", "subject", ME)
    token = token_of(clinic.store, "clinic", lookup)
    assert token is not None
    erase(clinic.store, "clinic", token, Actor("test", "administrator"), clinic.clock(), "request")
    assert clinic.ask("GET", PLACE).status_code == 404
    assert clinic.ask("GET", "/v1/drafts/other").status_code == 200


def test_of_many_who_keep_the_same_new_draft_at_once_none_fails(store: Store) -> None:
    """Each counts as one revision, and one alone is the first where all want to be."""

    def each(number: int, expected: int | None) -> int:
        try:
            return keep(store, TENANT, f"draft {number % 5}", None, b"{}", NOW, expected).revision
        except OtherRevision as other:
            return -other.revision

    with ThreadPoolExecutor(8) as pool:
        kept = [*pool.map(each, range(40), [None] * 40)]
        assert sorted(kept) == sorted([1, 2, 3, 4, 5, 6, 7, 8] * 5)
        with store.database.writing() as connection:
            drop_expired(connection, NOW.replace(year=2030))
        assert sorted(pool.map(each, range(40), [0] * 40)) == [-1] * 35 + [1] * 5


def test_what_has_expired_is_dropped_whoever_kept_it(store: Store, stores: Stores) -> None:
    keep(store, TENANT, "of one", "a person", b"{}", NOW)
    keep(store, "elsewhere", "of another", None, b"{}", NOW)
    stores.clock.pass_(days=1)
    keep(store, TENANT, "later", None, b"{}", stores.clock())
    for days, dropped in ((5, 0), (1, 2), (0, 0), (1, 1)):
        stores.clock.pass_(days=days)
        with store.database.writing() as connection:
            assert drop_expired(connection, stores.clock()) == dropped


def test_who_read_a_draft_is_recorded_by_its_keyed_hash(clinic: Clinic) -> None:
    clinic.ask("PUT", PLACE, json=DRAFT)
    clinic.ask("GET", PLACE)
    lookup = clinic.store.keyring.lookup("clinic", "draft", REFERENCES["draft"])
    (told,) = search(clinic.store, "clinic/access", Search(kinds=("read-draft",)), None, 10)
    assert told.clear == {"draft": lookup}
