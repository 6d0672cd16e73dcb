"""The command line over the store of a test."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from service.cli import main
from tests.audit.conftest import Stores

Run = Callable[..., Result]


@pytest.fixture
def run(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`kneechain audit …`; what it asks is answered with `typed`."""
    monkeypatch.setenv("KNEECHAIN_DATABASE_URL", stores.url)
    monkeypatch.setenv("KNEECHAIN_KEYS", str(stores.folder / "keys.json"))
    monkeypatch.setenv("KNEECHAIN_CHECKPOINTS", str(stores.checkpoints))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("service.cli.audit.clock", stores.clock)

    def run(*words: object, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, ["audit", *map(str, words)], input=typed)

    return run
