"""What people read: no probability, no diagnosis, no cause; no word that frightens; no class by itself."""

import io
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from rich.console import Console
from ruamel.yaml import YAML

from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from schemas.strict_json import read_json
from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.assessment import Assessment
from service.domain.rule import Ask, Forbid, Note, RaiseFlag, Rule
from service.domain.rulebase import RuleBase
from service.terminal import assessment_tree

Text = tuple[str, str]
"""Where it stands, and what it says."""


# -- the texts of the rule base ---------------------------------------------------------------


def spoken(rulebase: RuleBase) -> Iterator[Text]:
    """What is said of a person: all but what a study measured (`shows`, cut-offs, reliability)."""
    for rule in rulebase.rules:
        yield from _of_rule(rule)
    for convention in rulebase.conventions.values():
        for part in ("title", "text", "because", "caution"):
            yield f"{convention.code} {part}", getattr(convention, part) or ""
    for code, recommendation in rulebase.recommendations.items():
        for part in ("label", "text", "for_patients", "dose", "support", "limits"):
            yield f"{code} {part}", getattr(recommendation, part)
    for id_, alternative in rulebase.alternatives.items():
        yield f"alternative {id_}", f"{alternative.label}. {alternative.text}"
    for id_, contributor in rulebase.contributors.items():
        certainty = contributor.link_certainty
        yield f"{id_} label", contributor.label
        yield f"{id_} for_patients", contributor.for_patients
        yield f"{id_} link", f"{certainty.text} {certainty.shown_as or ''}"
    for chain in rulebase.chains:
        yield from ((f"chain {chain.id} {arrow.source}", arrow.says) for arrow in chain.arrows)
        yield f"chain {chain.id} label", chain.label
    yield from ((f"{state.id} label", state.label) for state in rulebase.states.values())
    yield from ((f"{flag.code} label", flag.label) for flag in rulebase.red_flags.values())
    yield from ((f"{gate.id} asks", gate.asks) for gate in rulebase.gates.values())
    yield from ((f"class {class_rule.name}", class_rule.words) for class_rule in rulebase.class_rules)
    yield from ((f"wording {key}", text) for key, text in rulebase.wording.items())
    yield from ((f"urgency {urgency.id}", urgency.words) for urgency in rulebase.urgencies)
    yield "rulebase intended_use", rulebase.approval.intended_use
    yield "rulebase draft_notice", rulebase.approval.draft_notice


def _of_rule(rule: Rule) -> Iterator[Text]:
    yield f"{rule.code} title", rule.title
    yield f"{rule.code} because", rule.because
    yield f"{rule.code} caution", rule.caution or ""
    for effect in rule.effects:
        match effect:
            case Note(_, text) | RaiseFlag(_, text) | Forbid(_, text) | Ask(_, text):
                yield f"{rule.code} says", text


def studied(rulebase: RuleBase) -> Iterator[Text]:
    """What is said of studies and tests."""
    for rule in rulebase.rules:
        yield from ((f"{rule.code} shows {citation.cite}", citation.shows) for citation in rule.evidence)
    yield from ((f"source {key}", source.shows) for key, source in rulebase.sources.items())
    for id_, finding in rulebase.findings.items():
        yield f"finding {id_}", f"{finding.label} {finding.measured}"
        yield from ((f"finding {id_}", text.says) for text in (*finding.cut_offs, *finding.reliability))


PERCENTAGE = re.compile(r"%|\bper ?cent", re.I)
PROBABILITY = re.compile(r"\bprobab|\blikelihood|\bchance|\bodds\b", re.I)
DIAGNOSIS = re.compile(r"\bdiagnos", re.I)
CAUSE = re.compile(r"\bcaus(?:e[sd]?|al\w*|ing|ation)\b|\bdue to\b|\bresponsible for\b|\broot of\b", re.I)

ALLOWED = {
    # a measured quantity
    ("Z17a says", PERCENTAGE): "a limit of oxygen saturation",
    ("R15 dose", PERCENTAGE): "a share of body mass to lose",
    ("H04 caution", PERCENTAGE): "the limit of a side ratio, called a convention",
    ("K03 caution", PERCENTAGE): "the limit of a side ratio, called a convention",
    # what a study found, said as such
    ("R02 support", PERCENTAGE): "a confidence interval of pooled data",
    ("F01 caution", PROBABILITY): "the odds ratios of studies, to say that they are small",
    # denied
    ("L01 caution", PERCENTAGE): "says that no percentage is agreed on",
    ("Z03 caution", PROBABILITY): "says that no likelihood ratios are used",
    ("rulebase intended_use", DIAGNOSIS): "says that it does not diagnose",
}


def test_nothing_said_of_a_person_is_a_probability_a_diagnosis_or_a_cause(rulebase: RuleBase) -> None:
    texts = list(spoken(rulebase))
    assert len(texts) > 900
    found = {
        (where, pattern)
        for where, text in texts
        for pattern in (PERCENTAGE, PROBABILITY, DIAGNOSIS, CAUSE)
        if pattern.search(text)
    }
    assert found - ALLOWED.keys() == set()
    assert ALLOWED.keys() - found == set(), "an exception that nothing needs any more"


def test_nothing_said_of_a_study_is_a_diagnosis_or_a_cause(rulebase: RuleBase) -> None:
    texts = list(studied(rulebase))
    assert len(texts) > 700
    assert [text for text in texts if DIAGNOSIS.search(text[1]) or CAUSE.search(text[1])] == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (PERCENTAGE, "a chance of 40 %"),
        (PROBABILITY, "probably the hip"),
        (DIAGNOSIS, "Diagnosis: flat foot"),
        (CAUSE, "weak hips cause the pain"),
        (CAUSE, "pain caused by the foot"),
        (CAUSE, "due to the core"),
    ],
)
def test_what_is_looked_for_is_found(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)
    assert not pattern.search("because the foot points this way, consider examining it")


# -- words for patients -----------------------------------------------------------------------

HURTFUL = re.compile(r"\b(?:collaps|weak|unstable|instab|damag|dysfunction)", re.I)
"""The words that clinical hazard analysis bans from texts a patient may read."""


def for_patients(rulebase: RuleBase) -> list[Text]:
    """What a patient may read or be told; a recommendation's own label and text may be shown to one too."""
    options = rulebase.recommendations.items()
    shown = [(code, part) for code, r in options for part in (r.label, r.text, r.for_patients)]
    shown += [(id_, part) for id_, a in rulebase.alternatives.items() for part in (a.label, a.text)]
    return shown + [(id_, c.for_patients) for id_, c in rulebase.contributors.items()]


def test_no_text_for_patients_uses_a_word_that_frightens(rulebase: RuleBase) -> None:
    texts = for_patients(rulebase)
    alternatives = 2 * len(rulebase.alternatives)
    assert len(texts) == 3 * len(rulebase.recommendations) + alternatives + len(rulebase.contributors) > 80
    assert [text for text in texts if HURTFUL.search(text[1])] == []
    assert HURTFUL.search("your feet have collapsed")
    assert HURTFUL.search("Weakness of the hip")


def test_the_rule_base_bans_the_words_that_the_hazard_analysis_names(rulebase: RuleBase) -> None:
    named = ("collapse", "weak", "unstable", "damage", "dysfunction")
    assert [word for word in named if not word.startswith(rulebase.never_to_patients)] == []


def test_a_text_for_patients_speaks_to_the_person_and_orders_nothing(rulebase: RuleBase) -> None:
    for id_, contributor in rulebase.contributors.items():
        assert re.match(r"How (?:\w+ )*?(?:you|your)\b", contributor.for_patients), id_
    for code, option in rulebase.recommendations.items():
        assert option.for_patients.startswith("One option is "), code
        assert not re.search(r"\b(?:must|should|need to|have to)\b", option.for_patients), code


def test_a_recommendation_is_an_option(rulebase: RuleBase) -> None:
    assert [code for code, r in rulebase.recommendations.items() if not r.text.startswith("Consider ")] == []


def test_a_low_arch_is_not_called_a_collapse(rulebase: RuleBase) -> None:
    assert rulebase.states["arch_collapse"].label == "low or pronated arch"


# -- answers -----------------------------------------------------------------------------------

# The examples show no signs that disagree (load raised fast, but the pain began at another time)
# and no note about a contributor (weak internal rotators).
DISAGREEING = b"""{"knees": ["right"], "findings": [
  {"id": "training_load_change", "value": "rapid_increase"},
  {"id": "hip_ir_mmt", "side": "right", "value": "4"},
  {"id": "onset_within_6wk_of_load_change", "value": "no"}]}"""


@pytest.fixture(scope="module")
def answers(assessor: Assessor, reader: ExamReader, now: datetime) -> list[Assessment]:
    bodies = [path.read_bytes() for path in sorted((CHECKOUT / "examples").glob("*.json"))]
    return [
        assessor.assess(reader.read(read_json(body), now), now=now, assessment_id=f"example-{number}")
        for number, body in enumerate([*bodies, DISAGREEING])
    ]


def test_no_headline_names_a_class_without_its_link_certainty(
    answers: list[Assessment], rulebase: RuleBase
) -> None:
    words = sorted(rulebase.class_words.values(), key=len, reverse=True)
    either = re.compile("|".join(map(re.escape, words)))
    seen = set()
    for answer in answers:
        headline = answer.summary.headline
        for match in either.finditer(headline):
            seen.add(match.group())
            assert re.match(r"; link certainty \w", headline[match.end() :]), headline
    assert {"clear signs", "some signs", "a sign, little examined", "signs disagree"} <= seen


def test_no_line_of_the_tree_names_a_contributors_class_without_its_link_certainty(
    answers: list[Assessment], rulebase: RuleBase
) -> None:
    classed = re.compile(": (?:" + "|".join(map(re.escape, rulebase.class_words.values())) + r") \(")
    lines = [line for answer in answers for line in printed(answer, rulebase) if classed.search(line)]
    assert len(lines) > 50
    assert [line for line in lines if "; link certainty " not in line] == []


def test_the_tree_says_of_what_a_note_speaks(answers: list[Assessment], rulebase: RuleBase) -> None:
    label = rulebase.contributors["hip_stabiliser_deficit"].label.capitalize()
    lines = [line for answer in answers for line in printed(answer, rulebase)]
    assert any(f"─ {label}: " in line for line in lines)


def test_the_tree_shows_alternatives_beneath_the_contributors_with_what_points_to_them(
    answers: list[Assessment], rulebase: RuleBase
) -> None:
    shown = [(answer, knee) for answer in answers for knee in answer.knees if knee.alternatives]
    assert shown
    for answer, knee in shown:
        lines = printed(answer, rulebase)
        begins = next(n for n, line in enumerate(lines) if line.startswith(f"{knee.side.capitalize()} knee"))
        lines = lines[begins:]
        place = next(n for n, line in enumerate(lines) if line.endswith("─ Other explanations, not scored"))
        for alternative in knee.alternatives:
            said = f"─ {alternative.definition.label}: {alternative.definition.text}"
            place += next(n for n, line in enumerate(lines[place:]) if line.endswith(said))
            for code, because in zip(alternative.rules, alternative.because, strict=True):
                assert any(line.endswith(f"─ · {code} {because}") for line in lines[place:])
            assert any(line.endswith(f"─ {alternative.caution}") for line in lines[place:])


def test_the_tree_says_what_is_less_specific_and_lists_the_options_of_two_knees_once(
    assessor: Assessor, reader: ExamReader, rulebase: RuleBase, now: datetime
) -> None:
    lines = {}
    for name in ("v32-two-knees-two-reasons", "v33-pain-free-other-side"):
        case = YAML(typ="safe", pure=True).load(CHECKOUT / "tests" / "cases" / f"{name}.yaml")
        exam = reader.read(read_json(json.dumps(case["given"]).encode()), now)
        lines[name[:3]] = printed(assessor.assess(exam, now=now, assessment_id=name), rulebase)
    assert [line for line in lines["v33"] if line.endswith("─ · less specific: Foot Posture Index-6")]
    begins = lines["v32"].index("Options for both knees as one list")
    assert [line.split()[-2:] for line in lines["v32"][begins + 1 : begins + 3]] == [
        ["R09,", "right"], ["and", "right"],
    ]  # fmt: skip
    assert "Options for both knees as one list" not in lines["v33"]


def test_the_tree_keeps_tests_apart_whose_labels_hold_commas(
    answers: list[Assessment], rulebase: RuleBase
) -> None:
    lines = [line for answer in answers for line in printed(answer, rulebase) if line.endswith(" N03")]
    assert lines
    labels = [rulebase.findings[id_].label for id_ in ("wblt_cm", "wblt_deg")]
    assert all(line.endswith(f"─ {labels[0]}; {labels[1]} N03") for line in lines)


def printed(answer: Assessment, rulebase: RuleBase) -> list[str]:
    screen = Console(file=io.StringIO(), width=2000, color_system=None)
    screen.print(assessment_tree(answer, rulebase))
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue().splitlines()


def test_each_class_of_an_answer_stands_beside_words_and_link_certainty(
    answers: list[Assessment], rulebase: RuleBase
) -> None:
    classed = [
        item for answer in answers for item in objects(write_assessment(answer, rulebase)) if "class" in item
    ]
    contributors = [item for item in classed if "coverage" in item and isinstance(item["coverage"], dict)]
    assert len(contributors) > 50
    for item in contributors:
        assert item["class_words"] == rulebase.class_words[item["class"]]
        assert item["link_certainty"]["grade"] in rulebase.link_certainty_order
        assert item["link_certainty"]["text"]


def test_no_answer_asserts_a_diagnosis_or_a_cause(answers: list[Assessment], rulebase: RuleBase) -> None:
    for answer in answers:
        written = write_assessment(answer, rulebase)
        written["rule_base"] = {}  # its intended use says that it does not diagnose
        texts = [text for item in objects(written) for text in item.values() if isinstance(text, str)]
        assert len(texts) > 50
        assert [text for text in texts if DIAGNOSIS.search(text) or CAUSE.search(text)] == []


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(child)


# -- evidence and caution ------------------------------------------------------------------------

UNCONTESTED = {"C04", "F17", "I08", "M02", "M05", "M06"}
"""The rules beside which the clinical specification lists nothing that speaks against them."""


def test_every_rule_cites_evidence_that_is_in_the_bibliography(rulebase: RuleBase) -> None:
    for rule in (*rulebase.rules, *rulebase.conventions.values()):
        assert rule.evidence, rule.code
        for citation in rule.evidence:
            assert citation.cite in rulebase.sources, rule.code
            assert citation.shows, rule.code
            assert re.match(r"(SEED|OCEBM [1-5]|guideline|convention)\b", citation.level), rule.code


def test_every_contested_rule_says_what_speaks_against_it(rulebase: RuleBase) -> None:
    silent = {rule.code for rule in rulebase.rules if not rule.caution}
    assert silent == UNCONTESTED


def test_every_contributor_says_on_what_its_link_rests(rulebase: RuleBase) -> None:
    for contributor in rulebase.contributors.values():
        assert contributor.link_certainty.text
        assert set(contributor.link_certainty.cites) <= rulebase.sources.keys()
        assert contributor.link_certainty.cites
