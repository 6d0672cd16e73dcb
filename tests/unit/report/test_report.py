"""The audit report: well formed, readable by everyone; it shows what is counted, nothing suppressed."""

import re
from datetime import UTC, date, datetime

import pytest

from service.domain.rulebase import RuleBase
from service.domain.statistics import (
    NOT_COVERED,
    SAYS,
    SUPPRESSED,
    ClassCounts,
    FlagCounts,
    Named,
    Overrides,
    Part,
    ReviewCounts,
    RuleBaseCounts,
    RuleCounts,
    Statistics,
)
from service.report.document import SECTIONS, Report
from tests.unit.handbook.reading import Document
from tests.unit.handbook.test_handbook import contrast

HIDDEN = Part(None, None)
NOTHING = Statistics(
    "clinic", None, None, None, HIDDEN, None, None, None, (), (), (), (), (), (), (),
    ReviewCounts(HIDDEN, (Named("accept", HIDDEN),)),
)  # fmt: skip
COUNTED = Statistics(
    "clinic", date(2026, 1, 1), None,
    assessments=4321, corrections=Part(23, 0.0053), refusals=17, previews=None,
    disagreements=None, disagreeing_rules=(),
    outcomes=(Named("clear", Part(1234, 0.2856)), Named("hold", HIDDEN)),
    rule_bases=(RuleBaseCounts("sha256:" + "a" * 64, "0.1.0", Part(4321, 1.0)),),
    flags=(FlagCounts("Z03", Part(41, 0.0095), HIDDEN, HIDDEN),),
    rules=(
        RuleCounts("H01", 1, Part(900, 0.2083), HIDDEN, Overrides(77, Part(19, 0.2468), (0.1642, 0.3538))),
        RuleCounts("<b>", 7, HIDDEN, Part(555, 0.1284), Overrides(None, HIDDEN, None)),
    ),
    missing=(Named("fpi6", Part(321, 0.0743)),),
    classes=(
        ClassCounts("foot_instability", (Named("possible", Part(88, 0.0204)), Named("old_class", HIDDEN))),
    ),
    reviews=ReviewCounts(Part(99, 0.0229), (Named("accept", Part(66, 0.6667)), Named("reject", HIDDEN))),
)  # fmt: skip


def page(counted: Statistics, rulebase: RuleBase) -> Document:
    return Document(Report(counted, rulebase, datetime(2026, 11, 27, 10, tzinfo=UTC)).html)


@pytest.fixture(scope="module")
def document(rulebase: RuleBase) -> Document:
    return page(COUNTED, rulebase)


def test_it_is_well_formed_and_needs_nothing_but_itself(document: Document) -> None:
    assert document.faults == []
    ids = document.values("id")
    assert len({*ids}) == len(ids)
    assert document.values("src") == document.values("style") == []
    assert [e for e in document.elements if e.tag in ("script", "img", "iframe", "object", "form")] == []
    assert [name for e in document.elements for name in e.attributes if name.startswith("on")] == []
    assert {href for href in document.values("href") if href[1:] not in ids} == {"data:,"}
    assert {fill.removeprefix("url(#").removesuffix(")") for fill in document.values("fill")} <= {*ids}


def test_it_says_first_that_rules_are_a_draft_and_what_it_does_not_prove(
    document: Document, rulebase: RuleBase
) -> None:
    notice = next(e for e in document.elements if e.attributes.get("class") == "notice")
    assert " ".join("".join(notice.text).split()) == f"{rulebase.approval.draft_notice} {SAYS}"
    assert document.elements.index(notice) < document.elements.index(document.all("main")[0])


def test_every_count_stands_in_a_table_with_a_name(document: Document) -> None:
    texts = document.texts
    assert "4,321" in texts["numbers"] and "17" in texts["numbers"]
    assert "clear 1,234 (28.6 %)" in texts["outcomes"].replace("clear1", "clear 1")
    assert "Possible infection of joint or bone" in texts["flags"] and "41 (0.9 %)" in texts["flags"]
    assert "900 (20.8 %)" in texts["rules"] and "<b> version 7" in texts["rules"]
    assert "19 (24.7 %)" in texts["overrides"] and "16.4 % to 35.4 %" in texts["overrides"]
    assert "Foot Posture Index-6" in texts["missing"] and "321 (7.4 %)" in texts["missing"]
    assert "foot base not stable" in texts["classes"] and "88" in texts["classes"]
    assert "accept66 (66.7 %)" in texts["reviews"].replace("accept 66", "accept66")
    assert SUPPRESSED in texts["suppression"] and all(said in texts["suppression"] for said in NOT_COVERED)


def test_what_is_suppressed_is_said_and_has_no_bar(document: Document) -> None:
    assert document.text_of("outcomes").count("suppressed") == 1
    nothing = [e for e in document.elements if e.attributes.get("class") == "nothing"]
    assert len(nothing) == 5  # held; Z03 held; H01 undetermined; the other rule fired; reject
    widths = {e.attributes["width"] for e in document.elements if e.attributes.get("class") == "solid"}
    assert {"28.56%", "20.83%", "7.43%"} <= widths


def test_the_interval_is_drawn_where_it_lies(document: Document) -> None:
    (dot,) = [e for e in document.elements if e.attributes.get("class") == "dot"]
    line = next(e for e in document.elements if e.attributes.get("class") == "whisker")
    assert (line.attributes["x1"], dot.attributes["cx"], line.attributes["x2"]) == (
        "16.42%",
        "24.68%",
        "35.38%",
    )


def test_an_empty_log_makes_a_page_too(rulebase: RuleBase) -> None:
    document = page(NOTHING, rulebase)
    assert document.faults == []
    assert "all that was recorded" in "".join(document.all("header")[0].text)
    assert "(they may never have fired)" in document.text_of("rules") and "H01" in document.text_of("rules")


def test_it_is_readable_by_everyone(document: Document) -> None:
    assert [len(document.all(tag)) for tag in ("header", "nav", "main", "footer", "h1", "title")] == [1] * 6
    assert document.all("html")[0].attributes["lang"] == "en"
    assert {e.attributes["aria-labelledby"] for e in document.all("section")} == {
        f"{i}-title" for i in SECTIONS
    }
    assert len(document.all("caption")) == len(document.all("table")) == 8
    assert {e.attributes.get("scope") for e in document.all("th")} == {"col", "row"}
    assert {e.attributes.get("aria-hidden") for e in document.all("svg")} <= {"true", None}
    drawn = [e for e in document.all("svg") if e.attributes.get("aria-hidden") is None]
    assert len(drawn) == 2  # the legend, which is hidden whole


def test_text_stands_out_in_light_and_in_dark(document: Document) -> None:
    style = "".join(document.all("style")[0].text)
    dark = style[style.index("prefers-color-scheme: dark") : style.index("@media", style.index(": dark") + 1)]
    light = style[: style.index("prefers-color-scheme: dark")]
    for scheme in (light, dark):
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", scheme))
        for ink, paper in (
            ("ink", "paper"),
            ("quiet", "paper"),
            ("accent", "paper"),
            ("warn-ink", "warn-paper"),
        ):
            assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
        assert contrast(colours["bar"], colours["track"]) >= 3
