"""What became of the mutants that were tried, and whether that is good enough."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from service.verify.mutants.equivalent import equivalent
from service.verify.mutants.mutant import KINDS, Mutant
from service.verify.mutants.trial import Trial

ENOUGH = Fraction(98, 100)
"""So many of the mutants that can be told apart must be noticed."""
SAMPLE = 150


@dataclass(frozen=True, slots=True)
class Tried:
    """One mutant, what noticed it, and if nothing did whether anything could have."""

    id: str
    kind: str
    noticed_by: str | None
    equivalent: bool

    @property
    def survived(self) -> bool:
        return self.noticed_by is None and not self.equivalent


@dataclass(frozen=True, slots=True)
class Report:
    """The mutants tried, of all there are; `explained` are the survivors that stand with a reason."""

    tried: tuple[Tried, ...]
    known: frozenset[str]
    explained: Mapping[str, str]

    @property
    def survivors(self) -> tuple[Tried, ...]:
        return tuple(tried for tried in self.tried if tried.survived)

    @property
    def noticed(self) -> Fraction:
        """The share noticed of those that can be told apart."""
        told_apart = sum(not tried.equivalent for tried in self.tried)
        return 1 - Fraction(len(self.survivors), max(told_apart, 1))

    @property
    def new(self) -> tuple[str, ...]:
        """Survivors that nobody explained."""
        return tuple(tried.id for tried in self.survivors if tried.id not in self.explained)

    @property
    def stale(self) -> tuple[str, ...]:
        """Explanations of what is no mutant any more, or does not survive."""
        gone = {tried.id for tried in self.tried if not tried.survived}
        return tuple(id_ for id_ in self.explained if id_ in gone or id_ not in self.known)

    @property
    def good(self) -> bool:
        return not self.new and not self.stale and self.noticed >= ENOUGH

    def rows(self) -> Iterator[tuple[str, int, int, int, int]]:
        """For each kind: how many were tried, noticed, cannot be told apart, survived."""
        for kind in KINDS:
            of_kind = [tried for tried in self.tried if tried.kind == kind]
            if of_kind:
                counts = (sum(t.noticed_by is not None for t in of_kind), sum(t.equivalent for t in of_kind))
                yield kind, len(of_kind), *counts, sum(t.survived for t in of_kind)


def try_out(trial: Trial, chosen: Iterable[Mutant]) -> Iterator[Tried]:
    for mutant in chosen:
        noticed_by = trial.noticed_by(mutant)
        same = noticed_by is None and equivalent(trial.rulebase, mutant)
        yield Tried(mutant.id, mutant.kind, noticed_by, same)


def sample(every: Sequence[Mutant], seed: int, size: int = SAMPLE) -> list[Mutant]:
    """So many mutants, the same for the same seed, in their order."""
    places = random.Random(seed).sample(range(len(every)), min(size, len(every)))
    return [every[place] for place in sorted(places)]
