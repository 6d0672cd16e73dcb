"""Bounds, next tests and counterfactuals equal what going through every exam one by one gives."""

import itertools
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.exam import SIDES, Exam, Key, Value
from service.domain.rulebase import RuleBase
from service.explain.bounds import bounds
from service.explain.completions import completions
from service.explain.counterfactuals import counterfactuals
from service.explain.next_tests import next_tests
from service.inference.cells import Cell, ends, value_at
from service.inference.cells import cells as cells_of
from service.inference.dependencies import Dependencies
from service.inference.usable import what_counts
from tests.generators import ExamGenerator, size
from tests.properties.brute_force import LEFT, NOW, Plainly, any_value
from tests.properties.random_rule_bases import usable_base

MOST_UNKNOWN = 12
MOST_COMPLETIONS = size(150, 2_000)
Change = tuple[Key, int]


@pytest.fixture(scope="module")
def plainly(assessor: Assessor) -> Plainly:
    return Plainly(assessor)


def small_exams(
    plainly: Plainly, seed: int, how_many: int
) -> Iterator[tuple[str, dict[Key, Value], list[Key]]]:
    """A contributor, what is observed of what it reads, and the few findings that are not."""
    random = Random(seed)
    contributors = list(plainly.rulebase.contributors)
    joined = plainly.joined_by_formula
    for number in range(how_many):
        contributor = contributors[number % len(contributors)]
        keys = list(plainly.read_by(contributor))
        known = {key: any_value(plainly.rulebase.findings[key[0]], random) for key in keys}
        random.shuffle(keys)
        unknown: list[Key] = []
        product = 1
        for key in keys:
            product *= len(plainly.cells(key))
            if len(unknown) == MOST_UNKNOWN or product > MOST_COMPLETIONS:
                break
            if key[0] not in joined or not any(other[0] in joined for other in unknown):
                unknown.append(key)
                del known[key]
        yield contributor, known, sorted(unknown, key=str)


# -- what is taken for granted here -----------------------------------------------------------


def test_what_lies_in_one_cell_or_is_not_read_makes_no_difference(plainly: Plainly) -> None:
    random = Random(4)
    keys = [
        (d.id, side)
        for d in plainly.rulebase.findings.values()
        if d.safety is None and d.use != "recorded_only" and d.id != plainly.rulebase.knee_pain
        for side in (SIDES if d.sided else (None,))
    ]
    scored = {key for contributor in plainly.rulebase.contributors for key in plainly.read_by(contributor)}
    alike = [key for key in keys if key in scored and key[0] not in plainly.joined_by_formula]
    moved = 0
    for _ in range(size(40, 2_000)):
        exam = {key: any_value(plainly.rulebase.findings[key[0]], random) for key in keys}
        now = plainly.standings(exam)
        for key in random.sample(keys, 5):
            other = any_value(plainly.rulebase.findings[key[0]], random)
            then = plainly.standings({**exam, key: other})
            changed = {contributor for contributor in now if now[contributor] != then[contributor]}
            assert all(key in plainly.read_by(contributor) for contributor in changed), key
            moved += bool(changed)
        for key in random.sample(alike, 5):
            other = value_in_the_same_cell(plainly, key, exam[key], random)
            assert plainly.standings({**exam, key: other}) == now, (key, exam[key], other)
    assert moved > 10


def value_in_the_same_cell(plainly: Plainly, key: Key, value: Value, random: Random) -> Value:
    """Any other value that the search would have the same stand for, or this one where there is none."""
    definition = plainly.rulebase.findings[key[0]]
    cell = next(cell for cell in plainly.whole_cells(key) if cell.holds(definition, value))
    tried = (any_value(definition, random) for _ in range(30))
    return next((other for other in tried if other != value and cell.holds(definition, other)), value)


# -- bounds ------------------------------------------------------------------------------------


def test_bounds_equal_going_through_every_completion(plainly: Plainly) -> None:
    checked = 0
    for contributor, known, unknown in small_exams(plainly, seed=1, how_many=size(22, 850)):
        if any(key[0] in plainly.joined_by_formula for key in unknown):
            continue  # what a formula joins has cells of its own: below
        values = {key: plainly.cells(key) for key in unknown}
        brute = {found[contributor] for found in plainly.completions(known, values)}
        found = bounds(plainly.assessor.case(plainly.exam(known)), LEFT, contributor)
        assert set(found.unknown) == set(unknown)
        assert set(found.classes) == {name for name, _ in brute}
        assert (found.lowest, found.highest) == (min(net for _, net in brute), max(net for _, net in brute))
        assert found.settled == ({found.class_now} == {name for name, _ in brute})
        checked += 1
    assert checked >= size(10, 500)


def test_bounds_hold_on_any_completion_of_a_large_exam(plainly: Plainly) -> None:
    random = Random(2)
    case = plainly.assessor.case(plainly.exam({}))
    found = {c: bounds(case, LEFT, c) for c in plainly.rulebase.contributors}
    unknown = {key for bound in found.values() for key in bound.unknown}
    assert len(unknown) > 40
    reached: dict[str, set[tuple[str, int]]] = {}
    for _ in range(size(200, 5_000)):
        completed = {
            key: any_value(plainly.rulebase.findings[key[0]], random) for key in sorted(unknown, key=str)
        }
        for contributor, (name, net) in plainly.standings(completed).items():
            bound = found[contributor]
            assert name in bound.classes and bound.lowest <= net <= bound.highest
            reached.setdefault(contributor, set()).add((name, net))
    assert all(len(ends) > 1 for ends in reached.values())


@pytest.mark.parametrize(
    ("known", "unknown", "steps"),
    [
        ({}, [("wblt_cm", "left"), ("wblt_cm", "right")], 10),
        ({("wblt_cm", LEFT): 9, ("wblt_cm", "right"): 11}, [("wblt_deg", "left"), ("wblt_deg", "right")], 20),
        ({("wblt_cm", "right"): 12}, [("wblt_cm", "left")], 1),
    ],
)
def test_numbers_that_a_formula_joins_reach_what_any_of_their_values_reach(
    plainly: Plainly, known: dict[Key, Value], unknown: list[Key], steps: int
) -> None:
    contributor = "ankle_dorsiflexion_restriction"
    rest = {k: plainly.cells(k)[0] for k in plainly.read_by(contributor) if k not in unknown}
    findings = {**rest, **known}
    values = {key: every(plainly, key, steps) for key in unknown}
    brute = {found[contributor] for found in plainly.completions(findings, values)}
    case = plainly.assessor.case(plainly.exam(findings))
    assert set(completions(case, LEFT, contributor).ends) == brute


def every(plainly: Plainly, key: Key, steps: int) -> list[Value]:
    definition = plainly.rulebase.findings[key[0]]
    lowest, highest = ends(definition)
    return [value_at(definition, level) for level in range(lowest, highest + 1, steps)]


# -- next tests --------------------------------------------------------------------------------


def test_the_value_of_each_test_equals_going_through_every_answer_and_completion(plainly: Plainly) -> None:
    random = Random(3)
    every_key = sorted({k for c in plainly.rulebase.contributors for k in plainly.read_by(c)}, key=str)
    plain = [key for key in every_key if key[0] not in plainly.joined_by_formula]
    for _ in range(size(10, 500)):
        unknown = random.sample(plain, random.randint(1, 4))
        known = {
            key: any_value(plainly.rulebase.findings[key[0]], random)
            for key in every_key
            if key not in unknown
        }
        compare_values(plainly, known, unknown)


def compare_values(plainly: Plainly, known: dict[Key, Value], unknown: list[Key]) -> None:
    found = next_tests(plainly.assessor.case(plainly.exam(known)), LEFT)
    values = {key: plainly.cells(key) for key in unknown}
    now = plainly.standings(known)
    asked = {test.key for test in found.tests}
    assert asked | {key for key, _ in found.not_to_ask} == set(unknown)  # one-leg tests may be forbidden
    everything = {
        answers: plainly.standings({**known, **dict(zip(unknown, answers, strict=True))})
        for answers in itertools.product(*values.values())
    }
    classes = reached(everything.values())
    assert found.classes == sum(map(len, classes.values()))
    assert found.stop == all(classes[c] == {now[c][0]} for c in classes)
    worst, leads = {}, {}
    for at, key in enumerate(unknown):
        left, lead = [], []
        for value in values[key]:
            with_it = [s for answers, s in everything.items() if answers[at] == value]
            left.append(sum(map(len, reached(with_it).values())))
            lead.append(open_lead(plainly.rulebase, with_it))
        worst[key] = found.classes - max(left)
        leads[key] = open_lead(plainly.rulebase, [*everything.values()]) - Fraction(sum(lead), len(lead))
    assert {test.key: test.drop for test in found.tests} == {key: worst[key] for key in asked}
    assert {test.key: test.lead_drop_on_average for test in found.tests} == {key: leads[key] for key in asked}
    assert [test.value for test in found.tests] == sorted((test.value for test in found.tests), reverse=True)


def open_lead(rulebase: RuleBase, standings: list[dict[str, tuple[str, int]]]) -> int:
    """How many (class, net) those can have that no other contributor always stands before."""

    def merit(contributor: str, name: str, net: int) -> tuple[int, int, int]:
        certainty = rulebase.contributors[contributor].link_certainty.grade
        return rulebase.class_order.index(name), rulebase.link_certainty_order.index(certainty), -net

    ends = {c.id: {merit(c.id, *each[c.id]) for each in standings} for c in rulebase.ranked_contributors}
    return sum(
        len(found) for found in ends.values() if all(min(found) <= max(other) for other in ends.values())
    )


def test_a_force_that_gives_the_share_of_body_weight_is_worth_what_both_decide(plainly: Plainly) -> None:
    """With body mass known the force fills the share in; until then the share may still be anything."""
    force, share = ("hip_er_hhd_n", LEFT), ("hip_er_hhd_pct_bw", LEFT)
    random = Random(5)
    every_key = sorted({k for c in plainly.rulebase.contributors for k in plainly.read_by(c)}, key=str)
    for mass, other in ((60, 150),):
        known = {key: any_value(plainly.rulebase.findings[key[0]], random) for key in every_key}
        known |= {("body_mass_kg", None): mass, ("hip_er_hhd_n", "right"): other}
        known[("hhd_protocol", None)] = "khayambashi_2016"
        del known[force], known[share]
        found = next_tests(plainly.assessor.case(plainly.exam(known)), LEFT)
        forces = every(plainly, force, 60)
        both = plainly.completions(known, {force: forces, share: plainly.cells(share)})
        assert found.classes == sum(map(len, reached(both).values()))
        after = [reached(answered(plainly, known, force, value, share)) for value in forces]
        drops = {test.key: test.drop for test in found.tests}
        assert drops[force] == found.classes - max(sum(map(len, left.values())) for left in after)


def answered(
    plainly: Plainly, known: dict[Key, Value], force: Key, value: Value, share: Key
) -> Iterator[dict[str, tuple[str, int]]]:
    """What can be once the force is known: the share is computed, unless that would be out of its range."""
    findings = {**known, force: value}
    if what_counts(plainly.rulebase, plainly.exam(findings)).get(share) is not None:
        yield plainly.standings(findings)
    else:
        yield from plainly.completions(findings, {share: plainly.cells(share)})


def reached(standings: Iterable[dict[str, tuple[str, int]]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in standings:
        for contributor, (name, _) in each.items():
            found.setdefault(contributor, set()).add(name)
    return found


# -- counterfactuals ---------------------------------------------------------------------------


def test_counterfactuals_equal_going_through_every_set_of_changes(plainly: Plainly) -> None:
    random = Random(4)
    contributors = list(plainly.rulebase.contributors)
    groups = 0
    for number in range(size(22, 500)):
        contributor = contributors[number % len(contributors)]
        keys = [k for k in plainly.read_by(contributor) if k[0] not in plainly.joined_by_formula]
        chosen = random.sample(keys, min(len(keys), size(7, MOST_UNKNOWN)))
        known = {key: any_value(plainly.rulebase.findings[key[0]], random) for key in chosen}
        now = plainly.standings(known)[contributor][0]
        wanted = random.choice([None, None, *plainly.rulebase.class_order])
        brute = minimal_changes(plainly, contributor, known, now, wanted) if wanted != now else set()
        found = all_pages(plainly, contributor, known, wanted)
        assert found == brute
        groups += len(found)
    assert groups > size(20, 500)


def all_pages(
    plainly: Plainly, contributor: str, known: dict[Key, Value], wanted: str | None
) -> set[tuple[Change, ...]]:
    case = plainly.assessor.case(plainly.exam(known))
    sets = set()
    page = pages = 1
    while page <= pages:
        found = counterfactuals(case, LEFT, contributor, wanted, page)
        pages = found.pages
        for group in found.groups:
            for option in group.options:
                changes = (
                    (c.key, cell_number(plainly, contributor, c.key, c.cell.value)) for c in option.changes
                )
                sets.add(tuple(sorted(changes, key=str)))
        page += 1
    return sets


def own_cells(plainly: Plainly, contributor: str, key: Key) -> tuple[Cell, ...]:
    """The cells of a finding under the tests that decide the contributor."""
    dependencies = Dependencies(plainly.rulebase)
    behind = dependencies.rules_of([("class", contributor)])
    tests = dependencies.tests(behind, (contributor, *dependencies.contributors_of(behind)))
    return cells_of(plainly.rulebase.findings[key[0]], tests[key[0], key[1] == "right"])


def cell_number(plainly: Plainly, contributor: str, key: Key, value: Any) -> int:
    definition = plainly.rulebase.findings[key[0]]
    if definition.type == "number":
        value = Decimal(str(value))
    held = [cell.holds(definition, value) for cell in own_cells(plainly, contributor, key)]
    return held.index(True)


def minimal_changes(
    plainly: Plainly, contributor: str, known: dict[Key, Value], now: str, wanted: str | None
) -> set[tuple[Change, ...]]:
    """Every subset-minimal set of up to three changes, as (finding, cell of the contributor's own tests)."""
    cells = {
        key: [
            (number, cell.value)
            for number, cell in enumerate(own_cells(plainly, contributor, key))
            if not cell.holds(plainly.rulebase.findings[key[0]], known[key])
        ]
        for key in known
        if plainly.rulebase.findings[key[0]].changeable
    }
    solved: set[tuple[Change, ...]] = set()
    for how_many in (1, 2, 3):
        for keys in itertools.combinations(sorted(cells, key=str), how_many):
            for chosen in itertools.product(*(cells[key] for key in keys)):
                changes = tuple((key, number) for key, (number, _) in zip(keys, chosen, strict=True))
                if any(set(smaller) <= set(changes) for smaller in solved):
                    continue
                findings = known | {key: value for key, (_, value) in zip(keys, chosen, strict=True)}
                name = plainly.standings(findings)[contributor][0]
                if name == wanted or (wanted is None and name != now):
                    solved.add(changes)
    return solved


# -- rule bases of every kind ------------------------------------------------------------------


def test_the_circuit_says_what_the_evaluators_say_on_random_rule_bases(tmp_path: Path) -> None:
    """Every word, group and formula of the rule language.

    With nothing completed one end is left, the standing of the exam. And whatever is completed, and
    however, the standing is among the ends.
    """
    judged = 0
    random = Random(6)
    for seed in range(size(6, 100)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        assessor, _ = usable_base(seed, folder, CHECKOUT / "rules" / "wording.yaml")
        for exam in ExamGenerator(assessor.rulebase, NOW, seed=seed).exams(6):
            case = assessor.case(exam)
            for side, view in case.views.items():
                for contributor, standing in view.standings.items():
                    unknown = completions(case, side, contributor).unknown
                    as_it_is = completions(case, side, contributor, dict.fromkeys(unknown))
                    assert as_it_is.ends == [(standing.name, standing.net)], (seed, contributor)
                    judged += 1
                if side == LEFT:
                    check_random_completion(Plainly(assessor), exam, random)
    assert judged > 30


def check_random_completion(plainly: Plainly, exam: Exam, random: Random) -> None:
    """One exam with everything that counts kept, and what is unknown filled in anyhow."""
    counting = what_counts(plainly.rulebase, exam).posted.values()
    known = {(o.finding, o.side): o.value for o in counting if o.value is not None and not o.derived_from}
    case = plainly.assessor.case(plainly.exam(known))
    if LEFT not in case.views:
        return
    found = {c: completions(case, LEFT, c) for c in plainly.rulebase.contributors}
    unknown = sorted({key for each in found.values() for key in each.unknown}, key=str)
    for _ in range(5):
        filled = {key: any_value(plainly.rulebase.findings[key[0]], random) for key in unknown}
        standings = plainly.standings({**known, **filled}, case.screen.states)
        assert all(standings[c] in each.ends for c, each in found.items())
