"""The handbook: complete, linked both ways, well formed, escaped, and readable by everyone."""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

import service.handbook.document
from service.config import CHECKOUT
from service.domain.rule import Note
from service.domain.rulebase import RuleBase
from service.handbook.document import SECTIONS, Handbook, policy
from service.handbook.links import anchor
from service.knowledge.describe import effect_says
from service.knowledge.problems import RuleBaseError
from tests.unit.handbook.reading import Document

# -- the document itself ---------------------------------------------------------------------


def test_it_is_well_formed(document: Document) -> None:
    assert document.faults == []
    assert len(document.elements) > 20_000


@pytest.mark.parametrize(
    "html",
    [
        "<p>a", "<p>a</div></p>", "<ul><p>a</p></ul>", "<ul>a</ul>", "<p><ul></ul></p>", "<a><a>b</a></a>",
        "<table><tr><td>a</td></tr></table>", '<p id="a" id="b">c</p>', "</p>",
    ],
)  # fmt: skip
def test_what_is_not_well_formed_is_seen(html: str) -> None:
    assert Document(html).faults


def test_every_id_is_there_once(document: Document) -> None:
    ids = document.values("id")
    assert len(ids) > 600
    assert len(set(ids)) == len(ids)


def test_no_link_is_dead(document: Document) -> None:
    ids = set(document.values("id"))
    inside = [href for href in document.values("href") if href.startswith("#")]
    assert len(inside) > 7_000
    assert sorted({href for href in inside if href[1:] not in ids}) == []


def test_links_out_lead_to_sources_only(document: Document, rulebase: RuleBase) -> None:
    outside = [href for href in document.values("href") if not href.startswith("#")]
    dois = {f"https://doi.org/{source.doi}" for source in rulebase.sources.values() if source.doi}
    assert set(outside) == dois | {"data:,"}


def test_it_needs_nothing_but_itself(document: Document) -> None:
    assert document.values("src") == []
    assert document.values("style") == []
    assert [e for e in document.elements if e.tag in ("script", "img", "iframe", "object", "form")] == []
    assert [name for e in document.elements for name in e.attributes if name.startswith("on")] == []
    (style,) = document.all("style")
    assert "url(" not in "".join(style.text)
    assert "@import" not in "".join(style.text)


def test_its_policy_allows_its_own_style_and_nothing_else(document: Document) -> None:
    (style,) = document.all("style")
    digest = base64.b64encode(hashlib.sha256("".join(style.text).encode()).digest()).decode()
    allowed = dict(part.strip().split(" ", 1) for part in policy().split(";"))
    assert allowed["style-src"] == f"'sha256-{digest}'"
    assert allowed["default-src"] == allowed["frame-ancestors"] == allowed["base-uri"] == "'none'"
    assert set(allowed) == {
        "default-src",
        "style-src",
        "img-src",
        "base-uri",
        "form-action",
        "frame-ancestors",
    }


# -- for everyone ----------------------------------------------------------------------------


def test_it_has_landmarks_a_language_and_one_title(document: Document) -> None:
    assert [len(document.all(tag)) for tag in ("header", "nav", "main", "footer", "h1", "title")] == [1] * 6
    assert document.all("html")[0].attributes["lang"] == "en"
    assert "initial-scale=1" in document.all("meta")[1].attributes["content"]
    labels = {e.attributes["aria-labelledby"] for e in document.all("section")}
    assert labels == {f"{id_}-title" for id_ in SECTIONS}


def test_every_table_has_a_caption_and_headers_that_say_of_what(document: Document) -> None:
    tables = document.all("table")
    assert len(document.all("caption")) == len(tables) > 150
    assert {e.attributes.get("scope") for e in document.all("th")} == {"col", "row"}


def test_headings_leave_out_no_level(document: Document) -> None:
    levels = [int(e.tag[1]) for e in document.elements if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels[0] == 1
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_stands_out_as_wcag_aa_asks(document: Document) -> None:
    style = "".join(document.all("style")[0].text)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", style))
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for ink, paper in (
        ("ink", "paper"), ("quiet", "paper"), ("accent", "paper"), ("ink", "shade"),
        ("warn-ink", "warn-paper"),
    ):  # fmt: skip
        assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)


# -- what is in it ---------------------------------------------------------------------------


def test_it_says_first_that_the_rules_are_a_draft(document: Document, rulebase: RuleBase) -> None:
    notice = next(e for e in document.elements if e.attributes.get("class") == "notice")
    said = " ".join("".join(notice.text).split())
    assert said == f"{rulebase.approval.draft_notice} {rulebase.approval.intended_use}"
    assert document.elements.index(notice) < document.elements.index(document.all("main")[0])


def printed_alone(monkeypatch: pytest.MonkeyPatch, handbook: Handbook, *sections: str) -> Document:
    """The handbook with these sections only: enough where the rest says nothing new."""
    monkeypatch.setattr(service.handbook.document, "SECTIONS", {id_: SECTIONS[id_] for id_ in sections})
    return Document(handbook.html)


def test_an_approved_base_says_who_approved_it(
    handbook: Handbook, rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = replace(
        rulebase.approval, status="reviewed", approved_by="Dr A. Example", approved_on="2027-01-02"
    )
    approved = replace(handbook, rulebase=replace(rulebase, approval=approval))
    page = printed_alone(monkeypatch, approved, "about")
    header = " ".join("".join(page.all("header")[0].text).split())
    assert "Approved by Dr A. Example on 2027-01-02" in header
    assert rulebase.approval.draft_notice not in header


def test_every_section_stands_in_the_contents_and_says_something(document: Document) -> None:
    nav = [e for e in document.elements if e.tag == "a"][1 : len(SECTIONS) + 1]
    assert [e.attributes["href"] for e in nav] == [f"#{id_}" for id_ in SECTIONS]
    assert ["".join(e.text) for e in nav] == list(SECTIONS.values())
    for id_ in SECTIONS:
        assert len(document.text_of(id_)) > len(SECTIONS[id_]) + 40, id_


def entries(rulebase: RuleBase) -> Iterator[tuple[str, str, str]]:
    """Every entry of the rule base: its kind, its id, and a text that must stand there."""
    for code, rule in rulebase.readable.items():
        yield "rule", code, f"{code} {rule.title}"
    for kind, listed in (
        ("finding", rulebase.findings), ("formula", rulebase.derived), ("state", rulebase.states),
        ("contributor", rulebase.contributors), ("gate", rulebase.gates), ("flag", rulebase.red_flags),
        ("option", rulebase.recommendations),
    ):  # fmt: skip
        yield from ((kind, id_, entry.label) for id_, entry in listed.items())
    yield from (("chain", chain.id, chain.label) for chain in rulebase.chains)
    yield from (("source", key, source.reference) for key, source in rulebase.sources.items())


def test_every_entry_of_the_rule_base_is_in_it(document: Document, rulebase: RuleBase) -> None:
    listed = list(entries(rulebase))
    assert len(listed) > 550
    for kind, id_, said in listed:
        assert " ".join(said.split()) in document.text_of(anchor(kind, id_)), id_


def test_a_rule_is_printed_whole(document: Document, rulebase: RuleBase) -> None:
    for rule in rulebase.rules:
        printed = document.text_of(anchor("rule", rule.code))
        effects = [said for effect in rule.effects if (said := effect_says(effect))]
        examples = [example.name for example in rule.examples]
        shown = [citation.shows for citation in rule.evidence]
        for said in (
            rule.because,
            rule.caution or "",
            *effects,
            *examples,
            *shown,
            f"version {rule.version}",
        ):
            assert " ".join(said.split()) in printed, rule.code


def test_a_finding_is_printed_with_all_that_the_vocabulary_says(
    document: Document, rulebase: RuleBase
) -> None:
    for finding in rulebase.findings.values():
        printed = document.text_of(anchor("finding", finding.id))
        sourced = [text.says for text in (*finding.cut_offs, *finding.reliability)]
        free = [finding.seen_in_pain_free.says] if finding.seen_in_pain_free else []
        limits = [f"from {finding.minimum} to {finding.maximum}"] if finding.numeric else [*finding.values]
        for said in (finding.measured, *sourced, *free, *limits, *finding.aliases, *finding.found_by):
            assert " ".join(said.split()) in printed, finding.id


def test_a_finding_and_the_rules_that_read_it_link_to_each_other(
    document: Document, rulebase: RuleBase
) -> None:
    pairs = 0
    for rule in rulebase.rules:
        there = document.links[anchor("rule", rule.code)]
        for criterion in rule.criteria():
            id_ = getattr(criterion, "finding", None)
            if id_ is not None:
                kind = "finding" if id_ in rulebase.findings else "formula"
                assert anchor(kind, id_) in there, rule.code
                assert anchor("rule", rule.code) in document.links[anchor(kind, id_)], (rule.code, id_)
                pairs += 1
    assert pairs > 300


def test_a_source_and_the_rules_that_cite_it_link_to_each_other(
    document: Document, rulebase: RuleBase
) -> None:
    for code, rule in rulebase.readable.items():
        for citation in rule.evidence:
            assert anchor("source", citation.cite) in document.links[anchor("rule", code)]
            assert anchor("rule", code) in document.links[anchor("source", citation.cite)]


def test_a_condition_is_told_in_words_and_not_in_ids(document: Document) -> None:
    printed = document.text_of("rule-H01")
    assert "When External rotators, manual muscle test: at most 4 Unless" in printed
    assert "Unless Usable external-rotator dynamometry: yes Then" in printed
    assert "hip_er_mmt" not in printed
    assert "supports weak stabilisers, moderate (2), cluster er" in printed
    assert "undetermined; gaps: (External rotators, manual muscle test)" in printed


def test_the_cases_the_hazards_and_the_settings_are_told(document: Document, handbook: Handbook) -> None:
    for case in handbook.cases:
        assert case.shows in document.text_of(anchor("case", case.code))
        assert case.story in document.text_of(anchor("case", case.code))
    assert len(handbook.cases) == len(list((CHECKOUT / "tests" / "cases").glob("*.yaml"))) > 10
    for hazard in handbook.hazards:
        printed = document.text_of(anchor("hazard", hazard.id))
        assert all(control.says in printed for control in hazard.controls)
        assert ("open" in printed) >= any(control.open for control in hazard.controls)
    for setting in handbook.settings:
        assert setting.variable in document.text_of("settings")


def test_a_text_of_the_rules_is_never_taken_for_html(
    handbook: Handbook, rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = '<b>bold</b> & "quoted" <script>alert(1)</script>'
    rules = [
        replace(rule, title=hostile, because=hostile, caution=hostile, effects=(Note("exam", hostile),))
        for rule in rulebase.rules[:1]
    ]
    state = next(iter(rulebase.states.values()))
    states = {**rulebase.states, state.id: replace(state, label=hostile)}
    base = replace(rulebase, rules=(*rules, *rulebase.rules[1:]), states=states)
    page = printed_alone(monkeypatch, replace(handbook, rulebase=base), "rules", "states")
    assert page.faults == []
    assert page.all("script") == page.all("b") == []
    assert page.text_of(anchor("rule", rules[0].code)).count(hostile) == 4
    assert hostile in page.text_of(anchor("state", state.id))


def test_a_family_that_has_no_title_yet_is_printed_all_the_same(
    handbook: Handbook, rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = (replace(rulebase.rules[0], family="bilateral", file="bilateral/new.yaml"), *rulebase.rules[1:])
    base = replace(rulebase, rules=rules)
    page = printed_alone(monkeypatch, replace(handbook, rulebase=base), "rules")
    assert anchor("rule", rules[0].code) in page.values("id")
    assert "bilateral" in page.text_of("rules")


def test_a_log_that_is_not_right_is_said(
    tmp_path: Path, handbook: Handbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs" / "safety").mkdir(parents=True)
    (tmp_path / "docs" / "safety" / "hazards.yaml").write_text(
        "hazards:\n  HZ01: {hazard: a}\n", encoding="utf-8"
    )
    with pytest.raises(RuleBaseError, match=r"docs/safety/hazards.yaml:2: .*lacks 'harm'"):
        printed_alone(monkeypatch, replace(handbook, checkout=tmp_path), "hazards")
