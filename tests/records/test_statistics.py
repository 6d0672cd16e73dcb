"""Statistics count what was recorded, and let no small group be seen."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import combinations
from random import Random
from typing import Any

import pytest

from schemas.statistics import HIDDEN, write_statistics
from service.audit.entry import Actor, Entry, instant, new_id
from service.audit.erasure import erase
from service.audit.reading import token_of
from service.audit.store import Store
from service.domain.statistics import FEWEST, NOT_COVERED, SAYS, Part, Statistics
from service.records.statistics import statistics, wilson
from service.records.suppression import Cell, part, parts, shown
from tests.audit.conftest import NOW, SOMEONE, TENANT
from tests.records.entries import assessment, review

H01, M01 = "fires:H01@1", "undetermined:M01@1"


def many(number: int, *words: str, first: int = 0, **more: Any) -> list[Entry]:
    """As many assessments, each of another person."""
    return [assessment(f"person {first + n}", *words, **more) for n in range(number)]


def shares(counted: Statistics, table: str) -> dict[str, tuple[int | None, float | None]]:
    return {named.name: (named.part.count, named.part.share) for named in getattr(counted, table)}


# -- counting --------------------------------------------------------------------------------------


def test_an_empty_log_tells_nothing(store: Store) -> None:
    counted = statistics(store, TENANT)
    assert (counted.assessments, counted.refusals, counted.previews, counted.disagreements) == (None,) * 4
    assert counted.rules == counted.flags == counted.missing == counted.classes == counted.rule_bases == ()
    assert all(named.part.suppressed for named in counted.outcomes)


def test_four_are_never_shown_and_five_are(store: Store) -> None:
    """Promised as a number, and so held as a number."""
    store.writer.record(*many(4, H01))
    assert statistics(store, TENANT).assessments is None
    store.writer.record(*many(1, H01, first=10))
    counted = statistics(store, TENANT)
    assert counted.assessments == 5
    assert [rule.fired.count for rule in counted.rules] == [5]


def test_assessments_are_counted_by_outcome_rule_finding_class_and_rule_base(store: Store) -> None:
    clear = many(12, "outcome:clear", H01, M01, "missing:sls_quality", "class:foot=possible")
    held = many(8, "outcome:hold", "flag:Z03", "undetermined:H01@1", first=20)
    store.writer.record(*clear, *held)
    counted = statistics(store, TENANT)
    assert counted.assessments == 20
    assert shares(counted, "outcomes") == {
        "clear": (12, 0.6), "refer": (None, None), "incomplete": (None, None), "hold": (8, 0.4),
    }  # fmt: skip
    assert {
        (rule.code, rule.version): (rule.fired.count, rule.undetermined.count) for rule in counted.rules
    } == {
        ("H01", 1): (12, 8),
        ("M01", 1): (None, 12),
    }
    assert shares(counted, "missing") == {"sls_quality": (12, 0.6)}
    ((flag),) = counted.flags
    assert (flag.code, flag.open.count, flag.held.count, flag.cleared.count) == ("Z03", 8, 8, None)
    ((of),) = counted.classes
    assert of.id == "foot" and [(c.name, c.part.count) for c in of.classes] == [("possible", 12)]
    ((base),) = counted.rule_bases
    assert (base.digest, base.version, base.given.count) == ("sha256:" + "a" * 64, "0.1.0", 20)


def test_versions_of_a_rule_and_rule_bases_are_told_apart(store: Store) -> None:
    other = ("rules:sha256:" + "b" * 64, "version:0.2.0")
    store.writer.record(*many(6, H01), *many(9, "fires:H01@2", first=10, base=other))
    counted = statistics(store, TENANT)
    assert [(rule.version, rule.fired.count) for rule in counted.rules] == [(1, 6), (2, 9)]
    assert [(base.version, base.given.count) for base in counted.rule_bases] == [("0.1.0", 6), ("0.2.0", 9)]


def test_refusals_disagreements_and_previews_are_counted(store: Store) -> None:
    for number in range(6):
        person = f"person {number}"
        refusal, disagreement = assessment(person, base=()), assessment(person, "disagrees:H01", base=())
        store.writer.record(
            as_kind(refusal, "refusal"), as_kind(disagreement, "disagreement"),
            Entry(TENANT, "access", "preview", new_id(), instant(NOW), SOMEONE),
            Entry(TENANT, "access", "read", new_id(), instant(NOW), SOMEONE),
        )  # fmt: skip
    counted = statistics(store, TENANT)
    assert (counted.refusals, counted.disagreements, counted.previews) == (6, 6, 6)
    assert shares(counted, "disagreeing_rules") == {"H01": (6, 1.0)}
    assert counted.assessments is None


def test_corrections_are_counted(store: Store) -> None:
    first = many(8, H01)
    store.writer.record(*first)
    store.writer.record(*(replace(one, id=new_id(), about=one.id) for one in first[:6]))
    counted = statistics(store, TENANT)
    assert (counted.assessments, counted.corrections) == (14, Part(6, 6 / 14))


def as_kind(entry: Entry, kind: str) -> Entry:
    return replace(entry, kind=kind)


def test_a_span_takes_whole_days_and_reviews_with_their_assessments(store: Store) -> None:
    before = many(5, H01, at="2026-11-26T23:59:59Z")
    within = many(7, H01, at="2026-11-27T00:00:00Z", first=5)
    after = many(9, H01, at="2026-11-28T00:00:00Z", first=12)
    store.writer.record(*before, *within, *after)
    store.writer.record(*(review(one, "decision:accept", at="2027-03-01T00:00:00Z") for one in within))
    one_day = statistics(store, TENANT, date(2026, 11, 27), date(2026, 11, 28))
    assert (one_day.assessments, one_day.reviews.reviewed.count) == (7, 7)
    assert statistics(store, TENANT, since=date(2026, 11, 27)).assessments == 16
    assert statistics(store, TENANT, until=date(2026, 11, 28)).assessments == 12


def test_other_tenants_are_not_counted(store: Store) -> None:
    store.writer.record(*many(6, H01))
    assert statistics(store, "other").assessments is None


def test_who_was_erased_is_still_counted(store: Store) -> None:
    store.writer.record(*many(6, H01))
    before = statistics(store, TENANT)
    token = token_of(store, TENANT, "person 3")
    assert token is not None
    erase(store, TENANT, token, Actor("local", "administrator"), NOW, "request")
    assert statistics(store, TENANT) == before


# -- reviews and overrides -------------------------------------------------------------------------


def test_overrides_are_the_reviews_that_dispute_a_rule_which_fired(store: Store) -> None:
    given = [*many(30, H01, "fires:H02@1"), *many(10, "fires:H02@1", first=30)]
    store.writer.record(*given)
    store.writer.record(
        *(review(one, "decision:accept") for one in given[:8]),
        *(review(one, "decision:modify", "disputes:rule=H01@1") for one in given[8:20]),
        *(review(one, "decision:reject") for one in given[30:36]),
    )
    counted = statistics(store, TENANT)
    assert counted.reviews.reviewed == Part(26, 26 / 40)
    decisions = {named.name: named.part.count for named in counted.reviews.decisions}
    assert decisions == {"accept": 8, "modify": 12, "reject": 6}
    first, second = (rule.overrides for rule in counted.rules)
    assert (first.reviewed, first.disputed) == (20, Part(12, 0.6))
    assert first.interval == pytest.approx((0.3866, 0.7812), abs=1e-4)
    assert (second.reviewed, second.disputed, second.interval) == (26, Part(None, None), None)


def test_of_several_reviews_the_latest_with_a_decision_counts(store: Store) -> None:
    given = many(10, H01)
    store.writer.record(*given)
    disputing = ("decision:reject", "disputes:rule=H01@1")
    store.writer.record(*(review(one, *disputing) for one in given))
    store.writer.record(*(review(one, "decision:accept") for one in given[:5]))
    store.writer.record(*(review(one, "outcome:nprs") for one in given))
    counted = statistics(store, TENANT)
    decisions = {named.name: named.part.count for named in counted.reviews.decisions}
    assert decisions == {"accept": 5, "modify": None, "reject": 5}
    assert counted.rules[0].overrides.disputed == Part(5, 0.5)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0),
     (81, 263, 0.2553, 0.3662)],
)  # fmt: skip
def test_the_interval_is_that_of_wilson(count: int, of: int, low: float, high: float) -> None:
    """The last from Newcombe 1998, Stat Med 17:857-872, table I; the others worked out by hand."""
    assert wilson(count, of) == pytest.approx((low, high), abs=5e-5)


# -- small groups ----------------------------------------------------------------------------------


def filled(count: int, persons: int | None = None) -> Cell:
    cell = Cell()
    for number in range(count):
        cell.add(str(number % (persons or count)))
    return cell


@pytest.mark.parametrize(
    ("cell", "within", "says"),
    [
        (filled(4), (), None), (filled(0), (), None), (filled(5), (), 5), (filled(50, 4), (), None),
        (filled(50, 5), (), 50), (filled(46), (filled(50),), None), (filled(45), (filled(50),), 45),
        (filled(50), (filled(50),), 50), (filled(45), (filled(50), filled(47)), None),
    ],
)  # fmt: skip
def test_a_count_is_shown_only_where_it_and_what_it_leaves_over_are_large(
    cell: Cell, within: tuple[Cell, ...], says: int | None
) -> None:
    assert shown(cell, *within) == says


def test_a_share_of_what_is_suppressed_is_suppressed() -> None:
    assert part(filled(5), filled(5, 4)) == Part(None, None)
    assert part(filled(5), filled(20)) == Part(5, 0.25)


@pytest.mark.parametrize(
    ("counts", "left"),
    [
        ({"a": 3, "b": 47}, {}),
        ({"a": 3, "b": 7, "c": 40}, {"c": 40}),
        ({"a": 0, "b": 3, "c": 47}, {}),
        ({"a": 0, "b": 10, "c": 40}, {"b": 10, "c": 40}),
        ({"a": 2, "b": 2, "c": 46}, {}),
        ({"a": 3, "b": 3, "c": 44}, {"c": 44}),
        ({"a": 50}, {"a": 50}),
    ],
)
def test_what_is_suppressed_of_a_whole_cannot_be_found_by_subtraction(
    counts: dict[str, int], left: dict[str, int]
) -> None:
    first = 0
    cells: dict[str, Cell] = {}
    whole = Cell()
    for name, count in counts.items():
        cells[name] = Cell()
        for number in range(first, first + count):
            cells[name].add(str(number))
            whole.add(str(number))
        first += count
    found = parts(cells, whole)
    assert {name: one.count for name, one in found.items() if not one.suppressed} == left


def test_one_person_with_many_assessments_is_a_small_group(store: Store) -> None:
    store.writer.record(*many(20, H01), *(assessment("person 3", "fires:F01@1") for _ in range(9)))
    counted = statistics(store, TENANT)
    assert counted.assessments == 29 and [rule.code for rule in counted.rules] == ["H01"]


def test_who_has_no_class_is_not_found_by_subtraction(store: Store) -> None:
    """Fifty assessments, two of them held: shown classes that add up to 48 would tell of two."""
    store.writer.record(
        *many(24, "outcome:clear", "class:foot=possible"),
        *many(24, "outcome:clear", "class:foot=supported", first=24), *many(2, "outcome:hold", first=48),
    )  # fmt: skip
    ((of),) = statistics(store, TENANT).classes
    assert sorted(str(named.part.count) for named in of.classes) == ["24", "None"]


def test_a_flag_that_did_not_hold_a_few_is_not_told_by_its_holds(store: Store) -> None:
    store.writer.record(
        *many(20, "outcome:hold", "flag:Z03"), *many(3, "outcome:refer", "flag:Z03", first=20),
        *many(30, "outcome:clear", first=23),
    )  # fmt: skip
    ((flag),) = statistics(store, TENANT).flags
    assert (flag.open.count, flag.held.count) == (23, None)


def test_a_few_that_were_not_reviewed_are_not_told_by_the_overrides(store: Store) -> None:
    given = [*many(12, H01), *many(30, first=12)]
    store.writer.record(*given)
    store.writer.record(*(review(one, "decision:accept") for one in given[2:20]))
    assert statistics(store, TENANT).rules[0].overrides.reviewed is None


def test_a_few_in_whom_a_rule_did_not_fire_are_not_told_by_its_overrides(store: Store) -> None:
    given = [*many(20, H01, "undetermined:H01@1"), *many(27, H01, first=20), *many(3, first=47)]
    store.writer.record(*given)
    store.writer.record(*(review(one, "decision:accept") for one in given[:47]))
    ((rule),) = statistics(store, TENANT).rules
    assert (rule.fired.count, rule.undetermined.count, rule.overrides.reviewed) == (None, 20, None)


def test_a_few_that_were_not_reviewed_are_not_told_by_the_decisions(store: Store) -> None:
    given = many(98, H01)
    store.writer.record(*given)
    store.writer.record(*(review(one, "decision:accept") for one in given[:50]))
    store.writer.record(*(review(one, "decision:modify") for one in given[50:96]))
    counted = statistics(store, TENANT)
    assert counted.assessments == 98 and counted.reviews.reviewed.suppressed
    assert all(named.part.suppressed for named in counted.reviews.decisions)


def test_a_few_of_whom_a_rule_or_flag_says_nothing_are_not_told_by_what_it_says_of_others(
    store: Store,
) -> None:
    store.writer.record(
        *many(50, H01, "flag:Z03", "outcome:hold"), *many(47, "undetermined:H01@1", "cleared:Z03", first=50),
        *many(1, first=97),
    )  # fmt: skip
    counted = statistics(store, TENANT)
    ((rule),), ((flag),) = counted.rules, counted.flags
    assert (rule.fired.count, rule.undetermined.count) == (50, None)
    assert (flag.open.count, flag.held.count, flag.cleared.count) == (50, 50, None)


def test_a_few_without_a_class_are_not_told_where_two_knees_differ(store: Store) -> None:
    """Thirty have another class on the other side: the classes are more than the assessments."""
    store.writer.record(
        *many(18, "class:foot=possible"), *many(30, "class:foot=possible", "class:foot=supported", first=18),
        *many(2, first=48),
    )  # fmt: skip
    ((of),) = statistics(store, TENANT).classes
    assert {named.name: named.part.count for named in of.classes}["possible"] is None


RATES = (0.02, 0.1, 0.5, 0.9, 0.98)
DECISIONS = ("accept", "modify", "reject")


class Drawn:
    """A log of one-kneed persons, drawn: each rule fires, is open or silent as often as was drawn for it."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.weights: dict[str, list[float]] = {}

    def one(self, what: str, *names: str | None) -> str | None:
        """One of the names, each time by the same weights."""
        weights = self.weights.setdefault(what, [self.random.choice(RATES) for _ in names])
        return self.random.choices(names, weights)[0]

    def entries(self) -> list[Entry]:
        given = [self.assessment(number) for number in range(self.random.randint(3, 120))]
        return [*given, *filter(None, map(self.review, given))]

    def assessment(self, number: int) -> Entry:
        outcome = self.random.choices(("clear", "refer", "incomplete", "hold"), (30, 2, 10, 3))[0]
        said = [self.one(f"H{n:02}", f"fires:H{n:02}@1", f"undetermined:H{n:02}@1", None) for n in range(8)]
        said += [self.one(f"Z{n:02}", f"flag:Z{n:02}", f"cleared:Z{n:02}", None) for n in range(4)]
        if outcome != "hold":
            said.append(self.one("foot", "class:foot=possible", "class:foot=supported", "class:foot=stated"))
        return assessment(f"person {number}", f"outcome:{outcome}", *filter(None, said))

    def review(self, of: Entry) -> Entry | None:
        decision = self.one("decision", *DECISIONS, None)
        if decision is None:
            return None
        fired = (word.removeprefix("fires:") for word in of.words if word.startswith("fires:"))
        disputes = [
            f"disputes:rule={rule}" for rule in fired if decision != "accept" and self.random.random() < 0.5
        ]
        return review(of, f"decision:{decision}", *disputes)


def apart(counted: Statistics) -> Iterator[tuple[int | None, list[int | None]]]:
    """Wholes, and what is known of them that no assessment of one knee has together."""
    whole, reviews = counted.assessments, counted.reviews
    for table in (counted.outcomes, *(of.classes for of in counted.classes)):
        yield whole, [named.part.count for named in table]
    decisions = [named.part.count for named in reviews.decisions]
    yield whole, decisions
    yield reviews.reviewed.count, decisions
    holds = {named.name: named.part.count for named in counted.outcomes}["hold"]
    for flag in counted.flags:
        yield whole, [flag.open.count, flag.cleared.count]
        yield whole, [flag.held.count, flag.cleared.count]
        yield from ((larger, [flag.held.count]) for larger in (flag.open.count, holds))
    for rule in counted.rules:
        of = rule.overrides
        yield whole, [rule.fired.count, rule.undetermined.count]
        yield whole, [of.reviewed, rule.undetermined.count]
        yield whole, [of.disputed.count, rule.undetermined.count]
        yield from ((larger, [of.reviewed]) for larger in (rule.fired.count, reviews.reviewed.count))
        yield of.reviewed, [of.disputed.count]
    yield whole, [reviews.reviewed.count]


def derivable(counted: Statistics) -> Iterator[int]:
    """What anyone can work out: each count, and what is left over of what it is part of."""
    for whole, several in apart(counted):
        known = [count for count in several if count is not None]
        yield from known
        if whole is not None:
            for size in range(len(known) + 1):
                yield from (whole - sum(some) for some in combinations(known, size))
    for named in counted.reviews.decisions:
        if named.part.count and named.part.share and counted.assessments:  # a share tells of its whole
            yield counted.assessments - round(named.part.count / named.part.share)


@pytest.mark.parametrize("seed", range(24))
def test_nothing_that_can_be_worked_out_is_a_small_group(store: Store, seed: int) -> None:
    store.writer.record(*Drawn(seed).entries())
    counted = statistics(store, TENANT)
    if counted.assessments is not None:
        assert [left for left in derivable(counted) if 0 < left < FEWEST] == []


# -- as JSON ---------------------------------------------------------------------------------------


def numbers(written: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(written, dict):
        for name, value in written.items():
            yield from numbers(value, name)
    elif isinstance(written, list):
        for value in written:
            yield from numbers(value, key)
    else:
        yield key, written


def test_as_json_it_says_what_it_is_and_what_is_suppressed(store: Store) -> None:
    store.writer.record(*many(12, "outcome:clear", H01), *many(3, "outcome:hold", first=20))
    written = write_statistics(statistics(store, TENANT))
    assert written["says"] == SAYS and written["suppression"]["does_not_cover"] == list(NOT_COVERED)
    assert written["outcomes"] == [
        {"outcome": name, "count": HIDDEN} for name in ("clear", "refer", "incomplete", "hold")
    ]
    counts = [value for key, value in numbers(written) if key in ("count", "assessments", "reviewed")]
    assert {value for value in counts if isinstance(value, str)} == {HIDDEN}
    assert all(value >= FEWEST for value in counts if isinstance(value, int))
