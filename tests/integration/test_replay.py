"""A rule-base upgrade leaves recorded answers as they are; what the new rules conclude otherwise is named."""

import json
from typing import Any

import pytest

from schemas.exam import ExamReader
from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.exam import SIDES
from service.knowledge.files import Files, digest_of, pack, read_files, unpack
from service.records.other_rules import difference_of_rules, under_other_rules
from service.records.replaying import Replayer
from tests.generators import size
from tests.golden import corpus
from tests.golden.corpus import Entry, drawn
from tests.integration.answers import NOW

Json = dict[str, Any]
H01 = "contributors/hip/weak-external-rotators.yaml"
FLAGS = "vocabulary/red_flags.yaml"
FOOT = "vocabulary/findings/foot.yaml"
Z14 = "label: Artificial joint or recent surgery\n    urgency: SOON\n    withholds: "


def edited(files: Files, name: str, *changes: tuple[str, str]) -> Files:
    text = files[name].decode()
    for old, new in changes:
        assert old in text, f"{name} no longer holds {old!r}"
        text = text.replace(old, new, 1)
    return {**files, name: text.encode()}


@pytest.fixture(scope="module")
def old_files() -> Files:
    return read_files(CHECKOUT / "rules")


@pytest.fixture(scope="module")
def old(old_files: Files) -> Replayer:
    """From the packed rules, as years later."""
    return Replayer.of(unpack(pack(old_files), digest_of(old_files)))


@pytest.fixture(scope="module")
def new(old_files: Files) -> Replayer:
    """H01 asks for a weaker muscle, in a version of its own."""
    upgrade = ("version: 1", "version: 2"), ("{at_most: 4}", "{at_most: 4-}")
    return Replayer.of(edited(old_files, H01, *upgrade))


def exam(*findings: Json, name: str = "an exam") -> Entry:
    return Entry.of(name, NOW, {"knees": ["left"], "findings": list(findings)})


WEAK = {"id": "hip_er_mmt", "side": "left", "value": "4"}


def differs(found: Json, part: str) -> dict[tuple[Any, Any], tuple[Any, Any]]:
    return {
        (one.get("id"), one.get("side")): (one["recorded"], one["other"])
        for one in found["differs"]
        if one["part"] == part
    }


def compared(entry: Entry, old: Replayer, other: Replayer) -> Json:
    return under_other_rules(corpus.answer(entry, old), entry.posted, entry.at, other)


def test_recorded_answers_outlive_an_upgrade(
    old: Replayer, new: Replayer, assessor: Assessor, reader: ExamReader
) -> None:
    assert new.assessor.rulebase.digest != old.assessor.rulebase.digest == assessor.rulebase.digest
    silenced = 0
    for entry in (exam(WEAK), *drawn(assessor.rulebase, NOW, seed=63, how_many=size(100, 10_000))):
        kept = corpus.recorded(entry, assessor, reader)
        assert corpus.answer(entry, old) == kept
        other = corpus.answer(entry, new)
        assert other != kept, "it names the rules"
        fired = (h01_fires(kept), h01_fires(other))
        named = differs(difference_of_rules(json.loads(kept), json.loads(other)), "rule")
        assert {side for code, side in named if code == "H01"} == fired[0].keys()
        assert all(named["H01", side] == (1, fired[1].get(side)) for side in fired[0])
        silenced += fired[1].keys() < fired[0].keys()
    assert silenced >= 3


def h01_fires(answer: bytes) -> dict[str, int]:
    """From which sides, in which version."""
    trace = json.loads(answer)["trace"]
    return {firing["side"]: firing["rule_version"] for firing in trace if firing["rule"] == "H01"}


def test_what_the_new_rules_conclude_otherwise_is_named(old: Replayer, new: Replayer) -> None:
    found = compared(exam(WEAK), old, new)
    assert found["rule_base"]["recorded"]["digest"] == old.assessor.rulebase.digest
    assert found["rule_base"]["other"]["digest"] == new.assessor.rulebase.digest
    assert differs(found, "rule")["H01", "left"] == (1, None)
    before, now = differs(found, "contributor")["hip_instability", "left"]
    assert (before["net"], now["net"]) == (1, 0)
    before, now = differs(found, "mechanism")["hip_stabiliser_deficit", "left"]
    assert (before["net"], now["net"]) == (2, 0)
    assert (None, None) in differs(found, "headline")
    assert found["withheld"] == []


def test_the_same_rules_conclude_nothing_otherwise(old: Replayer) -> None:
    assert compared(exam(WEAK), old, old)["differs"] == []


KNEES = Entry.of(
    "two knees",
    NOW,
    {
        "knees": ["left", "right"],
        "findings": [
            {"id": "knee_or_hip_prosthesis", "side": "left", "value": "yes"},
            *({"id": "fpi6", "side": side, "value": 11} for side in SIDES),
        ],
    },
)
ALL = ["left", "right"]


def turned(difference: Json) -> Json:
    return {**difference, "recorded": difference["other"], "other": difference["recorded"]}


TO_KNEE = {"part": "scope", "side": "left", "recorded": "in", "other": "out"}
TO_HOLD = {"part": "status", "recorded": "incomplete", "other": "hold"}


@pytest.mark.parametrize(
    ("before", "after", "withheld", "differing"),
    [
        ("nothing", "knee", ["left"], TO_KNEE),
        ("knee", "nothing", ["left"], turned(TO_KNEE)),
        ("nothing", "all", [*SIDES], TO_HOLD),
        ("all", "nothing", [*SIDES], turned(TO_HOLD)),
    ],
)
def test_what_either_withholds_is_not_shown(
    old_files: Files, before: str, after: str, withheld: list[str], differing: Json
) -> None:
    """Neither in its parts nor by a headline, whichever of the two it is that withholds."""
    one, other = (
        Replayer.of(edited(old_files, FLAGS, (f"{Z14}knee", f"{Z14}{what}"))) for what in (before, after)
    )
    found = compared(KNEES, one, other)
    assert found["withheld"] == withheld
    assert found["differs"] == [differing]


def test_an_exam_that_other_rules_refuse_is_not_compared(old_files: Files, old: Replayer) -> None:
    narrow = Replayer.of(edited(old_files, FOOT, ("range: [-12, 12]", "range: [-12, 11]")))
    entry = exam({"id": "fpi6", "side": "left", "value": 12})
    (fault,) = compared(entry, old, narrow)["refused"]
    assert fault["pointer"] == "/findings/0/value"
    assert "differs" not in compared(entry, old, narrow)
