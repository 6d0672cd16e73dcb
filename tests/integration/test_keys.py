"""`kneechain keys`, and what may be served beyond this machine once there are some."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.access import keys
from service.access.principal import Principal
from service.access.roles import ROLES
from service.audit.reading import stream
from service.cli import common, main
from service.clock import clock
from service.domain.rulebase import RuleBase

BEYOND = ("serve", "--host", "0.0.0.0")
Started = list[tuple[object, ...]]


@pytest.fixture(autouse=True)
def own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNEECHAIN_DATABASE_URL", f"sqlite:///{tmp_path}/log.db")
    monkeypatch.setenv("KNEECHAIN_KEYS", str(tmp_path / "keys.json"))
    monkeypatch.setenv("KNEECHAIN_CHECKPOINTS", str(tmp_path / "checkpoints.ndjson"))
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, rulebase: RuleBase) -> Started:
    """What would be served."""
    began: Started = []
    monkeypatch.setattr("service.cli.common.load_rulebase", lambda folder: rulebase)
    monkeypatch.setattr("service.cli.serve.rulebase", lambda: rulebase)
    monkeypatch.setattr("service.server.run", lambda *given: began.append(given))
    return began


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def made(*words: str) -> str:
    result = run("keys", "create", *words)
    assert result.exit_code == 0, result.output
    return result.stdout.rstrip("\n")


def asks(key: str) -> Principal | None:
    return keys.principal_of(common.store(), key, clock())


def test_a_key_is_made_listed_and_revoked() -> None:
    key = made("--role", "auditor", "--tenant", "north", "--label", "of the [b]auditor", "--days", "30")
    id_ = key.split("_")[1]
    assert asks(key) == Principal(id_, "north", ("auditor",), ROLES["auditor"])
    listed = run("keys", "list").stdout
    assert re.search(rf"^ *{id_} +north +auditor +all +of the \[b\]auditor +20\S+Z +20\S+Z *$", listed, re.M)
    assert key.split("_", 2)[2] not in listed
    assert run("keys", "revoke", id_).stdout == "revoked\n"
    assert asks(key) is None
    assert "revoked" in run("keys", "list").stdout
    assert run("keys", "revoke", id_).stdout == "was revoked before\n"


def test_with_the_first_key_it_is_said_that_a_service_must_be_restarted() -> None:
    told = [run("keys", "create", "--role", "auditor").stderr for _ in range(2)]
    assert ["until it is restarted" in each for each in told] == [True, False]


def test_a_key_may_be_for_some_scopes_only() -> None:
    key = made("--role", "administrator", "--scope", "metrics")
    principal = asks(key)
    assert principal is not None
    assert (principal.tenant, principal.scopes) == ("local", {"metrics"})
    assert "metrics" in run("keys", "list").stdout


def test_an_expired_key_is_shown_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    made("--role", "auditor", "--days", "1")
    monkeypatch.setattr("service.cli.keys.clock", lambda: datetime.now(UTC) + timedelta(days=2))
    assert "expired" in run("keys", "list").stdout


def test_whoever_makes_and_ends_keys_is_in_the_log() -> None:
    id_ = made("--role", "auditor", "--tenant", "north", "--label", "Erika Mustermann").split("_")[1]
    run("keys", "revoke", id_)
    logged = [*stream(common.store(), "north/access")]
    assert [record.kind for record in logged] == ["key-created", "key-revoked"]
    assert all(record.record["actor"] == {"key": "local", "role": "administrator"} for record in logged)
    assert "Mustermann" not in str(logged)


WRONG = (
    ("create",), ("create", "--role", "owner"), ("create", "--role", "auditor", "--scope", "assess"),
    ("create", "--role", "auditor", "--tenant", "No/Such"), ("create", "--role", "auditor", "--days", "731"),
    ("create", "--role", "auditor", "--days", "0"), ("revoke", "0123456789ab"), ("revoke",),
)  # fmt: skip


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_what_is_not_right_is_said_and_changes_nothing(words: tuple[str, ...]) -> None:
    result = run("keys", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr
    assert len(run("keys", "list").stdout.splitlines()) == 1


def test_a_log_that_cannot_be_opened_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNEECHAIN_DATABASE_URL", "mysql://me:geheim@there/x")
    for words in (("keys", "list"), ("serve",)):
        result = run(*words)
        assert (result.exit_code, result.stderr) == (
            2,
            "KNEECHAIN_DATABASE_URL: neither sqlite:///… nor postgresql://…\n",
        )


# -- serving ---------------------------------------------------------------------------------------


def test_beyond_this_machine_a_usable_key_and_approved_rules_are_needed(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "kneechain keys create" in run(*BEYOND).stderr
    id_ = made("--role", "clinician").split("_")[1]
    assert "KNEECHAIN_ALLOW_DRAFT_RULES=1" in run(*BEYOND).stderr
    monkeypatch.setenv("KNEECHAIN_ALLOW_DRAFT_RULES", "yes")
    assert "not 1" in run(*BEYOND).stderr
    assert started == []
    monkeypatch.setenv("KNEECHAIN_ALLOW_DRAFT_RULES", "1")
    assert run(*BEYOND).exit_code == 0
    ((_, _, host, _, link),) = started
    assert (host, link) == ("0.0.0.0", None)
    run("keys", "revoke", id_)
    assert run(*BEYOND).exit_code == 2
    assert len(started) == 1


def test_at_this_machine_a_link_is_made_until_there_is_a_key(started: Started) -> None:
    assert run("serve").exit_code == 0
    made("--role", "clinician")
    assert run("serve").exit_code == 0
    first, second = (given[4] for given in started)
    assert isinstance(first, str)
    assert second is None
