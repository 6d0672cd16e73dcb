"""The lock lets a rule base change only with versions and changelog, and says what is missing."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from service.domain.rule import NEVER, Citation, FindingTest, Group, Note, RaiseFlag, SetState
from service.domain.rulebase import RuleBase
from service.knowledge.problems import Problem, RuleBaseError
from service.versions import locking
from service.versions.changelog import Changelog
from service.versions.check import VersionCheck
from service.versions.content import Content, fingerprint
from service.versions.lock import Lock
from service.versions.locking import version_problems, write_lock
from tests.unit.knowledge.workbench import Workbench

ROTATORS = "contributors/hip/weak-external-rotators.yaml"
BUNION = "contributors/foot/moderate-or-severe-bunion.yaml"
STALE = "conventions/stale-finding.yaml"
BASE, LOG, LOCK = "rulebase.yaml", "CHANGELOG.md", "lock.json"
PEOPLE = 1000
COMMON = {"foot_instability": {"supported": 50, "possible": 144}}
RETIRED = ("status: draft", "status: retired")
WEAKER = ("{at_most: 4}", "{at_most: 4-}")
RAISED = ("version: 1\n", "version: 2\n")
NEW_SECTION = (
    "## 0.2.0 – next\n\n### Clinical impact\n\n{impact}\n\n### How common\n\n{common}\n\n## 0.1.0 – first"
)


@pytest.fixture(scope="module")
def locked(rulebase: RuleBase) -> Lock:
    """The shipped rule base as it was locked before somebody changed the copy."""
    return Lock.of(rulebase, PEOPLE, COMMON)


Problems = Callable[..., list[Problem]]


@pytest.fixture
def problems(bench: Workbench, locked: Lock) -> Problems:
    def found(
        before: Lock = locked, people: int = PEOPLE, common: Mapping[str, Mapping[str, int]] = COMMON
    ) -> list[Problem]:
        bench.write(LOCK, before.text())
        now = bench.load()
        return VersionCheck(bench.folder, now, before, Lock.of(now, people, common)).problems()

    return found


def release(bench: Workbench, impact: str = "- Nothing.", common: str = "- As before.") -> None:
    """A newer version of the rule base, and a section about it."""
    bench.replace(BASE, "version: 0.1.0", "version: 0.2.0")
    bench.replace(LOG, "## 0.1.0 – first", NEW_SECTION.format(impact=impact, common=common))


def said(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.file, problem.message) for problem in problems]


# -- what changes nothing ------------------------------------------------------------------------


def test_what_is_locked_and_not_changed_has_no_problem(problems: Problems) -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (ROTATORS, "code: H01\n", "# a comment\ncode: H01      # another\n"),
        (ROTATORS, "when:\n  all:\n    - hip_er_mmt: {at_most: 4}", "when: [{hip_er_mmt: {at_most: 4}}]"),
        (ROTATORS, "three muscle groups that", "three  muscle\n  groups that"),
        (ROTATORS, "Grade 4 counts as weak", "A grade of 4 counts as weak"),
        (ROTATORS, "status: draft", "status: reviewed\nreviewed: {by: A, on: 2026-11-20, due: 2027-11-20}"),
    ],
    ids=["comments", "layout", "line breaks", "examples", "a review"],
)  # fmt: skip
def test_layout_comments_examples_and_reviews_are_no_change(
    bench: Workbench, problems: Problems, file: str, old: str, new: str
) -> None:
    bench.replace(file, old, new)
    assert problems() == []


# -- rules ---------------------------------------------------------------------------------------


def test_a_text_that_changes_asks_for_the_version_of_its_rule_only(
    bench: Workbench, problems: Problems
) -> None:
    bench.replace(ROTATORS, "that hold the hip", "that keep the hip")
    line = bench.line_of(ROTATORS, "version: 1")
    todo = "H01 changed and kept its version 1: raise 'version' to 2"
    assert problems() == [Problem(ROTATORS, line, todo)]
    bench.replace(ROTATORS, *RAISED)
    assert problems() == []


def test_another_conclusion_asks_for_both_versions_and_a_line_on_clinical_impact(
    bench: Workbench, problems: Problems
) -> None:
    bench.replace(ROTATORS, *WEAKER)
    impact = (
        "H01 concludes something else: say what that means for people under '### Clinical impact' "
        "of the newest section, naming H01"
    )
    assert said(problems()) == [
        (LOG, impact),
        (ROTATORS, "H01 changed and kept its version 1: raise 'version' to 2"),
        (BASE, "what is concluded changed since version 0.1.0 was locked: raise 'version' above it"),
    ]
    bench.replace(ROTATORS, *RAISED)
    release(bench, impact="- H01 speaks later.")
    assert problems() == []


TEXTS = {
    "title": "t", "because": "b", "caution": None, "origin": ("expert",), "always_known": True,
    "evidence": (Citation("neal-2019", "s", "l"),), "id": "another-name", "family": "chains",
}  # fmt: skip
CONCLUSIONS = {
    "when": FindingTest("hip_er_mmt", "at_most", (3,), "at most 3+"),
    "unless": NEVER,
    "effects": (SetState("external_rotator_underuse"),),
}
NEITHER = {"version": 9, "status": "reviewed", "examples": (), "file": "x.yaml", "line": 9}


@pytest.mark.parametrize(
    ("changed", "differs"),
    [(TEXTS, (True, False)), (CONCLUSIONS, (True, True)), (NEITHER, (False, False))],
    ids=["what it says", "what it concludes", "neither"],
)
def test_each_part_of_a_rule_is_where_it_belongs(
    rulebase: RuleBase, changed: dict[str, Any], differs: tuple[bool, bool]
) -> None:
    content, rule = Content(rulebase), rulebase.rule_by_code["H01"]
    for key, value in changed.items():
        other = replace(rule, **{key: value})
        found = (
            content.rule(other) != content.rule(rule),
            content.concludes(other) != content.concludes(rule),
        )
        assert found == differs, key


def test_of_an_effect_every_field_but_its_points_is_concluded(rulebase: RuleBase) -> None:
    content, rule = Content(rulebase), rulebase.rule_by_code["H01"]
    score = rule.scores[0]
    others = {"target": "hip_instability", "supports": False, "strength": "weak", "cluster": "abd",
              "combination": True}  # fmt: skip
    assert {*others, "points"} == {field.name for field in fields(score)}
    for key, value in others.items():
        other = replace(rule, effects=(replace(score, **{key: value}),))
        one = replace(rule, effects=(score,))
        assert content.concludes(other) != content.concludes(one), key
    note, flag = Note("exam", "One."), RaiseFlag("Z03", "One.")
    for effect in (note, flag):
        one, other = (replace(rule, effects=(e,)) for e in (effect, replace(effect, text="Two.")))
        assert content.concludes(one) != content.concludes(other)
        assert content.decides(one) == content.decides(other)


def test_the_order_within_a_group_is_content_and_no_other_conclusion(rulebase: RuleBase) -> None:
    content, rule = Content(rulebase), rulebase.rule_by_code["Z15"]
    assert isinstance(rule.when, Group)
    turned = replace(rule, when=replace(rule.when, members=rule.when.members[::-1]))
    assert content.concludes(turned) == content.concludes(rule)
    assert content.rule(turned) != content.rule(rule)


def test_the_line_on_clinical_impact_must_stand_in_the_newest_section_and_under_its_heading(
    bench: Workbench, problems: Problems
) -> None:
    bench.replace(ROTATORS, *WEAKER)
    bench.replace(ROTATORS, *RAISED)
    bench.replace(LOG, "### Clinical impact\n", "### Clinical impact\n\n- H01 in an older section.\n")
    release(bench, impact="- Something else, H011 and H01x.", common="- H01 under the wrong heading.")
    (problem,) = problems()
    assert (problem.file, problem.line) == (LOG, bench.line_of(LOG, "### Clinical impact"))


def test_a_range_of_codes_names_each_of_them(bench: Workbench, problems: Problems) -> None:
    bench.replace(ROTATORS, *WEAKER)
    bench.replace(ROTATORS, *RAISED)
    release(bench, impact="- H01–H04 speak later.")
    assert problems() == []


def test_a_version_is_never_lowered(bench: Workbench, locked: Lock, problems: Problems) -> None:
    higher = replace(locked.rules["H01"], version=3)
    before = replace(locked, rules={**locked.rules, "H01": higher})
    assert said(problems(before)) == [(ROTATORS, "H01 had version 3, now 1: raise 'version' to 4")]


def test_a_code_does_not_vanish(bench: Workbench, problems: Problems) -> None:
    bench.remove(BUNION)
    bench.replace("vocabulary/chains.yaml", "rules: [F07, F13, F19]", "rules: [F13, F19]")
    for name in ("hallux_valgus_present", "bunion_measured"):
        bench.replace("contributors/foot/bunion-seen.yaml", "then:\n", f"then:\n  - state: {name}\n")
    found = dict(said(problems()))
    gone = (
        "F07 (moderate-or-severe-bunion) is gone: keep its file with 'status: retired', and lock that first"
    )
    assert found[LOCK] == gone


def test_a_retired_rule_may_leave_and_its_code_is_kept(
    bench: Workbench, rulebase: RuleBase, locked: Lock, problems: Problems
) -> None:
    retired = replace(locked.rules["H01"], rule="an-older-rule", force="retired")
    before = replace(locked, rules={**locked.rules, "H99": retired})
    assert problems(before) == []
    assert Lock.of(rulebase, PEOPLE, COMMON, before).rules["H99"] == retired


def test_a_code_is_never_used_again(bench: Workbench, locked: Lock, problems: Problems) -> None:
    other = replace(locked.rules["H01"], rule="an-older-rule", force="retired")
    found = said(problems(replace(locked, rules={**locked.rules, "H01": other})))
    assert (
        ROTATORS,
        "H01 was the code of an-older-rule: a code is never used again, take a new one",
    ) in found


def test_to_retire_a_rule_is_another_conclusion(bench: Workbench, problems: Problems) -> None:
    bench.replace(ROTATORS, *RETIRED)
    assert [file for file, _ in said(problems())] == [LOG, BASE]
    release(bench, impact="- H01 is gone.")
    assert problems() == []


def test_a_new_rule_is_a_new_conclusion(bench: Workbench, locked: Lock, problems: Problems) -> None:
    without = {code: entry for code, entry in locked.rules.items() if code != "H01"}
    found = said(problems(replace(locked, rules=without)))
    assert [file for file, _ in found] == [LOG, BASE]
    assert found[0][1].startswith("H01 is new: ")


def test_a_convention_is_locked_as_a_rule_is(bench: Workbench, problems: Problems) -> None:
    bench.replace(STALE, "{finding}: too old", "{finding}: much too old")
    assert [file for file, _ in said(problems())] == [LOG, STALE, BASE]


def test_a_rule_that_is_switched_off_by_hand_needs_its_line_and_no_version(
    bench: Workbench, problems: Problems
) -> None:
    off = "status: disabled\ndisabled: {by: x, on: 2026-11-20, reason: y, was: draft}"
    bench.replace(ROTATORS, "status: draft", off)
    ((file, message),) = said(problems())
    assert (file, message.split(":")[0]) == (LOG, "H01 was switched on or off")
    bench.replace(LOG, "### Clinical impact\n", "### Clinical impact\n\n- H01 switched off.\n")
    assert problems() == []


# -- what else decides -----------------------------------------------------------------------------

DECISIONS = {
    "classes": (BASE, "net: {at_least: 4}", "net: {at_least: 5}"),
    "strengths": (BASE, "moderate: 2, weak: 1", "moderate: 2, weak: 0"),
    "ranking": (BASE, "class_order: [supported, conflicting,", "class_order: [conflicting, supported,"),
    "recommendations": (BASE, "when_incomplete: [R00, R01, R11]", "when_incomplete: [R00, R11]"),
    "answers_last_hours": (BASE, "answers_last_hours: 24", "answers_last_hours: 48"),
    "contributor foot_instability": (
        "vocabulary/contributors.yaml", "{label: bunion, any_of: [hallux_valgus_manchester, ",
        "{label: bunion, any_of: ["),
    "contributor knee_extensor_deficit": (
        "vocabulary/contributors.yaml", "grade: moderate\n", "grade: low\n"),
    "finding fpi6": ("vocabulary/findings/foot.yaml", "range: [-12, 12]", "range: [-12, 13]"),
    "formula usable_er_dynamometry": ("vocabulary/derived.yaml", "{is: khayambashi_2016}", "{is: other}"),
    "flag Z06": ("vocabulary/red_flags.yaml", "knee\n    urgency: URGENT", "knee\n    urgency: SOON"),
    "recommendation R02": (
        "vocabulary/recommendations.yaml", "target: hip_stabiliser_deficit", "target: hip_instability"),
}  # fmt: skip


@pytest.mark.parametrize("name", DECISIONS)
def test_what_else_decides_asks_for_the_version_of_the_base_and_its_line(
    bench: Workbench, problems: Problems, name: str
) -> None:
    bench.replace(*DECISIONS[name])
    found = said(problems())
    assert [file for file, _ in found] == [LOG, BASE]
    word = name.split(" ")[-1] if " " in name else f"`{name}`"
    assert found[0][1].startswith(f"{name} decides otherwise: ")
    assert found[0][1].endswith(f"naming {word}")
    if name in ("classes", "finding fpi6"):
        release(bench, impact=f"- {word} is otherwise.")
        assert problems() == []


def test_labels_words_and_cut_offs_decide_nothing(bench: Workbench, problems: Problems) -> None:
    bench.replace("vocabulary/contributors.yaml", "label: foot base not stable", "label: unsteady foot")
    bench.replace("vocabulary/findings/foot.yaml", "label: Navicular drop", "label: Drop of the navicular")
    bench.replace(BASE, "words: clear signs", "words: plain signs")
    assert problems() == []


def test_every_rule_and_decision_has_its_own_hash(rulebase: RuleBase, locked: Lock) -> None:
    assert set(locked.rules) == set(rulebase.readable)
    hashes = [entry.content for entry in locked.rules.values()]
    assert len(set(hashes)) == len(hashes) > 190
    kinds = {name.split(" ")[0] for name in locked.decisions}
    assert kinds >= {"classes", "finding", "formula", "contributor", "flag", "recommendation", "urgencies"}


def test_a_finer_step_of_a_finding_is_no_other_threshold(bench: Workbench, rulebase: RuleBase) -> None:
    bench.replace("vocabulary/findings/ankle.yaml", "step: 0.1", "step: 0.01")
    before, now = Content(rulebase), Content(bench.load())
    for code in ("A01", "A02", "A03"):
        old, new = (content.rule(content.rulebase.rule_by_code[code]) for content in (before, now))
        assert fingerprint(old) == fingerprint(new)


# -- base version, changelog, how common -------------------------------------------------------------


def test_the_rule_base_goes_back_to_no_older_version(
    bench: Workbench, locked: Lock, problems: Problems
) -> None:
    assert (BASE, "version 0.10.0 was locked: 0.1.0 is lower") in said(
        problems(replace(locked, version="0.10.0"))
    )
    assert said(problems(replace(locked, version="0.0.9"))) == []


def test_the_newest_section_is_about_the_version_that_stands(bench: Workbench, problems: Problems) -> None:
    bench.replace(BASE, "version: 0.1.0", "version: 0.2.0")
    (problem,) = problems()
    assert problem == Problem(
        LOG, bench.line_of(LOG, "## 0.1.0"), "the newest section is about 0.1.0: add '## 0.2.0'"
    )


@pytest.mark.parametrize(("supported", "people"), [(51, 1000), (50, 900)])
def test_a_class_that_became_more_common_needs_its_line(
    bench: Workbench, problems: Problems, supported: int, people: int
) -> None:
    common = {"foot_instability": {"supported": supported, "possible": 100}}
    ((file, message),) = said(problems(people=people, common=common))
    assert file == LOG
    assert message.startswith("more people of the invented sample are supported for foot_instability: ")
    release(bench, common="- foot_instability is more common.")
    assert problems(people=people, common=common) == []


def test_a_class_that_became_rarer_needs_no_line(problems: Problems) -> None:
    assert problems(common={"foot_instability": {"supported": 49, "possible": 144}}) == []
    assert problems(people=2000, common={"foot_instability": {"supported": 100, "possible": 288}}) == []


# -- writing it ------------------------------------------------------------------------------------


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base rates are not this test's matter."""
    monkeypatch.setattr(locking, "_how_common", lambda folder, rulebase: (PEOPLE, COMMON))


@pytest.mark.usefixtures("counted")
def test_the_lock_is_not_written_while_anything_is_missing(bench: Workbench, locked: Lock) -> None:
    bench.write(LOCK, locked.text())
    bench.replace(ROTATORS, *WEAKER)
    with pytest.raises(RuleBaseError) as refused:
        write_lock(bench.folder, bench.load())
    assert len(refused.value.problems) == 3
    assert bench.read(LOCK) == locked.text()


@pytest.mark.usefixtures("counted")
def test_once_all_is_said_the_lock_moves_and_holds_what_is_there(bench: Workbench, locked: Lock) -> None:
    bench.write(LOCK, locked.text())
    bench.replace(ROTATORS, *WEAKER)
    bench.replace(ROTATORS, *RAISED)
    release(bench, impact="- H01 speaks later.")
    behind = Problem(LOCK, 1, "does not record this rule base yet: 'kneechain rules lock' writes it")
    assert version_problems(bench.folder, bench.load()) == [behind]
    recorded = write_lock(bench.folder, bench.load())
    assert recorded.changes is not None
    assert (recorded.changes.concluding, recorded.changes.deciding) == (("H01",), ())
    assert version_problems(bench.folder, bench.load()) == []
    assert Lock.read(bench.folder) == recorded.lock
    assert (recorded.lock.version, recorded.lock.rules["H01"].version) == ("0.2.0", 2)


@pytest.mark.usefixtures("counted")
def test_while_it_was_never_approved_the_lock_may_be_written_anew(bench: Workbench, locked: Lock) -> None:
    bench.write(LOCK, locked.text())
    bench.replace(ROTATORS, *WEAKER)
    recorded = write_lock(bench.folder, bench.load(), anew=True)
    assert recorded.changes is None
    assert version_problems(bench.folder, bench.load()) == []


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("approved", ["by the lock", "by the base"])
def test_what_was_approved_once_is_never_locked_anew(bench: Workbench, locked: Lock, approved: str) -> None:
    bench.write(LOCK, replace(locked, approved=approved == "by the lock").text())
    if approved == "by the base":
        approve(bench)
    with pytest.raises(RuleBaseError, match="was approved"):
        write_lock(bench.folder, bench.load(), anew=True)


def approve(bench: Workbench) -> None:
    bench.replace(BASE, "status: draft  ", "status: reviewed")
    bench.replace(BASE, "approved_by: ", "approved_by: Dr A ")
    bench.replace(BASE, "approved_on:\n", "approved_on: 2026-11-20\n")


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("anew", [False, True])
def test_without_its_lock_an_approved_rule_base_is_not_locked_and_none_is_asked_for(
    bench: Workbench, anew: bool
) -> None:
    bench.remove(LOCK)
    approve(bench)
    rulebase = bench.load()
    with pytest.raises(RuleBaseError, match="restore the lock") as refused:
        write_lock(bench.folder, rulebase, anew)
    assert not (bench.folder / LOCK).exists()
    assert version_problems(bench.folder, rulebase) == refused.value.problems
    assert "rules lock" not in str(refused.value)


@pytest.mark.usefixtures("counted")
def test_a_draft_without_a_lock_gets_its_first(bench: Workbench, rulebase: RuleBase) -> None:
    bench.remove(LOCK)
    assert write_lock(bench.folder, rulebase).changes is None
    assert version_problems(bench.folder, rulebase) == []


@pytest.mark.usefixtures("counted")
def test_that_it_was_approved_stays_in_the_lock(bench: Workbench, locked: Lock) -> None:
    bench.write(LOCK, replace(locked, approved=True).text())
    assert write_lock(bench.folder, bench.load()).lock.approved


@pytest.mark.usefixtures("counted")
def test_a_lock_that_is_missing_or_spoilt_is_said(bench: Workbench, rulebase: RuleBase) -> None:
    bench.remove(LOCK)
    missing = Problem(LOCK, 1, "is missing: 'kneechain rules lock' writes it")
    assert version_problems(bench.folder, rulebase) == [missing]
    for spoilt in ("", "[]", "{}", '{"rules": {"H01": {}}}'):
        bench.write(LOCK, spoilt)
        (problem,) = version_problems(bench.folder, rulebase)
        assert problem.message.startswith("is no lock")


def test_the_text_of_a_lock_is_json_with_one_line_for_each_rule(locked: Lock) -> None:
    text = locked.text()
    assert json.loads(text)["rules"]["H01"]["rule"] == "weak-external-rotators"
    assert sum(line.startswith('  "H01": ') for line in text.splitlines()) == 1


# -- the changelog -----------------------------------------------------------------------------------


def test_an_item_is_added_at_the_end_of_its_heading(tmp_path: Path) -> None:
    text = "# Log\n\n## 1.2.0\n\n### Clinical impact\n\n- One.\n  More.\n\n### Dates\n\nx\n\n## 1.1.0\n\ny\n"
    added = Changelog(text).adding("Clinical impact", "Two.").text
    assert added == text.replace("  More.\n", "  More.\n- Two.\n")
    assert Changelog(added).adding("Clinical impact", "w " * 60).text.count("\n") == added.count("\n") + 2


def test_a_heading_that_is_missing_is_added_to_the_newest_section() -> None:
    added = Changelog("# Log\n\n## 1.2.0\n\nx\n\n## 1.1.0\n\ny\n").adding("Clinical impact", "Two.")
    assert added.text == "# Log\n\n## 1.2.0\n\nx\n\n### Clinical impact\n\n- Two.\n\n## 1.1.0\n\ny\n"
    assert added.says("Clinical impact", "Two")
