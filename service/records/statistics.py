"""What the records of a tenant amount to, counted from their words: also those of persons who were erased.

It is association of records and nothing more. An audit of what was said and done proves no rule right, and no
strength is ever changed by it.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from math import sqrt

from service.audit.counting import Counted, Span, counted, how_many
from service.audit.store import Store
from service.domain.statistics import (
    FEWEST,
    ClassCounts,
    FlagCounts,
    Named,
    Overrides,
    ReviewCounts,
    RuleBaseCounts,
    RuleCounts,
    Statistics,
)
from service.records.suppression import HIDDEN, Cell, part, part_beside, parts, shown

OUTCOMES = ("clear", "refer", "incomplete", "hold")
DECISIONS = ("accept", "modify", "reject")
Z = 1.959964
"""The 97.5 % point of the normal distribution."""


@dataclass(slots=True)
class Tally:
    """A cell for each word, and for each pair of words that is asked for."""

    whole: Cell = field(default_factory=Cell)
    cells: defaultdict[str, Cell] = field(default_factory=lambda: defaultdict(Cell))

    def add(self, record: Counted, *together: str) -> None:
        """Counts a record under each of its words, and under what they say together."""
        person = record.subject or record.id
        self.whole.add(person)
        for word in {*record.words, *together}:
            self.cells[word].add(person)

    def cell(self, word: str) -> Cell:
        return self.cells.get(word) or Cell()

    def names(self, *whats: str) -> list[str]:
        """What stands behind any of these in a word, such as the rules behind `fires`."""
        found = (word.partition(":") for word in self.cells)
        return sorted({name for what, _, name in found if what in whats})


def statistics(store: Store, tenant: str, since: date | None = None, until: date | None = None) -> Statistics:
    """The statistics of a tenant; a review counts with its assessment, whenever it came.

    Raises StoreUnavailable.
    """
    chain, span = f"{tenant}/decisions", Span(_first(since), _first(until))
    reviews = {
        review.about: review.words for review in counted(store, chain, "review", Span(span.since))
        if any(word.startswith("decision:") for word in review.words)
    }  # fmt: skip
    given, refused, disagreed = Tally(), Tally(), Tally()
    for record in counted(store, chain, "assessment", span):
        together = _together(record.words, reviews.get(record.id, ()))
        given.add(record, *together, *(["corrects:"] if record.about else ()))
    for kind, tally in (("refusal", refused), ("disagreement", disagreed)):
        for record in counted(store, chain, kind, span):
            tally.add(record)
    previews = how_many(store, f"{tenant}/access", "preview", span)
    return Statistics(
        tenant, since, until,
        assessments=shown(given.whole),
        corrections=part(given.cell("corrects:"), given.whole),
        refusals=shown(refused.whole),
        previews=previews if previews >= FEWEST else None,
        disagreements=shown(disagreed.whole),
        disagreeing_rules=_simple(disagreed, "disagrees"),
        outcomes=_fixed(given, "outcome", OUTCOMES, given.whole),
        rule_bases=tuple(_rule_bases(given)),
        flags=tuple(_flags(given)),
        rules=tuple(_rules(given)),
        missing=_simple(given, "missing"),
        classes=tuple(_classes(given)),
        reviews=_reviews(given),
    )  # fmt: skip


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927, J Am Stat Assoc 22:209–212)."""
    share, square = count / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = Z / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _first(day: date | None) -> str | None:
    return None if day is None else f"{day}T00:00:00Z"


def _together(words: tuple[str, ...], review: tuple[str, ...]) -> Iterator[str]:
    """What the words of an assessment, and of the review that counts, say together."""
    said = defaultdict(list)
    for word in words:
        what, _, name = word.partition(":")
        said[what].append(name)
    yield from (f"base:{digest} {' '.join(said['version'])}" for digest in said["rules"])
    yield from (f"classed:{name.partition('=')[0]}" for name in said["class"])
    if "hold" in said["outcome"]:
        yield from (f"held:{flag}" for flag in said["flag"])
    if review:
        yield "reviewed:any"
        yield from (word for word in review if word.startswith("decision:"))
        yield from (f"reviewed:{rule}" for rule in said["fires"])
        yield from (f"disputed:{rule}" for rule in said["fires"] if f"disputes:rule={rule}" in review)


# -- each table ----------------------------------------------------------------------------------


def _fixed(tally: Tally, what: str, names: tuple[str, ...], whole: Cell) -> tuple[Named, ...]:
    """What adds up to a whole, all of it named."""
    found = parts({name: tally.cell(f"{what}:{name}") for name in names}, whole)
    return tuple(Named(name, found[name]) for name in names)


def _simple(tally: Tally, what: str) -> tuple[Named, ...]:
    """The most frequent first."""
    found = [Named(name, part(tally.cell(f"{what}:{name}"), tally.whole)) for name in tally.names(what)]
    kept = [named for named in found if not named.part.suppressed]
    return tuple(sorted(kept, key=lambda named: (-(named.part.count or 0), named.name)))


def _rule_bases(tally: Tally) -> Iterator[RuleBaseCounts]:
    found = parts({name: tally.cell(f"base:{name}") for name in tally.names("base")}, tally.whole)
    for name, given in found.items():
        digest, _, version = name.partition(" ")
        if not given.suppressed:
            yield RuleBaseCounts(digest, version, given)


def _flags(tally: Tally) -> Iterator[FlagCounts]:
    for code in tally.names("flag", "cleared"):
        cell = tally.cell(f"flag:{code}")
        opened = part(cell, tally.whole)
        held = part(tally.cell(f"held:{code}"), tally.whole, cell, tally.cell("outcome:hold"))
        cleared = part_beside(tally.cell(f"cleared:{code}"), tally.whole, opened)
        counts = FlagCounts(code, opened, held, cleared)
        if not (counts.open.suppressed and counts.held.suppressed and counts.cleared.suppressed):
            yield counts


def _rules(tally: Tally) -> Iterator[RuleCounts]:
    for name in tally.names("fires", "undetermined"):
        code, _, version = name.partition("@")
        cell = tally.cell(f"fires:{name}")
        fired = part(cell, tally.whole)
        undetermined = part_beside(tally.cell(f"undetermined:{name}"), tally.whole, fired)
        counts = RuleCounts(code, int(version), fired, undetermined, _overrides(tally, name, cell))
        if not (counts.fired.suppressed and counts.undetermined.suppressed):
            yield counts


def _overrides(tally: Tally, rule: str, fired: Cell) -> Overrides:
    reviewed, disputed = tally.cell(f"reviewed:{rule}"), tally.cell(f"disputed:{rule}")
    count = shown(reviewed, fired, tally.cell("reviewed:any"), tally.whole)
    if count is None:
        return Overrides(None, HIDDEN, None)
    of = part(disputed, reviewed)
    return Overrides(count, of, None if of.count is None else wilson(of.count, count))


def _reviews(tally: Tally) -> ReviewCounts:
    """The decisions add up to the reviewed: where those are hidden, so are all decisions."""
    cell = tally.cell("reviewed:any")
    reviewed = part(cell, tally.whole)
    if reviewed.suppressed:
        return ReviewCounts(reviewed, tuple(Named(name, HIDDEN) for name in DECISIONS))
    return ReviewCounts(reviewed, _fixed(tally, "decision", DECISIONS, cell))


def _classes(tally: Tally) -> Iterator[ClassCounts]:
    """With those that have no class, which is not shown, the classes of one knee add up to all."""
    names = [name.partition("=") for name in tally.names("class")]
    for id_ in sorted({id_ for id_, _, _ in names}):
        cells = {class_: tally.cell(f"class:{id_}={class_}") for one, _, class_ in names if one == id_}
        none = tally.whole.count - tally.cell(f"classed:{id_}").count
        found = parts(cells | {"": Cell(none, {str(n) for n in range(min(none, FEWEST))})}, tally.whole)
        del found[""]
        if not all(one.suppressed for one in found.values()):
            yield ClassCounts(id_, tuple(Named(class_, one) for class_, one in found.items()))
