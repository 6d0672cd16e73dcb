"""Settings, all from the environment, all optional, all safe when unset."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
MOST_AT_ONCE = 256
"""More processes or threads than this are a slip of the finger."""
MOST_PER_MINUTE = 1_000_000

MOST_DAYS = 36_500


class BadSettings(Exception):
    """Settings that cannot be used; the text names each of them."""


@dataclass(frozen=True, slots=True)
class Config:
    """How this process runs. Each field is one environment variable (docs: README, Settings)."""

    rules: Path = CHECKOUT / "rules"
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    threads: int = 8
    database_url: str = field(default=f"sqlite:///{CHECKOUT}/var/kneechain.db", repr=False)
    """It may hold a password."""
    keys: Path = CHECKOUT / "var" / "keys.json"
    checkpoints: Path = CHECKOUT / "var" / "checkpoints.ndjson"
    requests_per_minute: int = 6_000
    allow_draft_rules: bool = False
    retention_days: int | None = None

    @classmethod
    def from_environment(cls) -> "Config":
        """An empty variable counts as unset. Raises BadSettings with every one that is not right."""
        given: dict[str, Any] = {}
        wrong: list[str] = []
        for variable, setting in SETTINGS.items():
            text = os.environ.get(variable)
            if text:
                try:
                    given[setting.name] = setting.read(text)
                except ValueError as error:
                    wrong.append(f"{variable} is '{text}', not {error}")
        if wrong:
            raise BadSettings("; ".join(wrong))
        return cls(**given)


def _number(text: str, most: int = MOST_AT_ONCE) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 1 <= int(text) <= most):
        raise ValueError(f"a whole number from 1 to {most}")
    return int(text)


def _yes(text: str) -> bool:
    if text != "1":
        raise ValueError("1")
    return True


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise ValueError("a folder")
    return Path(text)


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of the configuration, how its text is read, and what people are told of it."""

    name: str
    read: Callable[[str], Any]
    default: str
    says: str


SETTINGS = {
    "KNEECHAIN_RULES": Setting("rules", _folder, "rules/ of the checkout", "another rule base"),
    "KNEECHAIN_WORKERS": Setting("workers", _number, "one for each processor", "processes, 1 to 256"),
    "KNEECHAIN_THREADS": Setting(
        "threads", _number, "8", "threads in each, 1 to 256: an idle connection may hold one for five seconds"
    ),
    "KNEECHAIN_DATABASE_URL": Setting(
        "database_url", str, "var/kneechain.db in the checkout",
        "the decision log: sqlite:///… or postgresql://…",
    ),
    "KNEECHAIN_KEYS": Setting(
        "keys", Path, "var/keys.json in the checkout",
        "the keys of the decision log; made for a new SQLite log, for PostgreSQL to be provided",
    ),
    "KNEECHAIN_CHECKPOINTS": Setting(
        "checkpoints", Path, "var/checkpoints.ndjson in the checkout",
        "where signed checkpoints are appended, best on another machine's disk",
    ),
    "KNEECHAIN_REQUESTS_PER_MINUTE": Setting(
        "requests_per_minute", partial(_number, most=MOST_PER_MINUTE), "6000",
        "units that one key, or one address, may spend in a minute, in each process",
    ),
    "KNEECHAIN_ALLOW_DRAFT_RULES": Setting(
        "allow_draft_rules", _yes, "not set", "1 serves rules that nobody approved beyond this machine",
    ),
    "KNEECHAIN_RETENTION_DAYS": Setting(
        "retention_days", partial(_number, most=MOST_DAYS), "not set",
        "after so many days without a record 'kneechain audit retain' erases a person",
    ),
}  # fmt: skip
