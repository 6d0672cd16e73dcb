"""Each thing that two answers conclude otherwise is named with both conclusions, and nothing else is."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from service.records.other_rules import difference_of_rules
from service.records.replaying import Replayer
from tests.golden.corpus import answer, read_exams, read_rules
from tests.golden.record import FOLDER

Json = dict[str, Any]


@pytest.fixture(scope="module")
def given() -> Json:
    """An answer that has something of everything, in its first knee."""
    replayer = Replayer.of(read_rules(FOLDER))
    answers = (json.loads(answer(entry, replayer)) for entry in read_exams(FOLDER))
    return next(filter(has_all, answers))


def has_all(answer: Json) -> bool:
    knee, safety = answer["knees"][0], answer["safety"]
    parts = (knee["alternatives"], knee["recommendations"], safety["flags"], safety["not_screened"])
    return all(parts) and all(other["scope"] == "in" for other in answer["knees"])


def put(*path: Any, to: Any) -> Callable[[Json], None]:
    def change(answer: Json) -> None:
        *parents, last = path
        node = answer
        for key in parents:
            node = node[key]
        node[last] = to

    return change


def mechanism(answer: Json) -> Json:
    return next(c["mechanisms"][0] for c in answer["knees"][0]["contributors"] if c["mechanisms"])


FIRST = ("knees", 0, "contributors", 0)
CHANGES: dict[str, tuple[Callable[[Json], Any], list[str]]] = {
    "headline": (put("summary", "headline", to="Other words."), ["headline"]),
    "status": (put("safety", "status", to="clear"), ["status"]),
    "referral": (put("safety", "referral_first", to="x"), ["referral_first"]),
    "cleared": (put("safety", "flags", 0, "cleared", to={}), ["flag"]),
    "raised by others": (put("safety", "flags", 0, "rules", to=[]), ["flag"]),
    "no flag": (lambda answer: answer["safety"]["flags"].pop(), ["flag"]),
    "no longer due": (lambda answer: answer["safety"]["not_screened"].pop(), ["not_screened"]),
    "another version": (put("trace", 0, "rule_version", to=99), ["rule"]),
    "not fired": (lambda answer: answer["trace"].pop(), ["rule"]),
    "class": (put(*FIRST, "class", to="x"), ["contributor"]),
    "net": (put(*FIRST, "net", to=99), ["contributor"]),
    "coverage": (put(*FIRST, "coverage", to={"assessed": 0, "of": 99}), ["contributor"]),
    "rank": (put(*FIRST, "rank", to=99), ["contributor"]),
    "mechanism": (lambda answer: mechanism(answer).update(net=99), ["mechanism"]),
    "alternative by others": (put("knees", 0, "alternatives", 0, "rules", to=[]), ["alternative"]),
    "no alternative": (lambda answer: answer["knees"][0]["alternatives"].pop(), ["alternative"]),
    "no option": (lambda answer: answer["knees"][0]["recommendations"].pop(), ["recommendations"]),
    "options": (lambda answer: answer["knees"][0]["recommendations"].reverse(), ["recommendations"]),
    "texts": (put(*FIRST, "label", to="Other words."), []),
    "sentence": (put("trace", 0, "because", to="Other words."), []),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_concluded_otherwise_is_named_both_ways(given: Json, name: str) -> None:
    change, parts = CHANGES[name]
    other = deepcopy(given)
    change(other)
    assert other != given
    there, back = difference_of_rules(given, other)["differs"], difference_of_rules(other, given)["differs"]
    assert [one["part"] for one in there] == parts
    assert all(one["recorded"] != one["other"] for one in there)
    turned = [{**one, "recorded": one["other"], "other": one["recorded"]} for one in back]
    assert turned == there


def test_what_only_one_has_is_null_in_the_other(given: Json) -> None:
    other = deepcopy(given)
    gone = other["knees"][0]["alternatives"].pop()
    (found,) = difference_of_rules(given, other)["differs"]
    assert found == {
        "part": "alternative", "id": gone["id"], "side": given["knees"][0]["side"],
        "recorded": gone["rules"], "other": None,
    }  # fmt: skip
