"""What was recorded of a rule base beside it: proofs and base rates. Neither is shown for another base."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.domain.rulebase import RuleBase

PROOFS = "proofs.json"
BASE_RATES = "base_rates.json"


@dataclass(frozen=True, slots=True)
class Record:
    """A recorded file. `content` is None unless it was recorded of this very rule base."""

    file: str
    content: Mapping[str, Any] | None
    why_not: str = ""


def read_record(folder: Path, name: str, rulebase: RuleBase) -> Record:
    """The record, or the sentence that says why there is none to show."""
    path = folder / name
    if not path.is_file():
        return Record(name, None, "Not recorded yet.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        of = content["rule_base"]
        digest, version = of["digest"], of["version"]
    except (ValueError, KeyError, TypeError):
        return Record(name, None, f"{name} cannot be read; nothing of it is shown.")
    if digest != rulebase.digest:
        said = f"Out of date: recorded of version {version}, {digest}, not of the rules printed here."
        return Record(name, None, said)
    return Record(name, content)
