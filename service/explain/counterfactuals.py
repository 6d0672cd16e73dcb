"""The smallest changes of what was observed that would give a contributor another class."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from service.answer.case import Case
from service.domain.exam import Key, Side
from service.domain.explanation import MOST_CHANGES, Change, ChangeGroup, ChangeOption, Counterfactuals
from service.domain.rulebase import RuleBase
from service.explain.cells_said import cell_shown
from service.explain.circuit import BARRED, Node
from service.explain.completions import plan_of
from service.explain.diagram import Plan, State
from service.explain.domains import choices, key_of, observed_levels
from service.inference.cells import Cell

GROUPS_A_PAGE = 50
Changed = tuple[int, int]
"""A change: the place of the input, and the number of the cell among its other cells."""
Found = dict[tuple[Changed, ...], str]
"""Sets of changes, each in the order of the inputs, with the class they give."""


def counterfactuals(
    case: Case, side: Side, contributor: str, wanted: str | None = None, page: int = 1
) -> Counterfactuals:
    """Every subset-minimal set of up to three changes of observed, changeable findings.

    Each change puts one finding into another cell. For a class that it has already there is nothing to
    change. Page 1 comes first, and is there even if it is empty; a page after the last is empty.
    """
    plan = plan_of(case.rulebase, contributor)
    offered = _offered(case, plan, side)
    class_now = case.views[side].standings[contributor].name
    search = Search(
        plan, observed_levels(case, plan.circuit, side), _levels(plan, offered), class_now, wanted
    )
    groups = _grouped(case, plan, side, search.minimal() if wanted != class_now else {})
    shown = islice(groups, (page - 1) * GROUPS_A_PAGE, page * GROUPS_A_PAGE)
    return Counterfactuals(
        contributor=contributor,
        side=side,
        class_now=class_now,
        wanted=wanted,
        groups=tuple(_group(case, plan, side, offered, found) for found in shown),
        total=len(groups),
        page=page,
        pages=max(1, -(-len(groups) // GROUPS_A_PAGE)),
        changeable=tuple(sorted((_key(case, node, side) for node in offered), key=_by_id)),
        text=_said(case.rulebase, bool(groups), wanted),
    )


def _said(rulebase: RuleBase, found: bool, wanted: str | None) -> str:
    if found:
        return rulebase.wording["changes_some"].format(most=MOST_CHANGES)
    name = rulebase.wording["changes_any"] if wanted is None else f"“{rulebase.class_words[wanted]}”"
    return rulebase.wording["changes_none"].format(most=MOST_CHANGES, wanted=name)


# -- what may change -------------------------------------------------------------------------


def _offered(case: Case, plan: Plan, side: Side) -> dict[Node, tuple[Cell, ...]]:
    """For each finding that may change the cells other than its own, with the rules' own thresholds."""
    known = observed_levels(case, plan.circuit, side)
    free = [node for node in plan.inputs if _may_change(case, node, known[node])]
    found = choices(case.rulebase, plan.circuit, known, free)
    others = {
        node: tuple(c for c in found[node] if not _lies_in(case.rulebase, node, c, known[node]))
        for node in free
    }
    return {node: cells for node, cells in others.items() if cells}


def _may_change(case: Case, node: Node, level: Any) -> bool:
    if node.read is None or level is None or level is BARRED:
        return False
    return case.rulebase.findings[node.read[0]].changeable


def _lies_in(rulebase: RuleBase, node: Node, cell: Cell, level: Any) -> bool:
    assert node.read is not None
    definition = rulebase.findings[node.read[0]]
    if not definition.ordered:
        return level in cell.values
    assert cell.lowest is not None and cell.highest is not None
    return bool(definition.level(cell.lowest) <= level <= definition.level(cell.highest))


def _levels(plan: Plan, offered: Mapping[Node, tuple[Cell, ...]]) -> list[list[Any]]:
    """For each input, in the order of the plan, the levels it may change to."""
    return [[cell.level for cell in offered.get(node, ())] for node in plan.inputs]


# -- search ------------------------------------------------------------------------------------


@dataclass
class Search:
    """Looks through all sets of up to three changes, but once through all that come to the same.

    A set that leads where one of its subsets leads as well is left out at once: no minimal set
    begins with it.
    """

    plan: Plan
    now: Mapping[Node, Any]
    others: list[list[Any]]
    class_now: str
    wanted: str | None
    _ends: dict[tuple[int, State], str] = field(default_factory=dict)
    _last: dict[tuple[int, State], list[tuple[Changed, str]]] = field(default_factory=dict)

    def minimal(self) -> Found:
        """The minimal sets with the class each gives."""
        alone = dict(self._changes(0, ()))
        singles: Found = {
            (change,): name
            for change, state in alone.items()
            if self._right(name := self._end(change[0] + 1, state))
        }
        firsts = {change: state for change, state in alone.items() if (change,) not in singles}
        pairs: Found = {
            (first, last): name
            for first, state in firsts.items()
            for last, name in self._finishing(first[0] + 1, state)
            if (last,) not in singles
        }
        return singles | pairs | self._threes(firsts, singles, pairs)

    def _threes(self, firsts: Mapping[Changed, State], singles: Found, pairs: Found) -> Found:
        found: Found = {}
        for first, state in firsts.items():
            for second, both in self._changes(first[0] + 1, state):
                if (second,) in singles or (first, second) in pairs or both == self._alone(second):
                    continue
                for last, name in self._finishing(second[0] + 1, both):
                    if (last,) not in singles and (first, last) not in pairs and (second, last) not in pairs:
                        found[first, second, last] = name
        return found

    def _alone(self, change: Changed) -> State:
        """Where a change leads by itself."""
        at, number = change
        return self.plan.steps[at].next(self._unchanged[at], self.others[at][number])

    @cached_property
    def _unchanged(self) -> list[State]:
        """What is remembered before each input while nothing changes."""
        states: list[State] = [()]
        for step in self.plan.steps:
            states.append(step.next(states[-1], self.now[step.input]))
        return states

    def _changes(self, place: int, state: State) -> Iterator[tuple[Changed, State]]:
        """Each single change from here on that makes a difference, and where it leads."""
        for at in range(place, len(self.others)):
            step = self.plan.steps[at]
            unchanged = step.next(state, self.now[step.input])
            for number, level in enumerate(self.others[at]):
                changed = step.next(state, level)
                if changed != unchanged:
                    yield (at, number), changed
            state = unchanged

    def _finishing(self, place: int, state: State) -> list[tuple[Changed, str]]:
        """The single changes from here on that give the class that is wanted."""
        known = self._last.get((place, state))
        if known is None:
            known = self._last[place, state] = list(self._look_for_last(place, state))
        return known

    def _look_for_last(self, place: int, state: State) -> Iterator[tuple[Changed, str]]:
        if place == len(self.others):
            return
        step = self.plan.steps[place]
        unchanged = step.next(state, self.now[step.input])
        for number, level in enumerate(self.others[place]):
            changed = step.next(state, level)
            if changed != unchanged and self._right(name := self._end(place + 1, changed)):
                yield (place, number), name
        yield from self._finishing(place + 1, unchanged)

    def _end(self, place: int, state: State) -> str:
        """The class if nothing more changes."""
        known = self._ends.get((place, state))
        if known is None:
            if place == len(self.others):
                known = state[0][0]
            else:
                step = self.plan.steps[place]
                known = self._end(place + 1, step.next(state, self.now[step.input]))
            self._ends[place, state] = known
        return known

    def _right(self, name: str) -> bool:
        return name != self.class_now if self.wanted is None else name == self.wanted


# -- what is shown -----------------------------------------------------------------------------

Group = tuple[tuple[int, ...], list[tuple[tuple[Changed, ...], str]]]


def _grouped(case: Case, plan: Plan, side: Side, found: Found) -> list[Group]:
    """The sets by the findings they change: fewest first, then least burden, then by id."""
    groups: dict[tuple[int, ...], list[tuple[tuple[Changed, ...], str]]] = defaultdict(list)
    for changes, name in found.items():
        groups[tuple([at for at, _ in changes])].append((changes, name))
    burden = [_burden(case, node) for node in plan.inputs]
    ids = [_by_id(_key(case, node, side)) if node.read else ("", "") for node in plan.inputs]
    rank: Callable[[Group], Any] = lambda group: (  # noqa: E731
        len(group[0]), sum(burden[at] for at in group[0]), sorted(ids[at] for at in group[0])
    )  # fmt: skip
    return sorted(groups.items(), key=rank)


def _group(
    case: Case, plan: Plan, side: Side, offered: Mapping[Node, tuple[Cell, ...]], found: Group
) -> ChangeGroup:
    places, sets = found
    nodes = [plan.inputs[at] for at in places]
    options = [
        ChangeOption(
            tuple(_change(case, plan.inputs[at], side, offered, number) for at, number in changes), name
        )
        for changes, name in sets
    ]
    return ChangeGroup(
        findings=tuple(_key(case, node, side) for node in nodes),
        burden_seconds=sum(_burden(case, node) for node in nodes),
        options=tuple(options),
    )


def _change(
    case: Case, node: Node, side: Side, offered: Mapping[Node, tuple[Cell, ...]], number: int
) -> Change:
    key = _key(case, node, side)
    seen = case.seen(key)
    assert seen is not None
    return Change(
        key, seen.value, cell_shown(case.rulebase, case.rulebase.findings[key[0]], offered[node][number])
    )


def _burden(case: Case, node: Node) -> int:
    return (case.rulebase.findings[node.read[0]].burden_seconds or 0) if node.read else 0


def _key(case: Case, node: Node, side: Side) -> Key:
    assert node.read is not None
    return key_of(case.rulebase, node.read, side)


def _by_id(key: Key) -> tuple[str, str]:
    return key[0], key[1] or ""
