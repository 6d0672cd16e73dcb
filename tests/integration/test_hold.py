"""Under a hold nothing of the reasoning about the knee is in any answer; and what the other statuses allow.

Every flag that withholds everything is raised by a posted exam, once for each example in which a
rule of its own raises it, over an exam that would have much to say.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.assess import Assessor
from service.domain.rule import Ask, SetState
from service.domain.rulebase import RuleBase
from tests.integration.flagged import (
    Body,
    raising,
    rich_exam,
    with_findings,
    without_findings,
)

WITHHOLDING = (
    "Z01", "Z02", "Z03", "Z04", "Z05a", "Z07", "Z08", "Z09", "Z09b", "Z10", "Z12", "Z15", "Z16",
    "Z17a", "Z17b", "Z18", "Z20", "Z21",
)  # fmt: skip
URGENT = ("Z05b", "Z06", "Z08b", "Z09c", "Z11", "Z13")
EMERGENCIES = ("Z03", "Z08", "Z09", "Z10", "Z17a")
CLASSES = ("supported", "conflicting", "possible", "suggested", "indeterminate")
FORBIDDING = (
    {"id": "breathing_pattern_rest", "value": "paradoxical"},
    {"id": "hip_er_mmt", "side": "left", "value": "2"},
    {"id": "knee_effusion", "side": "right", "value": "2+"},
)
"""Findings for which the screen itself names recommendations and tests, to forbid them."""


# -- what must not be said -----------------------------------------------------------------------


class Watch:
    """Finds whatever names a contributor, class, state, recommendation, chain or rule of the knee."""

    def __init__(self, rulebase: RuleBase) -> None:
        safety = [rule for rule in rulebase.rules if rule.safety]
        others = [rule for rule in rulebase.rules if not rule.safety]
        known = {e.state for rule in safety for e in rule.effects if isinstance(e, SetState)}
        states = [s for s in rulebase.states.values() if s.id not in known and not s.given_by_screen]
        offered = rulebase.recommendations.values()
        phrases = [
            *(
                text
                for c in rulebase.contributors.values()
                for text in (c.id, c.label, c.link_certainty.text)
            ),
            *(text for s in states for text in (s.id, s.label)),
            *(text for a in rulebase.alternatives.values() for text in (a.id, a.label, a.text)),
            *(text for r in offered for text in (r.id, r.label, r.text, r.dose, r.support, r.limits)),
            *(text for r in others for text in (r.id, r.title, r.because)),
            *(
                text
                for r in others
                for effect in r.effects
                if isinstance(effect, Ask)
                for text in (effect.why,)
            ),
            *(text for chain in rulebase.chains for text in (chain.label, *(a.says for a in chain.arrows))),
            *rulebase.class_words.values(),
            *(name for name in rulebase.class_order if name not in CLASSES),
        ]
        codes = [rule.code for rule in others] + [r.code for r in offered]
        self._phrases = re.compile("|".join(map(re.escape, sorted(phrases, key=len, reverse=True))))
        self._codes = re.compile(rf"\b({'|'.join(map(re.escape, codes))})\b")
        self._classes = re.compile(rf"\b({'|'.join(CLASSES)})\b")
        self._fixed = sorted(_fixed_texts(rulebase), key=len, reverse=True)

        self.finds = cache(self._finds)

    def _finds(self, text: str) -> list[str]:
        found = [m.group() for pattern in (self._phrases, self._codes) for m in pattern.finditer(text)]
        if self._classes.search(text):  # the safety texts use some of these words in their plain sense
            for fixed in self._fixed:
                text = text.replace(fixed, "")
        return found + [m.group() for m in self._classes.finditer(text)]

    def finds_in(self, answer: Any) -> list[str]:
        return [word for text in _strings(answer) for word in self.finds(text)]


def _fixed_texts(rulebase: RuleBase) -> Iterator[str]:
    for rule in rulebase.rules:
        if rule.safety:
            yield from filter(None, (rule.title, rule.because, rule.caution))
            for effect in rule.effects:
                yield from filter(None, (getattr(effect, "text", None), getattr(effect, "reason", None)))


def _strings(answer: Any) -> Iterator[str]:
    if isinstance(answer, str):
        yield answer
    elif isinstance(answer, dict | list):
        for item in answer.values() if isinstance(answer, dict) else answer:
            yield from _strings(item)


@pytest.fixture(scope="module")
def watch(rulebase: RuleBase) -> Watch:
    return Watch(rulebase)


@pytest.fixture
def answer(client: FlaskClient) -> Callable[..., Body]:
    def post(body: Body, query: str = "ledger=true") -> Body:
        response = client.post(f"/v1/assessments?{query}", json=body)
        assert response.status_code == 201, response.text
        return dict(response.json)

    return post


Answer = Callable[..., Body]
Kneechain = Callable[..., str]
ExamFile = Callable[[Body], Path]


@pytest.fixture
def loaded_once(monkeypatch: pytest.MonkeyPatch, rulebase: RuleBase, assessor: Assessor) -> None:
    """The command line makes its rules ready once for all the exams here."""
    monkeypatch.setattr("service.cli.common.load_rulebase", lambda folder: rulebase)
    monkeypatch.setattr("service.cli.assess.Assessor.of", lambda rules: assessor)


# -- hold ----------------------------------------------------------------------------------------


def test_without_a_flag_the_same_exam_says_much_and_the_watch_sees_all_of_it(
    answer: Answer, watch: Watch, rulebase: RuleBase
) -> None:
    said = answer(rich_exam())
    assert said["safety"] == {
        "status": "clear", "referral_first": False, "flags": [], "not_screened": [], "withheld_reason": [],
        "disabled": [],
    }  # fmt: skip
    for knee in said["knees"]:
        for part in ("contributors", "alternatives", "states", "chains", "recommendations", "next_tests"):
            assert watch.finds_in(knee[part]) or part == "next_tests"
    for part in ("summary", "trace", "notes", "undetermined", "suppressed", "ledger"):
        assert watch.finds_in(said[part]), part
    seen = set(watch.finds_in(said))
    assert {rule.code for rule in rulebase.rules if not rule.safety} <= seen
    assert {c.id for c in rulebase.contributors.values()} <= seen


def test_the_flags_are_as_grave_as_the_specification_says(rulebase: RuleBase) -> None:
    flags = rulebase.red_flags.values()
    assert tuple(flag.code for flag in flags if flag.withholds == "all") == WITHHOLDING
    assert tuple(flag.code for flag in flags if flag.urgency.id == "URGENT") == URGENT
    assert tuple(flag.code for flag in flags if flag.urgency.id == "EMERGENCY") == EMERGENCIES


@pytest.mark.parametrize("flag", WITHHOLDING)
def test_under_hold_no_answer_names_a_contributor_class_or_recommendation(
    answer: Answer, watch: Watch, rulebase: RuleBase, flag: str
) -> None:
    first, *others = raising(rulebase, flag)
    for name, body in (first, *others):
        _withholds(answer(body), flag, watch, rulebase, name)
    name, body = first
    for query in ("", "view=brief", "view=brief&ledger=true", "ledger=true"):
        _withholds(answer(with_findings(body, *FORBIDDING), query), flag, watch, rulebase, name)


def _withholds(said: Body, flag: str, watch: Watch, rulebase: RuleBase, name: str) -> None:
    assert said["safety"]["status"] == "hold", name
    assert flag in said["safety"]["withheld_reason"], name
    assert watch.finds_in(said) == [], name
    _is_empty(said, rulebase)


def _is_empty(said: Body, rulebase: RuleBase) -> None:
    safety = {rule.code for rule in rulebase.rules if rule.safety}
    for knee in said["knees"]:
        for part in (
            "contributors",
            "alternatives",
            "states",
            "chains",
            "recommendations",
            "next_tests",
            "regions_not_assessed",
        ):
            assert knee[part] == []
        assert (knee["provisional"], knee["secondary"]) == (False, False)
    assert said["merged_recommendations"] == []
    for part in ("trace", "suppressed", "undetermined", "notes", "ledger"):
        assert {item["rule"] for item in said.get(part, [])} <= safety
    for firing in said.get("trace", []):
        assert {"supports", "opposes", "alternative", "recommend", "ask"}.isdisjoint(
            key for effect in firing["effects"] for key in effect
        )
    for asked in said["summary"]["ask_next"]:
        assert rulebase.findings[asked["finding"]].safety is not None


@pytest.mark.parametrize("flag", WITHHOLDING)
def test_under_hold_the_answer_is_the_same_whatever_else_was_found(
    answer: Answer, rulebase: RuleBase, flag: str
) -> None:
    """Nothing leaks that is not there: findings that the screen does not read change no byte."""
    read = {
        c.finding for rule in rulebase.rules if rule.safety for c in rule.criteria() if hasattr(c, "finding")
    }
    beside = [f.id for f in rulebase.findings.values() if f.safety is None and f.id not in read]
    for name, body in raising(rulebase, flag):
        poor = without_findings(body, *beside)
        assert len(poor["findings"]) < len(body["findings"])
        said, less = answer(body), answer(poor)
        assert said.pop("assessment_id") != less.pop("assessment_id")
        assert said == less, name


@pytest.mark.parametrize("flag", WITHHOLDING)
@pytest.mark.usefixtures("loaded_once")
def test_under_hold_the_command_line_says_no_more(
    kneechain: Kneechain, exam_file: ExamFile, watch: Watch, rulebase: RuleBase, flag: str
) -> None:
    name, body = next(raising(rulebase, flag))
    path = exam_file(with_findings(body, *FORBIDDING))
    tree = kneechain("assess", path)
    assert watch.finds(tree) == [], name
    assert rulebase.red_flags[flag].label in tree
    assert not [line for line in tree.splitlines() if line.startswith(("Left knee", "Right knee"))]
    assert "Options to consider" not in tree
    said = json.loads(kneechain("assess", path, "--json", "--ledger"))
    assert watch.finds_in(said) == [], name
    assert flag in said["safety"]["withheld_reason"]


@pytest.mark.usefixtures("loaded_once")
def test_without_a_flag_the_tree_says_much(kneechain: Kneechain, exam_file: ExamFile, watch: Watch) -> None:
    tree = kneechain("assess", exam_file(rich_exam()))
    assert len(watch.finds(tree)) > 50


def test_several_flags_are_all_reasons(answer: Answer) -> None:
    body = with_findings(
        rich_exam(),
        {"id": "fever", "value": "yes"},
        {"id": "acute_hot_swollen_joint", "side": "right", "value": "yes"},
        {"id": "chest_pain_new", "value": "yes"},
        {"id": "locked_knee", "side": "left", "value": "yes"},
    )
    safety = answer(body)["safety"]
    assert safety["withheld_reason"] == ["Z03", "Z15", "Z17a"]
    assert [flag["code"] for flag in safety["flags"]] == ["Z03", "Z17a", "Z15", "Z06"]


# -- clearances ----------------------------------------------------------------------------------


def _cleared(body: Body, *flags: str, role: str = "physician", at: str = "2026-11-20T08:59:00Z") -> Body:
    given = {"by": "Dr A", "role": role, "reason": "examined", "evidence": "normal joint", "at": at}
    return {**body, "clearances": [{"flag": flag, **given} for flag in flags]}


@pytest.mark.parametrize("flag", [flag for flag in WITHHOLDING if flag != "Z18"])
def test_once_every_flag_is_cleared_nothing_is_withheld(
    answer: Answer, rulebase: RuleBase, flag: str
) -> None:
    said = [answer(body) for _, body in raising(rulebase, flag)]
    flags = [{f["code"]: f["urgency"] for f in held["safety"]["flags"]} for held in said]
    place = next(place for place, codes in enumerate(flags) if "Z18" not in codes)
    _, body = list(raising(rulebase, flag))[place]
    clearable = {code for code, urgency in flags[place].items() if urgency != "NOTE"}
    cleared = answer(_cleared(body, *sorted(clearable)))
    safety = cleared["safety"]
    assert (safety["withheld_reason"], safety["status"] in ("clear", "incomplete")) == ([], True)
    assert [f["code"] for f in safety["flags"]] == list(flags[place])
    assert {f["code"] for f in safety["flags"] if "cleared" in f} == clearable
    assert all(knee["contributors"] for knee in cleared["knees"])


@pytest.mark.usefixtures("loaded_once")
def test_the_tree_never_calls_a_screen_clear_whose_flag_was_cleared(
    kneechain: Kneechain, exam_file: ExamFile
) -> None:
    hot = {"id": "acute_hot_swollen_joint", "side": "left", "value": "yes"}
    tree = kneechain("assess", exam_file(_cleared(with_findings(rich_exam(), hot), "Z03")))
    assert "Safety screen: no open flag\n" in tree
    assert "Safety screen: clear\n" in kneechain("assess", exam_file(rich_exam()))


@pytest.mark.parametrize("flag", ["Z18", "Z18b"])
def test_an_age_cannot_be_cleared(client: FlaskClient, flag: str) -> None:
    response = client.post("/v1/assessments", json=_cleared(_aged(11), flag))
    assert response.status_code == 422
    assert response.json["errors"][0]["pointer"] == "/clearances/0/flag"


def test_a_flag_that_is_not_cleared_still_holds(answer: Answer) -> None:
    body = with_findings(
        rich_exam(), {"id": "fever", "value": "yes"}, {"id": "spreading_numbness", "value": "yes"}
    )
    safety = answer(_cleared(body, "Z15"))["safety"]
    assert (safety["status"], safety["withheld_reason"]) == ("hold", ["Z16"])


@pytest.mark.parametrize("role", ["physiotherapist", "nurse", "other"])
@pytest.mark.parametrize("flag", EMERGENCIES)
def test_an_emergency_is_cleared_by_a_physician_only(client: FlaskClient, flag: str, role: str) -> None:
    body = _cleared(rich_exam(), flag, role=role)
    response = client.post("/v1/assessments", json=body)
    assert response.status_code == 422
    (error,) = response.json["errors"]
    assert (error["pointer"], error["expected"], error["value"]) == (
        "/clearances/0/role",
        "physician",
        f'"{role}"',
    )


@pytest.mark.parametrize("role", ["physician", "physiotherapist", "nurse", "other"])
def test_a_lesser_flag_may_be_cleared_by_others(answer: Answer, role: str) -> None:
    body = with_findings(rich_exam(), {"id": "fever", "value": "yes"})
    said = answer(_cleared(body, "Z15", role=role))
    assert said["safety"]["withheld_reason"] == []
    assert said["safety"]["flags"][0]["cleared"]["role"] == role


def test_a_clearance_older_than_the_finding_does_not_count_and_is_said(answer: Answer) -> None:
    fever = {"id": "fever", "value": "yes", "observed_at": "2026-11-20T08:45:00Z"}
    body = with_findings(rich_exam(), fever)
    before, same = (_cleared(body, "Z15", at=f"2026-11-20T08:{at}Z") for at in ("44:59", "45:00"))
    said = answer(before)
    assert (said["safety"]["status"], said["safety"]["withheld_reason"]) == ("hold", ["Z15"])
    assert "cleared" not in said["safety"]["flags"][0]
    assert [note["text"] for note in said["notes"] if note["rule"] == "Z15"] == [
        "The clearance of Z15 is older than the findings that raised it and does not count."
    ]
    assert answer(same)["safety"]["withheld_reason"] == []


def test_a_clearance_of_what_did_not_fire_changes_nothing_and_is_said(answer: Answer) -> None:
    said, plain = answer(_cleared(rich_exam(), "Z15")), answer(rich_exam())
    assert [note["text"] for note in said["notes"] if note["rule"] == "Z15"] == [
        "A clearance was given for Z15, which did not fire."
    ]
    assert said["safety"] == plain["safety"]
    assert said["knees"] == plain["knees"]


# -- one knee out of scope -----------------------------------------------------------------------


@pytest.mark.parametrize("finding", ["knee_or_hip_prosthesis", "lower_limb_surgery_6mo"])
def test_an_operated_leg_empties_that_knee_and_leaves_the_other(
    answer: Answer, watch: Watch, finding: str
) -> None:
    plain = answer(rich_exam())
    said = answer(with_findings(rich_exam(), {"id": finding, "side": "left", "value": "yes"}))
    left, right = said["knees"]
    assert (said["safety"]["status"], said["safety"]["withheld_reason"]) == ("refer", [])
    assert (left["scope"], right["scope"]) == ("out", "in")
    assert all(left[part] == [] for part in left if isinstance(left[part], list))
    assert right == plain["knees"][1]
    for part in ("trace", "suppressed", "undetermined", "notes"):
        assert [item for item in said[part] if item.get("side") == "left" and watch.finds_in(item)] == []
        assert [item for item in said[part] if item.get("side") == "right" and watch.finds_in(item)]
    for row in said["ledger"]:
        if not row["rule"].startswith("Z"):
            assert {verdict["side"] for verdict in row["verdicts"]} == {"right"}
    out = "Within four to six weeks: Artificial joint or recent surgery, left. Left knee: out of scope. "
    assert said["summary"]["headline"].startswith(out)


@pytest.mark.usefixtures("loaded_once")
def test_the_tree_says_that_the_knee_is_out_of_scope(kneechain: Kneechain, exam_file: ExamFile) -> None:
    body = with_findings(
        {**rich_exam(), "knees": ["left"]}, {"id": "knee_or_hip_prosthesis", "side": "left", "value": "yes"}
    )
    tree = kneechain("assess", exam_file(body))
    knee = tree[tree.index("\nLeft knee") :]
    assert knee.splitlines()[2].endswith("out of scope")


# -- age -----------------------------------------------------------------------------------------

HIPS = (
    {"id": "limp", "value": "no"},
    *(
        {"id": finding, "side": side, "value": "no"}
        for finding in ("obligate_external_rotation", "hip_internal_rotation_lost")
        for side in ("left", "right")
    ),
)


def _aged(years: int) -> Body:
    return with_findings(rich_exam(), {"id": "age_years", "value": years}, *HIPS)


def test_under_12_everything_is_out_of_scope(answer: Answer, watch: Watch) -> None:
    said = answer(_aged(11))
    assert (said["safety"]["status"], said["safety"]["withheld_reason"]) == ("hold", ["Z18"])
    assert said["outside_intended_use"] is True
    assert said["summary"]["headline"] == "Out of scope: Age under 12. Nothing else is shown."
    assert watch.finds_in(said) == []


@pytest.mark.parametrize("years", [12, 17])
def test_from_12_to_17_classes_are_shown_and_only_two_recommendations(answer: Answer, years: int) -> None:
    said = answer(_aged(years))
    assert said["outside_intended_use"] is True
    assert said["safety"]["status"] == "clear"
    assert [flag["code"] for flag in said["safety"]["flags"]] == ["Z18b"]
    for knee in said["knees"]:
        assert [item["code"] for item in knee["recommendations"]] == ["R00", "R11"]
        assert {item["class"] for item in knee["contributors"]} & {"supported", "possible"}


def test_from_18_on_the_use_is_as_intended(answer: Answer) -> None:
    said = answer(_aged(18))
    assert said["outside_intended_use"] is False
    assert said["safety"]["flags"] == []
    assert all(len(knee["recommendations"]) > 3 for knee in said["knees"])


# -- incomplete, refer, clear --------------------------------------------------------------------


def test_while_the_screen_is_incomplete_contributors_are_provisional_and_three_recommendations_remain(
    answer: Answer,
) -> None:
    said = answer(without_findings(rich_exam(), "gate_serious_disease"))
    assert said["safety"]["status"] == "incomplete"
    assert said["safety"]["not_screened"] == [{"finding": "gate_serious_disease"}]
    for knee in said["knees"]:
        assert (knee["provisional"], knee["secondary"]) == (True, False)
        assert knee["contributors"]
        assert [item["code"] for item in knee["recommendations"]] == ["R00", "R01", "R11"]
        assert all(
            item["because"].count("Safety screen not complete.") == 1 for item in knee["recommendations"]
        )
    refused = [
        effect["without_effect"]
        for firing in said["trace"]
        for effect in firing["effects"]
        if "recommend" in effect and effect["recommend"] not in ("R00", "R01", "R11")
    ]
    assert refused
    assert set(refused) == {"safety screen not complete"}


@pytest.mark.parametrize("flag", URGENT)
def test_an_urgent_flag_comes_first_and_contributors_second(
    answer: Answer, rulebase: RuleBase, flag: str
) -> None:
    for name, body in raising(rulebase, flag):
        said = answer(_screened(body, rulebase))
        assert (said["safety"]["status"], said["safety"]["referral_first"]) == ("refer", True), name
        texts = [f["text"] for f in said["safety"]["flags"] if f["code"] == flag]
        words = rulebase.red_flags[flag].urgency.words
        first = f"Referral first, {words}: {rulebase.red_flags[flag].label}"
        assert said["summary"]["headline"].startswith(first)
        for knee in said["knees"]:
            assert (knee["secondary"], knee["provisional"]) == (True, False)
            assert knee["contributors"]
            referral, *others = knee["recommendations"]
            assert (referral["code"], referral["id"], referral["text"] in texts) == (flag, "referral", True)
            allowed = ["R00", "R11"] if said["outside_intended_use"] else ["R00", "R01", "R11"]
            assert [item["code"] for item in others] == allowed


def _screened(body: Body, rulebase: RuleBase) -> Body:
    """The exam with every question answered that is not: the gates no, and what may be due beside them."""
    answered = {(item["id"], item.get("side")) for item in body["findings"]}
    missing = [
        *({"id": gate, "value": "no"} for gate in rulebase.gates),
        *HIPS,
        {"id": "age_years", "value": 38},
        {"id": "morning_stiffness_min", "value": 10},
    ]
    return with_findings(body, *(item for item in missing if (item["id"], item.get("side")) not in answered))


@pytest.mark.parametrize(
    ("changed", "status", "referral_first"),
    [
        ([], "clear", False),
        ([{"id": "age_years", "value": 17}, *HIPS], "clear", False),
        ([{"id": "falls_2_or_more_past_year", "value": "yes"}], "refer", False),
        ([{"id": "locked_knee", "side": "left", "value": "yes"}], "refer", True),
        ([{"id": "locked_knee", "side": "left", "value": "yes"}, {"id": "age_years", "status": "refused"}],
         "incomplete", True),
        ([{"id": "fever", "value": "yes"}, {"id": "age_years", "status": "refused"}], "hold", True),
    ],
)  # fmt: skip
def test_the_status_is_the_gravest_that_applies(
    answer: Answer, changed: list[Body], status: str, referral_first: bool
) -> None:
    safety = answer(with_findings(rich_exam(), *changed))["safety"]
    assert (safety["status"], safety["referral_first"]) == (status, referral_first)


def test_a_flag_that_can_wait_leaves_the_recommendations_but_what_leads_to_one_leg(answer: Answer) -> None:
    plain = answer(rich_exam())
    said = answer(with_findings(rich_exam(), {"id": "falls_2_or_more_past_year", "value": "yes"}))
    for knee, before in zip(said["knees"], plain["knees"], strict=True):
        unsafe = ("R08", "R09")  # after falls
        assert knee["recommendations"] == [r for r in before["recommendations"] if r["code"] not in unsafe]
        assert knee["secondary"] is False
