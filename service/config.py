"""Settings, all from the environment, all optional, all safe when unset."""

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Config:
    """How this process runs. Each field is one environment variable (docs: README, Settings)."""

    rules: Path = CHECKOUT / "rules"
    workers: int = 2
    threads: int = 4

    @classmethod
    def from_environment(cls) -> "Config":
        """KNEECHAIN_RULES, KNEECHAIN_WORKERS, KNEECHAIN_THREADS; raises ValueError on a bad number."""
        return cls(
            rules=Path(os.environ.get("KNEECHAIN_RULES", CHECKOUT / "rules")),
            workers=_positive("KNEECHAIN_WORKERS", os.cpu_count() or 1),
            threads=_positive("KNEECHAIN_THREADS", 4),
        )


def _positive(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{name} is '{text}', not a whole number from 1")
    return int(text)
