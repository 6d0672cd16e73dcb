"""API keys and sessions on both databases: made, used, ended, each in the log, and no secret kept."""

import re
import sqlite3
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.access import keys, sessions
from service.access.keys import DAYS, MOST_DAYS, KeyNotRight
from service.access.principal import CLINICIAN, SIGNED_IN, Principal
from service.access.roles import ROLES, SCOPES
from service.audit.access_tables import api_keys as api_keys_table
from service.audit.access_tables import sessions as sessions_table
from service.audit.api_keys import every
from service.audit.entry import Actor
from service.audit.reading import stream
from service.audit.store import Store
from service.records.rule_bases import TENANT
from tests.audit.conftest import Clock, Stores

BY = Actor("local", "administrator")


def create(store: Store, clock: Clock, **more: Any) -> tuple[str, Any]:
    return keys.create(store, clock(), BY, **({"tenant": "clinic", "role": "clinician"} | more))


def asked(store: Store, key: str, clock: Clock) -> Principal | None:
    return keys.principal_of(store, key, clock())


# -- keys ----------------------------------------------------------------------------------------


def test_a_key_is_its_role_in_its_tenant(store: Store, stores: Stores) -> None:
    for role, scopes in ROLES.items():
        told, kept = create(store, stores.clock, role=role, tenant=f"of-{role}")
        assert asked(store, told, stores.clock) == Principal(kept.id, f"of-{role}", (role,), scopes)
        assert re.fullmatch(rf"kc_{kept.id}_[\w-]{{43}}", told)


def test_a_key_may_be_for_some_scopes_of_its_role_only(store: Store, stores: Stores) -> None:
    told, kept = create(store, stores.clock, role="administrator", scopes=("metrics",))
    principal = asked(store, told, stores.clock)
    assert principal is not None
    assert [scope for scope in SCOPES if principal.allows(scope)] == ["metrics"]
    assert principal.actor("metrics") == Actor(kept.id, "administrator")


WRONG: list[dict[str, Any]] = [
    {"scopes": ("export",)}, {"scopes": ("assess", "erase")}, {"tenant": ""}, {"tenant": "-x"},
    {"tenant": "service"}, {"tenant": "Clinic"}, {"tenant": "a/b"}, {"tenant": "x" * 41}, {"tenant": "a\n"},
    {"days": 0}, {"days": MOST_DAYS + 1},
]  # fmt: skip


@pytest.mark.parametrize("stores", ["sqlite"], indirect=True)
@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_key_that_is_not_right_is_not_made(store: Store, stores: Stores, wrong: dict[str, Any]) -> None:
    with pytest.raises(KeyNotRight):
        create(store, stores.clock, **wrong)
    assert every(store) == []


def test_the_tenant_of_what_the_service_records_by_itself_is_nobodys() -> None:
    assert keys.RESERVED == TENANT


@pytest.mark.parametrize("days", [1, DAYS, MOST_DAYS])
def test_a_key_opens_nothing_from_the_second_it_expires(store: Store, stores: Stores, days: int) -> None:
    told, _ = create(store, stores.clock, days=days)
    stores.clock.pass_(days=days, seconds=-1)
    assert asked(store, told, stores.clock)
    stores.clock.pass_(seconds=1)
    assert asked(store, told, stores.clock) is None


def test_a_revoked_key_opens_nothing_at_once_and_on_every_machine(store: Store, stores: Stores) -> None:
    told, kept = create(store, stores.clock)
    other_told, _ = create(store, stores.clock)
    other_machine = stores.open()
    assert asked(other_machine, told, stores.clock)
    assert keys.revoke(store, stores.clock(), BY, kept.id)
    assert asked(other_machine, told, stores.clock) is None
    assert asked(other_machine, other_told, stores.clock)
    assert not keys.revoke(store, stores.clock(), BY, kept.id)
    with pytest.raises(LookupError):
        keys.revoke(store, stores.clock(), BY, "0" * 12)


def test_what_is_not_the_whole_key_is_none(store: Store, stores: Stores) -> None:
    told, kept = create(store, stores.clock)
    other, _ = create(store, stores.clock)
    swapped = f"kc_{kept.id}_{other.split('_', 2)[2]}"
    hashed = f"kc_{kept.id}_{kept.hash[:43]}"
    for wrong in ("", "kc_", told[:-1], told + "x", told.upper(), f" {told}", f"{told}\n", swapped, hashed,
                  told.replace(kept.id, "0" * 12), told.replace(kept.id, kept.id[:-1] + "%")):  # fmt: skip
        assert asked(store, wrong, stores.clock) is None, wrong
    assert asked(store, told, stores.clock)


def test_a_role_or_scope_that_there_is_no_more_grants_nothing(store: Store, stores: Stores) -> None:
    told, _ = create(store, stores.clock)
    for column, value, left in (("scopes", "read export", {"read"}), ("role", "owner", set())):
        with store.database.writing() as connection:
            connection.execute(api_keys_table.update().values({column: value}))
        principal = asked(store, told, stores.clock)
        assert principal is not None
        assert principal.scopes == left


# -- sessions ------------------------------------------------------------------------------------


def test_a_link_opens_one_session_once(store: Store, stores: Stores) -> None:
    link = sessions.new_link(store, stores.clock())
    worker = stores.open()
    secret = sessions.begin(worker, link, stores.clock())
    assert secret
    assert sessions.is_open(store, secret, stores.clock())
    assert sessions.begin(store, link, stores.clock()) is None
    assert not sessions.is_open(store, link, stores.clock())
    assert sessions.begin(store, secret, stores.clock()) is None


def test_links_and_sessions_end_by_themselves(store: Store, stores: Stores) -> None:
    late, soon = (sessions.new_link(store, stores.clock()) for _ in range(2))
    stores.clock.pass_(minutes=14, seconds=59)
    secret = sessions.begin(store, soon, stores.clock())
    assert secret
    stores.clock.pass_(seconds=1)
    assert sessions.begin(store, late, stores.clock()) is None
    stores.clock.pass_(hours=11, minutes=59, seconds=58)
    assert sessions.is_open(store, secret, stores.clock())
    stores.clock.pass_(seconds=1)
    assert not sessions.is_open(store, secret, stores.clock())


def test_what_expired_is_taken_away_by_the_next_session(store: Store, stores: Stores) -> None:
    for _ in range(3):
        sessions.new_link(store, stores.clock())
    stores.clock.pass_(days=1)
    sessions.begin(store, sessions.new_link(store, stores.clock()), stores.clock())
    with store.database.reading() as connection:
        assert len(connection.execute(sessions_table.select()).all()) == 1


# -- what is kept and what is logged ---------------------------------------------------------------


def test_what_is_done_stands_in_the_log_of_the_tenant_and_the_label_does_not(
    store: Store, stores: Stores
) -> None:
    _, kept = create(store, stores.clock, label="for Erika Mustermann", scopes=("read", "assess"))
    keys.revoke(store, stores.clock(), BY, kept.id)
    sessions.begin(store, sessions.new_link(store, stores.clock()), stores.clock())
    logged = [
        record
        for chain in ("clinic/access", "local/access")
        for record in stream(store, chain)
    ]  # fmt: skip
    assert [(record.kind, record.clear) for record in logged] == [
        ("key-created", {"key": kept.id, "role": "clinician", "scopes": ["assess", "read"],
                         "expires_at": kept.expires_at}),
        ("key-revoked", {"key": kept.id}),
        ("session-begun", {}),
    ]  # fmt: skip
    assert not any("Mustermann" in str(record) for record in logged)
    assert [key.label for key in every(store)] == ["for Erika Mustermann"]


def test_no_secret_is_in_the_store(store: Store, stores: Stores) -> None:
    told, _ = create(store, stores.clock)
    link, used = (sessions.new_link(store, stores.clock()) for _ in range(2))
    secret = sessions.begin(store, used, stores.clock())
    assert secret
    with store.database.reading() as connection:
        tables = ("api_keys", "sessions", "records")
        kept = str([connection.execute(text(f"SELECT * FROM {table}")).all() for table in tables])
    assert "key-created" in kept
    for told_once in (told.split("_", 2)[2], link, used, secret):
        assert told_once not in kept


@pytest.mark.parametrize("stores", ["sqlite"], indirect=True)
def test_a_change_that_cannot_be_logged_is_not_made(store: Store, stores: Stores) -> None:
    told, kept = create(store, stores.clock)
    link = sessions.new_link(store, stores.clock())
    file = stores.url.removeprefix("sqlite:///")
    with sqlite3.connect(file) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON records BEGIN SELECT RAISE(ROLLBACK, 'full'); END"
        )
    for change in (
        lambda: create(store, stores.clock),
        lambda: keys.revoke(store, stores.clock(), BY, kept.id),
        lambda: sessions.begin(store, link, stores.clock()),
    ):
        with pytest.raises(IntegrityError, match="full"):
            change()
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TRIGGER full")
    assert len(every(store)) == 1
    assert asked(store, told, stores.clock)
    assert sessions.begin(store, link, stores.clock())


# -- roles -----------------------------------------------------------------------------------------


def test_every_scope_is_granted_by_some_role_and_no_administrator_reads_a_person() -> None:
    assert frozenset(SCOPES) == frozenset().union(*ROLES.values())
    persons = {"assess", "preview", "read", "search", "review", "draft", "replay", "export"}
    assert ROLES["administrator"] & persons == set()


def test_who_is_at_this_machine_is_recorded_in_the_role_that_grants_what_is_done() -> None:
    assert CLINICIAN.actor("assess") == Actor("local", "clinician")
    assert not CLINICIAN.allows("export")
    assert SIGNED_IN.actor("assess") == Actor("local", "clinician")
    assert SIGNED_IN.actor("export") == Actor("local", "auditor")
    assert SIGNED_IN.actor("erase") == Actor("local", "administrator")
    assert all(SIGNED_IN.allows(scope) for scope in SCOPES)
