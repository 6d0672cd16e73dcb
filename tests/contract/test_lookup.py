"""Whatever an answer names can be looked up: every id and code in it is served somewhere."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from tests.contract.conformance import validate
from tests.generators import ExamGenerator, as_json

EXAMPLES = sorted((CHECKOUT / "examples").glob("*.json"))
FINDING = ("finding", "findings", "through_gate", "derived_from", "any_of", "shared_findings", "due", "ask")
RULE = ("rule", "supporting_rules", "opposing_rules", "noted_rules")
NAMED_BY_KEY = {
    **dict.fromkeys(FINDING, "finding"),
    **dict.fromkeys(RULE, "rule"),
    "rules": "rule",
    "flag": "flag",
    "withheld_reason": "flag",
    "state": "state",
    "class": "contributor or class",
    "coverage": "contributor",
    "supports": "contributor",
    "opposes": "contributor",
    "about": "contributor",
    "note": "contributor",
    "target": "contributor",
    "recommend": "recommendation",
    "cite": "source",
    "evidence": "source",
    "by": "read",
    "reads": "read",
    "forbid": "read",
    "from": "read",
    "to": "read",
}
"""Under which key what kind of id stands; text under other keys names nothing."""


@pytest.fixture(scope="module")
def served(client: FlaskClient) -> dict[str, set[str]]:
    """Every id that can be looked up, by kind."""
    vocabulary = validate(client.get("/v1/findings"))
    base = validate(client.get("/v1/rulebase"))
    served = {
        "finding": {entry["id"] for kind in ("findings", "derived") for entry in vocabulary[kind]},
        "contributor": {c["id"] for c in validate(client.get("/v1/contributors"))["contributors"]},
        "rule": {rule["code"] for rule in validate(client.get("/v1/rules"))["rules"]},
        "state": {state["id"] for state in base["states"]},
        "chain": {chain["id"] for chain in base["chains"]},
        "flag": {flag["code"] for flag in base["red_flags"]},
        "recommendation": {recommendation["code"] for recommendation in base["recommendations"]},
        "source": {source["key"] for source in base["sources"]},
    }
    served["contributor"].add("exam")
    served["contributor or class"] = served["contributor"] | set(base["class_order"])
    served["read"] = {"assessed"}.union(*served.values())
    served["rule"] |= served["flag"]  # a note about a clearance names the flag
    return served


def test_whatever_an_answer_names_can_be_looked_up(
    client: FlaskClient, rulebase: RuleBase, now: datetime, served: dict[str, set[str]]
) -> None:
    bodies = [path.read_bytes() for path in EXAMPLES]
    bodies += [as_json(body) for body in ExamGenerator(rulebase, now, seed=4).bodies(30)]
    seen: set[str] = set()
    for body in bodies:
        answer = client.post("/v1/assessments?ledger=true", data=body, content_type="application/json").json
        for kind, id_ in named(answer):
            assert id_ in served[kind], (kind, id_)
            seen.add(kind)
        for knee in answer["knees"]:
            assert {chain["id"] for chain in knee["chains"]} <= served["chain"]
            assert {state["id"] for state in knee["states"]} <= served["state"]
            assert {contributor["id"] for contributor in knee["contributors"]} <= served["contributor"]
            options = {option["code"] for option in knee["recommendations"]}
            assert options <= served["recommendation"] | served["flag"]
    assert seen == set(NAMED_BY_KEY.values())


def named(answer: Any) -> Iterator[tuple[str, str]]:
    """Every id of an answer with its kind."""
    if isinstance(answer, list):
        for item in answer:
            yield from named(item)
    elif isinstance(answer, dict):
        for key, value in answer.items():
            if key in NAMED_BY_KEY and key != "cleared":
                yield from ((NAMED_BY_KEY[key], id_) for id_ in _ids(value))
            yield from named({} if key in ("cleared", "rule_base", "software") else value)


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.split(" ")[-1]  # the ledger reads `state id`
    elif isinstance(value, list):
        for item in value:
            yield from _ids(item["code"] if isinstance(item, dict) and "code" in item else item)


def test_a_formula_is_found_by_what_it_is_called(client: FlaskClient) -> None:
    found = validate(client.get("/v1/findings?q=wells+score"))
    assert [derived["id"] for derived in found["derived"]] == ["wells_score"]
    assert validate(client.get("/v1/findings?q=nothing+like+it")) == {"findings": [], "derived": []}
    assert validate(client.get("/v1/findings?q=navicular+drop"))["derived"] == []


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        ("knee replacement", "knee_or_hip_prosthesis"), ("TKR", "knee_or_hip_prosthesis"),
        ("THA", "knee_or_hip_prosthesis"), ("DVT", "dvt_suspected"), ("cauda equina", "saddle_numbness"),
        ("night pain", "unremitting_night_or_rest_pain"), ("stress fracture", "focal_bony_tenderness"),
        ("blood thinner", "anticoagulant_or_bleeding_disorder"),
        ("septic arthritis", "acute_hot_swollen_joint"), ("SOB", "new_rest_breathlessness"),
        ("SpO2", "spo2_pct"), ("hemoptysis", "haemoptysis"),
        ("glute med", "hip_abd_mmt"), ("ITB", "mod_ober_deg"), ("hamstring tight", "ake_deficit_deg"),
        ("swollen knee", "knee_effusion"), ("overpronation", "fpi6"), ("VMO", "quadriceps_atrophy"),
    ],
)  # fmt: skip
def test_a_finding_is_found_by_the_words_of_a_therapist(client: FlaskClient, said: str, finding: str) -> None:
    found = validate(client.get("/v1/findings", query_string={"q": said}))
    assert finding in [entry["id"] for entry in found["findings"]]


def test_what_a_finding_is_only_found_by_is_not_accepted_for_it(
    client: FlaskClient, rulebase: RuleBase
) -> None:
    """No knee replacement does not say that there is no artificial hip."""
    assert "TKR" in validate(client.get("/v1/findings/knee_or_hip_prosthesis"))["found_by"]
    words = [word for definition in rulebase.findings.values() for word in definition.found_by]
    assert len(words) > 200
    body = {"knees": ["left"], "findings": [{"id": word, "value": "no"} for word in words[:289]]}
    errors = client.post("/v1/assessments", json=body).json["errors"]
    assert {error["detail"] for error in errors} == {"is no finding"}
    assert len(errors) == len(words[:289])


def test_a_formula_says_how_it_is_computed(client: FlaskClient) -> None:
    shown = validate(client.get("/v1/findings/external_rotators_weak"))
    assert shown["formula"]["kind"] == "first_usable"
    assert shown["formula"]["tests"][0] == {
        "test": {"finding": "hip_er_hhd_pct_bw", "needed": "at most 20.3 %"},
        "only_if": {"finding": "usable_er_dynamometry", "needed": "yes"},
    }
    assert "hip_er_mmt: at most 4" in shown["formula"]["words"]
    own = validate(client.get("/v1/findings/hip_er_hhd_pct_bw"))["derive"]
    assert own["words"] == "100 × hip_er_hhd_n ÷ (body_mass_kg × 9.81)"
    assert (own["of"], own["times"], own["per"]) == ({"finding": "hip_er_hhd_n"}, 100, 9.81)
    ratio = validate(client.get("/v1/findings/hip_er_side_ratio_pct"))["formula"]
    assert ratio["to"] == {"finding": "hip_er_hhd_n", "side": "other"}


def test_a_gate_names_its_items_and_an_item_its_gate(client: FlaskClient, rulebase: RuleBase) -> None:
    for gate in rulebase.gates.values():
        shown = validate(client.get(f"/v1/findings/{gate.id}"))
        assert (shown["items"], shown["measured"]) == (list(gate.items), gate.asks)
        for item in gate.items:
            assert gate.id in validate(client.get(f"/v1/findings/{item}"))["gates"]


def test_the_rule_base_says_how_classes_are_decided(client: FlaskClient, rulebase: RuleBase) -> None:
    base = validate(client.get("/v1/rulebase"))
    supported = next(rule for rule in base["classes"] if rule["class"] == "supported")
    assert supported["when"] == [
        {"quantity": "net", "word": "at_least", "limits": [4]},
        {"quantity": "supporting_clusters", "word": "at_least", "limits": [2]},
        {"quantity": "coverage", "word": "at_least", "limits": [50]},
    ]
    assert [rule["class"] for rule in base["classes"]].count("insufficient_data") == 2
    assert base["classes"][-1]["when"] == []
    words = {certainty["grade"]: certainty["words"] for certainty in base["link_certainty_words"]}
    assert list(words) == base["link_certainty_order"]
    assert words["moderate"] == ["moderate", "moderate in the military, low elsewhere"]
    assert [(u["urgency"], u["referral_first"]) for u in base["urgencies"]] == [
        (urgency.id, urgency.referral_first) for urgency in rulebase.urgencies
    ]
    cleared = {flag["code"]: flag["clearable"] for flag in base["red_flags"]}
    assert cleared["Z03"] is True
    assert False in cleared.values()


def test_a_rule_says_what_its_effects_say(client: FlaskClient) -> None:
    texts = {
        "Z04": "Two-level Wells score {wells_score}",
        "Z04n": "A leg sign that also occurs with deep vein thrombosis",
        "N01": "",
    }
    for code, begins in texts.items():
        effects = validate(client.get(f"/v1/rules/{code}"))["then"]
        assert any(effect.get("says", "").startswith(begins) for effect in effects), code
    (state, score) = validate(client.get("/v1/rules/H01"))["then"]
    assert state == {"does": "state external_rotator_underuse"}
    assert "says" not in score


def test_every_text_of_every_effect_is_served(client: FlaskClient, rulebase: RuleBase) -> None:
    for rule in rulebase.rules:
        shown = validate(client.get(f"/v1/rules/{rule.code}"))["then"]
        for effect, written in zip(rule.effects, shown, strict=True):
            texts = [getattr(effect, name) for name in ("text", "why", "reason") if hasattr(effect, name)]
            assert ([written["says"]] if "says" in written else []) == texts, rule.code
