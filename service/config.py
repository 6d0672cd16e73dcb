"""Settings, all from the environment, all optional, all safe when unset."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
MOST_AT_ONCE = 256
"""More processes or threads than this are a slip of the finger."""


class BadSettings(Exception):
    """Settings that cannot be used; the text names each of them."""


@dataclass(frozen=True, slots=True)
class Config:
    """How this process runs. Each field is one environment variable (docs: README, Settings)."""

    rules: Path = CHECKOUT / "rules"
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    threads: int = 8

    @classmethod
    def from_environment(cls) -> "Config":
        """An empty variable counts as unset. Raises BadSettings with every one that is not right."""
        given: dict[str, Any] = {}
        wrong: list[str] = []
        for variable, (name, read) in SETTINGS.items():
            text = os.environ.get(variable)
            if text:
                try:
                    given[name] = read(text)
                except ValueError as error:
                    wrong.append(f"{variable} is '{text}', not {error}")
        if wrong:
            raise BadSettings("; ".join(wrong))
        return cls(**given)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 1 <= int(text) <= MOST_AT_ONCE):
        raise ValueError(f"a whole number from 1 to {MOST_AT_ONCE}")
    return int(text)


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise ValueError("a folder")
    return Path(text)


SETTINGS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "KNEECHAIN_RULES": ("rules", _folder),
    "KNEECHAIN_WORKERS": ("workers", _number),
    "KNEECHAIN_THREADS": ("threads", _number),
}
