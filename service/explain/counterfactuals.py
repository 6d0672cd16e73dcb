"""TEMPORARY: what would give another class, as if one finding always did."""

from service.answer.case import Case
from service.domain.exam import Side
from service.domain.explanation import CellShown, Change, ChangeGroup, ChangeOption, Counterfactuals


def counterfactuals(
    case: Case, side: Side, contributor: str, wanted: str | None, page: int
) -> Counterfactuals:
    keys = [key for key, o in case.usable.counting.items() if o.observed and key[1] in (None, side)]
    name = case.views[side].standings[contributor].name
    groups = []
    for key in keys[:1]:
        seen = case.seen(key)
        assert seen is not None
        change = Change(key, seen.value, CellShown("no", "no"))
        groups.append(ChangeGroup((key,), 30, (ChangeOption((change,), wanted or "possible"),)))
    return Counterfactuals(contributor, side, name, wanted, tuple(groups), 1, page, 1, tuple(keys[:3]))
