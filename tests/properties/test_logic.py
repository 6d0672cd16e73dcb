"""Three values, exhaustively: a group is known exactly when every completion of its unknowns agrees."""

from collections.abc import Callable, Iterable, Iterator
from itertools import product

import pytest

from service.domain.logic import Truth, all_of, any_of, at_least, exactly

MOST_MEMBERS = 4
Group = Callable[[Iterable[Truth]], Truth]
Meaning = Callable[[tuple[bool, ...]], bool]


def counting(group: Callable[[int, Iterable[Truth]], Truth], n: int) -> Group:
    return lambda truths: group(n, truths)


def held(n: int, exact: bool) -> Meaning:
    return lambda members: sum(members) == n if exact else sum(members) >= n


GROUPS: list[tuple[str, Group, Meaning]] = [("all", all_of, all), ("any", any_of, any)]
for limit in range(MOST_MEMBERS + 2):
    GROUPS.append((f"at least {limit}", counting(at_least, limit), held(limit, exact=False)))
    GROUPS.append((f"exactly {limit}", counting(exactly, limit), held(limit, exact=True)))


def every_row() -> Iterator[tuple[Truth, ...]]:
    for members in range(MOST_MEMBERS + 1):
        yield from product((True, False, None), repeat=members)


def completions(row: tuple[Truth, ...]) -> Iterator[tuple[bool, ...]]:
    """Every way the unknown members could turn out."""
    return product(*((True, False) if member is None else (member,) for member in row))


@pytest.mark.parametrize(("group", "meaning"), [g[1:] for g in GROUPS], ids=[g[0] for g in GROUPS])
def test_a_group_is_known_exactly_when_every_completion_agrees(group: Group, meaning: Meaning) -> None:
    for row in every_row():
        answers = {meaning(completed) for completed in completions(row)}
        expected = answers.pop() if len(answers) == 1 else None
        assert group(row) is expected, row


@pytest.mark.parametrize(("group", "meaning"), [g[1:] for g in GROUPS], ids=[g[0] for g in GROUPS])
def test_a_group_may_be_given_its_members_one_by_one(group: Group, meaning: Meaning) -> None:
    for row in every_row():
        assert group(iter(row)) is group(row), row


@pytest.mark.parametrize(("group", "meaning"), [g[1:] for g in GROUPS], ids=[g[0] for g in GROUPS])
def test_learning_an_unknown_never_changes_what_was_known(group: Group, meaning: Meaning) -> None:
    for row in every_row():
        for place, member in enumerate(row):
            if member is None and group(row) is not None:
                for learnt in (True, False):
                    assert group((*row[:place], learnt, *row[place + 1 :])) is group(row), row
