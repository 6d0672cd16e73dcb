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
from service.verify.cases import as_a_case_states_it, in_one_order

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
    assert as_a_case_states_it(response.json, case["expect"]) == in_one_order(case["expect"])


def test_the_case_on_the_command_line(
    kneechain: Callable[..., str], exam_file: Callable[[Body], Path], case: Body
) -> None:
    answer = json.loads(kneechain("assess", exam_file(case["given"]), "--json"))
    assert as_a_case_states_it(answer, case["expect"]) == in_one_order(case["expect"])


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
