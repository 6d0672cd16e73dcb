"""`kneechain rules verify`: every report and every proof of one rule base, and the record of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from service.domain.rulebase import RuleBase
from service.verify.static.accepted import Settled, read_accepted, settle
from service.verify.static.analyse import reports, studied
from service.verify.static.proofs.hold import hold_withholds_all
from service.verify.static.proofs.monotone import worse_never_lowers
from service.verify.static.proofs.observed import opposition_is_observed
from service.verify.static.proofs.order import order_never_matters
from service.verify.static.proofs.proof import Proof
from service.verify.static.proofs.sides import sides_are_alike
from service.verify.static.report import Name, Report
from service.verify.static.study import Study
from service.verify.static.terms import PROVER, CannotTell

PROOFS: tuple[Callable[[Study], Proof], ...] = (
    opposition_is_observed,
    worse_never_lowers,
    hold_withholds_all,
    sides_are_alike,
    order_never_matters,
)
RECORD = "proofs.json"
__all__ = ["RECORD", "CannotTell", "Verified", "as_json", "verify"]


@dataclass(frozen=True, slots=True)
class Verified:
    """What verify found. `rulebase` is None where the rules do not load or cannot run."""

    rulebase: RuleBase | None
    settled: Settled
    proofs: tuple[Proof, ...]

    @property
    def violations(self) -> tuple[Report, ...]:
        return tuple(report for proof in self.proofs for report in proof.violations)

    @property
    def holds(self) -> bool:
        """Whether every report is accepted, every acceptance is needed, and every property is proved."""
        found = self.settled.new or self.settled.stale or self.violations
        return self.rulebase is not None and not found

    @property
    def tree(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            **self.record,
            "new": [report.tree for report in (*self.settled.new, *self.violations)],
            "stale": [{"line": entry.line, **_name(entry.name)} for entry in self.settled.stale],
        }

    @property
    def record(self) -> dict[str, Any]:
        """What is kept of a rule base that holds: its properties, and what is accepted and why."""
        base = self.rulebase
        return {
            "rule_base": {"version": base.version, "digest": base.digest} if base else None,
            "by": PROVER,
            "properties": [proof.tree for proof in self.proofs],
            "reports": [{**report.tree, "accepted": entry.reason} for report, entry in self.settled.accepted],
        }


def verify(folder: Path) -> Verified:
    """Everything there is to say of the rules in a folder. Raises RuleBaseError for accepted.yaml alone."""
    accepted = read_accepted(folder)
    study = studied(folder)
    if not isinstance(study, Study):
        return Verified(None, settle(study, accepted), ())
    found = reports(study)
    return Verified(study.rulebase, settle(found, accepted), tuple(prove(study) for prove in PROOFS))


def as_json(tree: dict[str, Any]) -> str:
    return json.dumps(tree, indent=2, ensure_ascii=False, default=_number) + "\n"


def _number(value: object) -> int | float:
    assert isinstance(value, Decimal)
    return int(value) if value == int(value) else float(value)


def _name(name: Name) -> dict[str, Any]:
    return {"kind": name[0], "about": name[1], "parts": list(name[2])}
