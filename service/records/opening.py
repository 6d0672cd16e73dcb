"""The decision log as it is configured."""

import os
from pathlib import Path
from typing import Protocol

from service.audit.database import StoreUnavailable
from service.audit.keyring import KeysNotRight
from service.audit.migrate import TooNew
from service.audit.places import sqlite_file
from service.audit.store import Store, open_store
from service.audit.writer import Clock


class StoreNotOpened(Exception):
    """The decision log cannot be used as it is configured; the text says why, and holds no secret."""


class Where(Protocol):
    """The settings that say where the log, its keys and its checkpoints are."""

    @property
    def database_url(self) -> str: ...
    @property
    def keys(self) -> Path: ...
    @property
    def checkpoints(self) -> Path: ...


def open_configured(config: Where, now: Clock) -> Store:
    """The store that the settings name. Raises StoreNotOpened.

    A new SQLite store gets its keys made. A PostgreSQL may serve several machines, which need the same
    keys: there they must be provided.
    """
    url = config.database_url
    try:
        if config.checkpoints.parent == config.keys.parent:
            config.checkpoints.parent.mkdir(parents=True, exist_ok=True)
        elif not config.checkpoints.parent.is_dir():  # a share that is not mounted is not made up for
            raise StoreNotOpened(f"KNEECHAIN_CHECKPOINTS: there is no folder {config.checkpoints.parent}")
        return open_store(
            url, config.keys, os.environ, now, config.checkpoints, may_make_keys=url.startswith("sqlite")
        )
    except ValueError as error:
        raise StoreNotOpened(f"KNEECHAIN_DATABASE_URL: {error}") from None
    except (KeysNotRight, TooNew, StoreUnavailable) as error:
        raise StoreNotOpened(f"the decision log: {error}") from None
    except OSError as error:
        raise StoreNotOpened(f"the decision log: {error.strerror}: {error.filename}") from None


def open_present(config: Where, now: Clock) -> Store:
    """The same, but only a log that is there already: none is made, nor keys. Raises StoreNotOpened."""
    file = sqlite_file(config.database_url)
    if file is not None and not file.is_file():
        raise StoreNotOpened(f"the decision log: there is no file {file}")
    return open_configured(config, now)
