"""Proofs and base rates stand in the handbook only if they were recorded of the rules printed there."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import service.handbook.document
from service.domain.rulebase import RuleBase
from service.handbook.document import SECTIONS, Handbook
from service.handbook.records import BASE_RATES, PROOFS
from tests.unit.handbook.reading import Document

PROVED: dict[str, Any] = {
    "by": "kneechain rules verify",
    "properties": [
        {
            "id": "order",
            "statement": "Order never matters <always>.",
            "result": "proved",
            "how": "z3",
            "checked": "188 rules",
        }
    ],
    "reports": [{"kind": "subsumed", "rules": ["H01", "H02"]}],
}
RATES: dict[str, Any] = {
    "seed": 7,
    "people": 2000,
    "sample": "Ages from 18 to 80, told in the recipe.",
    "contributors": [{"id": "foot_instability", "classes": {"possible": 500, "argued_against": 1500}}],
}


@pytest.fixture(autouse=True)
def only_the_records(monkeypatch: pytest.MonkeyPatch) -> None:
    sections = {id_: SECTIONS[id_] for id_ in ("proofs", "base-rates")}
    monkeypatch.setattr(service.handbook.document, "SECTIONS", sections)


def with_record(handbook: Handbook, folder: Path, name: str, text: str) -> Document:
    (folder / name).write_text(text, encoding="utf-8")
    return Document(replace(handbook, rules=folder).html)


def of(rulebase: RuleBase, content: dict[str, Any], **changes: str) -> str:
    base = {"version": rulebase.version, "digest": rulebase.digest, **changes}
    return json.dumps({"rule_base": base, **content})


def test_what_was_not_recorded_is_said(handbook: Handbook, tmp_path: Path) -> None:
    page = Document(replace(handbook, rules=tmp_path).html)
    assert "Not recorded yet." in page.text_of("proofs")
    assert "Not recorded yet." in page.text_of("base-rates")


def test_proofs_of_these_rules_are_shown(handbook: Handbook, rulebase: RuleBase, tmp_path: Path) -> None:
    page = with_record(handbook, tmp_path, PROOFS, of(rulebase, PROVED))
    assert page.faults == []
    printed = page.text_of("proofs")
    for said in ("Order never matters <always>.", "proved", "z3", "188 rules", "subsumed", "H01, H02"):
        assert said in printed
    assert "Out of date" not in printed


def test_base_rates_of_these_rules_are_shown_and_said_to_be_of_no_person(
    handbook: Handbook, rulebase: RuleBase, tmp_path: Path
) -> None:
    page = with_record(handbook, tmp_path, BASE_RATES, of(rulebase, RATES))
    assert page.faults == []
    printed = page.text_of("base-rates")
    for said in ("2,000 made-up people, seed 7.", "foot base not stable", "500 (25.0 %)", "1,500 (75.0 %)"):
        assert said in printed
    assert "synthetic sample of people without knee pain" in printed
    assert "It says nothing about any person." in printed


@pytest.mark.parametrize(
    ("name", "content", "id_"), [(PROOFS, PROVED, "proofs"), (BASE_RATES, RATES, "base-rates")]
)
def test_a_record_of_another_rule_base_is_not_shown(
    handbook: Handbook, rulebase: RuleBase, tmp_path: Path, name: str, content: dict[str, Any], id_: str
) -> None:
    page = with_record(handbook, tmp_path, name, of(rulebase, content, digest="sha256:0", version="0.0.9"))
    printed = page.text_of(id_)
    assert "Out of date: recorded of version 0.0.9, sha256:0, not of the rules printed here." in printed
    assert "Order never matters" not in printed
    assert "made-up people, seed" not in printed


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"rule_base": 1}', '{"rule_base": {"version": "1"}}', "no json"]
)
def test_a_record_that_cannot_be_read_is_said_and_not_shown(
    handbook: Handbook, tmp_path: Path, text: str
) -> None:
    page = with_record(handbook, tmp_path, PROOFS, text)
    assert "proofs.json cannot be read; nothing of it is shown." in page.text_of("proofs")
