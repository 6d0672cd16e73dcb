"""Conditions in three values: True, False, None for unknown.

A condition is a count: all means every member, any means one, and what is not known may still turn
out either way.
"""

from collections.abc import Callable, Iterator

from service.domain.logic import Truth
from service.domain.rule import AllOf, AnyOf, AtLeastN, Condition, Criterion, ExactlyN, Group, NotKnown

TruthOf = Callable[[Criterion], Truth]
GROUPS = (AllOf, AnyOf, AtLeastN, ExactlyN, NotKnown)


class Conditions:
    """Conditions over criteria whose truth `of` gives, each asked once: the rule base keeps its conditions.

    Strictly, `not_known` keeps the unknown; else it lets it pass.
    """

    def __init__(self, of: TruthOf, strict: bool = False) -> None:
        self._of = of
        self._strict = strict
        self._known: dict[int, Truth] = {}

    def truth(self, condition: Condition) -> Truth:
        if not isinstance(condition, GROUPS):
            return self._of(condition)
        place = id(condition)
        if place not in self._known:
            self._known[place] = self._of_group(condition)
        return self._known[place]

    def _of_group(self, group: Group) -> Truth:
        truths = [self.truth(member) for member in group.members]
        held, unknown = truths.count(True), truths.count(None)
        match group:
            case NotKnown():
                return None if self._strict and unknown else not held
            case ExactlyN(n):
                settled = None if unknown else True
                return settled if held <= n <= held + unknown else False
            case AtLeastN(n):
                needed = n
            case _:
                needed = len(truths) if isinstance(group, AllOf) else 1
        if held >= needed:
            return True
        return None if held + unknown >= needed else False

    # -- what a truth rests on ---------------------------------------------------------------

    def deciding(self, condition: Condition) -> Iterator[Criterion]:
        """The criteria that make a condition what it is."""
        if not isinstance(condition, GROUPS):
            yield condition
            return
        found = self.truth(condition)
        for member in condition.members:
            if isinstance(condition, NotKnown | ExactlyN) or self.truth(member) is found:
                yield from self.deciding(member)

    def left_open(self, condition: Condition) -> Iterator[Criterion]:
        """The unknown criteria that leave a condition unknown."""
        if self.truth(condition) is None:
            yield from (criterion for criterion in self.deciding(condition) if self._of(criterion) is None)
