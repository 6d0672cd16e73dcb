"""The cases of tests/cases get exactly the answer they state, over HTTP and on the command line."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from ruamel.yaml import YAML

from service.domain.rulebase import RuleBase

Body = dict[str, Any]
FOLDER = Path(__file__).parent.parent / "cases"
CASES = [YAML(typ="safe", pure=True).load(path) for path in sorted(FOLDER.glob("v*.yaml"))]


@pytest.fixture(params=CASES, ids=[case["case"] for case in CASES])
def case(request: pytest.FixtureRequest) -> Body:
    found: Body = request.param
    return found


def test_all_cases_are_here() -> None:
    assert {case["case"] for case in CASES} == {
        "V01", "V02", "V03", "V04", "V06", "V08", "V10", "V11", "V12", "V17", "V18", "V31", "V32", "V33",
    }  # fmt: skip


def test_the_case_over_http(client: FlaskClient, case: Body) -> None:
    response = client.post("/v1/assessments", json=case["given"])
    assert response.status_code == 201, response.text
    assert _as_a_case_states_it(response.json, case["expect"]) == _in_one_order(case["expect"])


def test_the_case_on_the_command_line(
    kneechain: Callable[..., str], exam_file: Callable[[Body], Path], case: Body
) -> None:
    answer = json.loads(kneechain("assess", exam_file(case["given"]), "--json"))
    assert _as_a_case_states_it(answer, case["expect"]) == _in_one_order(case["expect"])


def test_the_ranks_follow_the_order_and_are_given_once_anything_was_examined(
    client: FlaskClient, case: Body
) -> None:
    for knee in client.post("/v1/assessments", json=case["given"]).json["knees"]:
        ranks = [contributor["rank"] for contributor in knee["contributors"]]
        assert ranks == sorted(ranks)
        assert all(rank == place or rank == ranks[place - 2] for place, rank in enumerate(ranks, start=1))


def test_the_tree_says_the_headline_and_each_contributor_in_its_place(
    client: FlaskClient,
    kneechain: Callable[..., str],
    exam_file: Callable[[Body], Path],
    rulebase: RuleBase,
    case: Body,
) -> None:
    answer = client.post("/v1/assessments", json=case["given"]).json
    tree = kneechain("assess", exam_file(case["given"]))
    assert tree.startswith(answer["summary"]["headline"] + "\n")
    said = STANDING.findall(tree)
    mechanisms = {c.label for c in rulebase.contributors.values() if c.beneath}
    assert [line for line in said if line[0] not in mechanisms] == list(
        _standings(rulebase, case["expect"]["knees"])
    )
    assert [line[:2] for line in said if line[0] in mechanisms] == [
        (rulebase.contributors[entry["id"]].label, rulebase.class_words[entry["class"]])
        for knee in case["expect"]["knees"]
        for entry in knee["mechanisms"]
    ]


STANDING = re.compile(r"([a-z][a-z, -]+): ([a-z, ]+) \(for (\d+), against (\d+); (\d+) of (\d+) examined")


def _standings(rulebase: RuleBase, knees: list[Body]) -> Iterator[tuple[str, ...]]:
    """What the tree says of each contributor; of a mechanism a case states less."""
    for knee in knees:
        for entry in knee["contributors"]:
            definition = rulebase.contributors[entry["id"]]
            points = str(entry["support"]), str(entry["against"]), *entry["coverage"].split("/")
            yield definition.label, rulebase.class_words[entry["class"]], *points


# -- an answer, said as a case says it -----------------------------------------------------------


def _as_a_case_states_it(answer: Body, expect: Body) -> Body:
    safety = answer["safety"]
    return {
        "safety": {
            "status": safety["status"],
            "flags": sorted(flag["code"] for flag in safety["flags"]),
            "withheld_reason": safety["withheld_reason"],
        },
        "merged_recommendations": [
            {"code": merged["code"], "sides": merged["sides"]} for merged in answer["merged_recommendations"]
        ],
        **({"notes": sorted({note["rule"] for note in answer["notes"]})} if "notes" in expect else {}),
        "knees": [_knee(knee, stated) for knee, stated in zip(answer["knees"], expect["knees"], strict=True)],
    }


def _knee(knee: Body, stated: Body) -> Body:
    codes = [recommendation["code"] for recommendation in knee["recommendations"]]
    any_order = "recommendations_any_order"
    return {
        "side": knee["side"],
        "alternatives": [alternative["id"] for alternative in knee["alternatives"]],
        "less_specific": {
            c["id"]: c["less_specific"]
            for top in knee["contributors"]
            for c in (top, *top["mechanisms"])
            if c["less_specific"]
        },
        "mechanisms": [
            {"id": m["id"], "class": m["class"], "net": m["net"], "rules": _rules(m)}
            for contributor in knee["contributors"]
            for m in contributor["mechanisms"]
        ],
        "contributors": [_contributor(contributor) for contributor in knee["contributors"]],
        **({any_order: sorted(codes)} if any_order in stated else {"recommendations": codes}),
    }


def _contributor(contributor: Body) -> Body:
    coverage = contributor["coverage"]
    return {
        **{key: contributor[key] for key in ("id", "class", "support", "against", "net")},
        "coverage": f"{coverage['assessed']}/{coverage['of']}",
        "rules": _rules(contributor),
    }


def _in_one_order(expect: Body) -> Body:
    """The order of the rules of one contributor means nothing, nor that of some recommendations."""
    knees = [
        {
            "less_specific": {},
            **knee,
            **{
                k: [{**e, "rules": sorted(e["rules"])} for e in knee[k]]
                for k in ("mechanisms", "contributors")
            },
            **{k: sorted(knee[k]) for k in ("recommendations_any_order",) if k in knee},
        }
        for knee in expect["knees"]
    ]
    return {"merged_recommendations": [], **expect, "knees": knees}


def _rules(item: Body) -> list[str]:
    return sorted(item["supporting_rules"] + item["opposing_rules"] + item["noted_rules"])
