"""TEMPORARY: what a contributor can still become, as if nothing could change."""

from service.answer.case import Case
from service.domain.exam import Side
from service.domain.explanation import Bounds, CellShown, Driver


def bounds(case: Case, side: Side, contributor: str) -> Bounds:
    standing = case.views[side].standings[contributor]
    key = next(key for key in ((f.id, side if f.sided else None) for f in case.rulebase.findings.values()))
    return Bounds(
        contributor, side, standing.net, standing.net, standing.net, standing.name, (standing.name,), True,
        (key,), (Driver(key, ((CellShown("no", "no"), 0),)),),
    )  # fmt: skip
