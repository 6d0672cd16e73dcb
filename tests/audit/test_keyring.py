"""Keys: made once, read strictly, told apart, and never shown."""

import base64
import json
from pathlib import Path

import pytest

from service.audit.keyring import NAMES, Keyring, KeysNotRight, new_keys, read_keys, variable
from service.audit.store import open_store
from tests.audit.conftest import Clock, Stores


def test_they_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "made" / "keys.json"
    first = read_keys(file, {}, may_make=True)
    assert read_keys(file, {}, may_make=True) == first
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["keys.json"]


def test_where_they_may_not_be_made_it_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(KeysNotRight, match="KNEECHAIN_MASTER_KEY, KNEECHAIN_CHAIN_KEY, KNEECHAIN_SIGNING"):
        read_keys(tmp_path / "keys.json", {}, may_make=False)


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    made = read_keys(file, {}, may_make=True)
    other = new_keys()
    mixed = read_keys(file, {variable("chain"): other["chain"]}, may_make=False)
    assert mixed.chain == base64.b64decode(other["chain"])
    assert (mixed.master, mixed.signing) == (made.master, made.signing)
    whole = read_keys(tmp_path / "none", {variable(name): other[name] for name in NAMES}, may_make=False)
    assert whole.master == base64.b64decode(other["master"])


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    read_keys(file, {}, may_make=True)
    file.chmod(0o640)
    with pytest.raises(KeysNotRight, match="can be read by others"):
        read_keys(file, {}, may_make=False)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"master": "AAAA"}', '{"master": 5}'])
def test_what_is_no_key_file_is_refused_and_not_repeated(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(content, encoding="utf-8")
    file.chmod(0o600)
    with pytest.raises(KeysNotRight) as refused:
        read_keys(file, {}, may_make=True)
    assert "AAAA" not in str(refused.value)


def test_nothing_of_them_is_shown() -> None:
    keys = new_keys()
    ring = Keyring(**{name: base64.b64decode(text) for name, text in keys.items()})
    assert repr(ring) == "Keyring(…)"
    shown = json.dumps(ring.ids)
    assert len({*ring.ids.values()}) == 3 and not any(text in shown for text in keys.values())


def test_a_lookup_tells_tenants_and_kinds_apart() -> None:
    ring = Keyring(**{name: base64.b64decode(text) for name, text in new_keys().items()})
    lookups = [
        ring.lookup(*words) for words in (("a", "exam", "x"), ("b", "exam", "x"), ("a", "person", "x"))
    ]
    assert len({*lookups}) == 3 and ring.lookup("a", "exam", "x") == lookups[0]


def test_a_store_is_not_opened_with_the_keys_of_another(stores: Stores, tmp_path: Path) -> None:
    stores.open()
    (stores.folder / "keys.json").unlink()
    with pytest.raises(KeysNotRight, match="there is no key file"):  # none is made for a store that has keys
        stores.open()
    read_keys(stores.folder / "keys.json", {}, may_make=True)
    with pytest.raises(KeysNotRight, match="another chain, master, signing key"):
        stores.open()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:"])
def test_only_a_database_that_keeps_is_taken(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        open_store(url, tmp_path / "keys.json", {}, Clock(), may_make_keys=True)
