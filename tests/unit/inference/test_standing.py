"""Points, classes and ranks as the clinical specification (0.4 to 0.8) has them, computed here once more."""

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from service.domain.assessment import Standing
from service.domain.rulebase import RuleBase
from service.inference.infer import Inference
from service.inference.standing import Standings

CLASSES = (
    "supported", "conflicting", "possible", "suggested", "indeterminate", "insufficient_data",
    "argued_against",
)  # fmt: skip
CERTAINTY = {
    "knee_extensor_deficit": 0, "core_breathing_dysfunction": 2, "hip_instability": 1, "foot_instability": 1,
    "movement_coordination_deficit": 1, "training_load_error": 1, "ankle_dorsiflexion_restriction": 1,
    "patellofemoral_mobility_impairment": 1, "high_body_mass": 1,
}  # fmt: skip
"""0 moderate, 1 low, 2 very low; high_body_mass ranks as low."""


@pytest.fixture(scope="module")
def standings(inference: Inference) -> Standings:
    return inference.standings


def expected_class(support: int, against: int, clusters: int, assessed: int, of: int) -> str:
    net = support - against
    half, three_quarters = 2 * assessed >= of, 4 * assessed >= 3 * of
    if support >= 2 and against >= 2 and abs(net) <= 1:
        return "conflicting"
    if net >= 4 and clusters >= 2 and half:
        return "supported"
    if net >= 2:
        return "possible"
    if net == 1 and against == 0 and not half:
        return "suggested"
    if not half or (net <= -2 and not three_quarters):
        return "insufficient_data"
    return "argued_against" if net <= -2 else "indeterminate"


def test_every_class_is_the_one_of_the_specification(standings: Standings) -> None:
    coverages = [(assessed, of) for of in range(1, 9) for assessed in range(of + 1)]
    seen = set()
    for support, against, clusters, coverage in product(range(10), range(10), range(4), coverages):
        found = standings.class_of(support, against, clusters, coverage)
        assert found == expected_class(support, against, clusters, *coverage)
        seen.add(found)
    assert seen == set(CLASSES)


@pytest.mark.parametrize(
    ("support", "against", "clusters", "coverage", "name"),
    [
        (2, 2, 1, (1, 1), "conflicting"),
        (2, 1, 1, (1, 1), "indeterminate"),
        (4, 0, 2, (3, 6), "supported"),
        (4, 0, 1, (6, 6), "possible"),
        (4, 0, 2, (2, 5), "possible"),
        (3, 0, 3, (6, 6), "possible"),
        (1, 0, 1, (2, 5), "suggested"),
        (1, 0, 1, (3, 6), "indeterminate"),
        (2, 1, 2, (1, 6), "insufficient_data"),
        (0, 2, 0, (4, 6), "insufficient_data"),
        (0, 2, 0, (3, 4), "argued_against"),
        (0, 1, 0, (6, 6), "indeterminate"),
        (0, 0, 0, (0, 6), "insufficient_data"),
    ],
)
def test_the_class_at_each_limit(
    standings: Standings, support: int, against: int, clusters: int, coverage: tuple[int, int], name: str
) -> None:
    assert standings.class_of(support, against, clusters, coverage) == name


# -- points --------------------------------------------------------------------------------------


def _fired_at_random(rulebase: RuleBase, draw: Random) -> list[str]:
    share = draw.choice((0.1, 0.3, 0.6, 1.0))
    return ["fires" if draw.random() < share else draw.choice(("silent", "undetermined", "suppressed"))
            for _ in rulebase.rules]  # fmt: skip


def test_in_each_cluster_and_direction_only_the_strongest_fired_rule_counts(
    rulebase: RuleBase, standings: Standings
) -> None:
    draw = Random(20261120)
    for _ in range(200):
        outcomes = _fired_at_random(rulebase, draw)
        for contributor in rulebase.contributors.values():
            points: dict[tuple[bool, str], list[int]] = {}
            codes: dict[bool, list[str]] = {True: [], False: []}
            for rule, outcome in zip(rulebase.rules, outcomes, strict=True):
                for score in rule.scores:
                    if outcome == "fires" and score.target == contributor.id:
                        strength = {"weak": 1, "moderate": 2, "strong": 3}[score.strength]
                        points.setdefault((score.supports, score.cluster), []).append(strength)
                        codes[score.supports].append(rule.code)
            found = standings.standing(contributor, outcomes, (1, 1))
            assert found.support == sum(max(p) for (supports, _), p in points.items() if supports)
            assert found.against == sum(max(p) for (supports, _), p in points.items() if not supports)
            assert found.net == found.support - found.against
            assert found.supporting_clusters == sum(supports for supports, _ in points)
            assert sorted(found.supporting_rules) == sorted(codes[True])
            assert sorted(found.opposing_rules) == sorted(codes[False])
            assert sum(score.points for _, score in found.counted) == found.support + found.against


def test_one_observation_of_one_arch_counts_once(rulebase: RuleBase, standings: Standings) -> None:
    fires = {"F21", "F04", "F05", "F18"}  # posture index, navicular drop, arch height, flat foot seen
    outcomes = ["fires" if rule.code in fires else "silent" for rule in rulebase.rules]
    standing = standings.standing(rulebase.contributors["foot_instability"], outcomes, (5, 5))
    assert set(standing.supporting_rules) == fires
    assert (standing.support, standing.supporting_clusters) == (2, 1)


# -- ranks ---------------------------------------------------------------------------------------


def _standing(id_: str, name: str, net: int, clusters: int, assessed: int = 1) -> Standing:
    return Standing(id_, name, max(net, 0), max(-net, 0), clusters, assessed, 2)


def _merit(standing: Standing) -> tuple[int, int, int, int]:
    return (
        CLASSES.index(standing.name), CERTAINTY[standing.id], -standing.net, -standing.supporting_clusters,
    )  # fmt: skip


def _drawn(draw: Random) -> Iterator[Standing]:
    few = draw.sample(CLASSES, 2)
    for id_ in CERTAINTY:
        yield _standing(id_, draw.choice(few), draw.randint(-1, 1), draw.randint(0, 1))


def test_rank_goes_by_class_then_certainty_then_net_then_clusters_then_name(standings: Standings) -> None:
    draw = Random(20261120)
    ties = 0
    for _ in range(500):
        drawn = list(_drawn(draw))
        draw.shuffle(drawn)
        ranked = standings.ranked(drawn)
        assert [s.id for s in ranked] == [s.id for s in sorted(drawn, key=lambda s: (*_merit(s), s.id))]
        for standing in ranked:
            better = sum(_merit(other) < _merit(standing) for other in drawn)
            assert standing.rank == better + 1
        ties += len({s.rank for s in ranked}) < len(ranked)
    assert ties > 100


def test_equal_contributors_share_a_rank_and_the_next_one_counts_them_all(standings: Standings) -> None:
    drawn = [
        _standing("training_load_error", "possible", 2, 1),
        _standing("foot_instability", "possible", 2, 1),
        _standing("core_breathing_dysfunction", "possible", 3, 2),
        _standing("knee_extensor_deficit", "possible", 2, 1),
    ]
    assert [(s.id, s.rank) for s in standings.ranked(drawn)] == [
        ("knee_extensor_deficit", 1),
        ("foot_instability", 2),
        ("training_load_error", 2),
        ("core_breathing_dysfunction", 4),
    ]


def test_without_anything_assessed_there_is_no_rank(standings: Standings) -> None:
    drawn = [_standing(id_, "insufficient_data", 0, 0, assessed=0) for id_ in CERTAINTY]
    assert {standing.rank for standing in standings.ranked(drawn)} == {None}
    one = [*drawn[1:], _standing(drawn[0].id, "insufficient_data", 0, 0, assessed=1)]
    assert None not in {standing.rank for standing in standings.ranked(one)}


def test_the_certainty_of_each_contributor_is_the_one_of_the_specification(rulebase: RuleBase) -> None:
    order = rulebase.link_certainty_order
    assert {c.id: order.index(c.link_certainty.grade) for c in rulebase.ranked_contributors} == CERTAINTY
