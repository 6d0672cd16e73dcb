"""Exams written short: {"hip_er_mmt.left": "4", "age_years": 38, "fever": {"status": "refused"}}."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

PERFORMED = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
Short = Mapping[str, Any]

GATES: dict[str, str] = {
    "gate_acute_injury": "no",
    "gate_hot_or_unwell": "no",
    "gate_clot_or_circulation": "no",
    "gate_nerve_or_spine": "no",
    "gate_serious_disease": "no",
    "gate_inflammatory": "no",
    "gate_bone_stress": "no",
    "gate_locked_knee": "no",
    "gate_heart_or_breathing": "no",
    "gate_surgery_falls_other": "no",
}
SCREENED: dict[str, Any] = {
    **GATES, "age_years": 38, "walk_4_steps_now": "yes",
    "pain_onset.left": "insidious", "pain_onset.right": "insidious",
}  # fmt: skip
"""A whole screen answered, nothing found."""
TOUCHED: dict[str, Any] = {
    "hip_ir_mmt.left": "5", "flatfoot_flexibility.left": "flexible", "dns_iap_test": "normal",
}  # fmt: skip
"""One finding of hip, foot and core that bears on no contributor."""


def body(findings: Short, knees: tuple[str, ...] = ("left",), **more: Any) -> dict[str, Any]:
    """The exam as it is posted."""
    return {
        "performed_at": PERFORMED.isoformat(),
        "knees": list(knees),
        "findings": [_item(name, value) for name, value in findings.items()],
        **more,
    }


def _item(name: str, value: Any) -> dict[str, Any]:
    finding, _, side = name.partition(".")
    rest = value if isinstance(value, dict) else {"value": value}
    return {"id": finding, **({"side": side} if side else {}), **rest}


def aged(value: Any, hours: float = 0, **more: float) -> dict[str, Any]:
    """A value observed that long before the exam."""
    return {"value": value, "observed_at": (PERFORMED - timedelta(hours=hours, **more)).isoformat()}
