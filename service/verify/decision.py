"""A rule as a decision over the truths of its criteria, which can be settled bit by bit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from service.domain.logic import Truth, at_least, exactly
from service.domain.rule import AllOf, AnyOf, AtLeastN, Condition, ExactlyN, NotKnown, Rule
from service.inference.reference import outcome


@dataclass(frozen=True, slots=True)
class Place:
    """Where a criterion stands, by its number in reading order: `when`, then `unless`."""

    number: int


@dataclass(frozen=True, slots=True)
class Counted:
    """True when so many members are, or exactly so many: all and any are such groups too."""

    n: int
    members: "tuple[Part, ...]"
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Denied:
    """True unless the member is known true."""

    member: "Part"


Part = Place | Counted | Denied | Truth


@dataclass(frozen=True, slots=True)
class Decision:
    """What is open of a rule's two conditions. Equal to another if that depends alike on the same places."""

    when: Part
    unless: Part

    @classmethod
    def of(cls, rule: Rule, start: int = 0) -> "Decision":
        """The whole rule, its criteria numbered from `start`."""
        places = count(start)
        return cls(given(_part(rule.when, places), {}), given(_part(rule.unless, places), {}))

    def given(self, known: Mapping[int, Truth]) -> "Decision":
        """What is left open once these places are known."""
        return Decision(given(self.when, known), given(self.unless, known))

    @property
    def settled(self) -> str:
        """The outcome once nothing is open."""
        assert not isinstance(self.when, Open) and not isinstance(self.unless, Open)
        return outcome(self.when, self.unless)

    def outcome(self, truths: Sequence[Truth]) -> str:
        """The outcome under one truth for each criterion."""
        return self.given(dict(enumerate(truths))).settled

    def supposing(self, truths: Sequence[Truth], place: int, truth: Truth) -> str:
        """The outcome were the criterion at this place so, and all others as they are."""
        return self.given({**dict(enumerate(truths)), place: truth}).settled


Open = (Place, Counted, Denied)


def _part(condition: Condition, places: Iterator[int]) -> Part:
    match condition:
        case AllOf(members):
            return Counted(len(members), _parts(members, places))
        case AnyOf(members):
            return Counted(1, _parts(members, places))
        case AtLeastN(n, members) | ExactlyN(n, members):
            return Counted(n, _parts(members, places), isinstance(condition, ExactlyN))
        case NotKnown(member):
            return Denied(_part(member, places))
        case _:
            return Place(next(places))


def _parts(members: Iterable[Condition], places: Iterator[int]) -> tuple[Part, ...]:
    return tuple(_part(member, places) for member in members)


def given(part: Part, known: Mapping[int, Truth]) -> Part:
    """What is left of a part once these places are known."""
    match part:
        case Place(number):
            return known.get(number, part)
        case Denied(member):
            left = given(member, known)
            return Denied(left) if isinstance(left, Open) else left is not True
        case Counted(n, members, exact):
            return _counted(n, [given(member, known) for member in members], exact)
        case _:
            return part


def _counted(n: int, members: list[Part], exact: bool) -> Part:
    """Members that are settled are taken out: one fewer is needed for each that is true."""
    needed = n - members.count(True)
    open_ = tuple(member for member in members if isinstance(member, Open))
    unknown = members.count(None)
    if needed > len(open_) + unknown or needed < 0 or (needed == 0 and not exact):
        return needed <= 0 and not exact
    if not open_:
        return (exactly if exact else at_least)(needed, [None] * unknown)
    if exact:
        return Counted(needed, (*open_, *[None] * unknown), exact)
    return _shortest(needed, open_, unknown)


def _shortest(needed: int, open_: tuple[Part, ...], unknown: int) -> Part:
    """At least so many, with no more unknown members than make a difference: what is alike is so equal."""
    if needed <= len(open_):
        return Counted(needed, (*open_, *[None] * min(unknown, needed)))
    beyond = len(open_) + 1  # it can no longer become true, only false
    unknown = beyond - (needed - unknown)
    return None if unknown >= beyond else Counted(beyond, (*open_, *[None] * unknown))
