"""The examples in the rule files hold and are enough; where one is missing or wrong, the check says so."""

import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import main
from service.config import CHECKOUT
from service.domain.rule import ALWAYS, NEVER
from service.domain.rulebase import RuleBase
from service.inference.infer import Inference
from service.knowledge.load import load_rulebase
from service.knowledge.problems import Problem
from service.verify.check import check_rulebase
from service.verify.completeness import missing_examples
from service.verify.examples import Examples, Run

ROTATORS = "contributors/hip/weak-external-rotators.yaml"
CLEARLY = "contributors/hip/clearly-weak-external-rotators.yaml"
RATIO = "contributors/hip/external-rotators-weaker-than-other-side.yaml"
PATELLA = "contributors/knee/normal-patellar-mobility.yaml"
TENSION = "chains/unexplained-knee-tension.yaml"
STRESS = "chains/raised-knee-stress.yaml"
FEVER = "safety/fever-or-unwell.yaml"
LOCKED = "safety/locked-knee.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "rules"
    shutil.copytree(CHECKOUT / "rules", copy)
    return copy


@pytest.fixture(scope="module")
def runs(inference: Inference) -> list[Run]:
    """Every example of every active rule, run."""
    return Examples(inference).run_all([])


def test_every_example_holds_on_both_evaluators_and_none_is_missing(rulebase: RuleBase) -> None:
    report = check_rulebase(rulebase)
    assert report.problems == ()
    assert report.examples == sum(len(rule.examples) for rule in rulebase.rules if rule.active)
    assert report.examples >= 1000


def test_without_its_examples_of_one_outcome_every_single_rule_is_found(
    rulebase: RuleBase, inference: Inference, runs: list[Run]
) -> None:
    mine: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        mine[run.rule.code].append(run)
    for rule in rulebase.rules:
        required = {"fires"} | ({"silent"} if rule.when != ALWAYS else set())
        required |= {"suppressed"} if rule.unless != NEVER else set()
        required |= set() if rule.always_known else {"undetermined"}
        assert required == {run.outcome for run in mine[rule.code]}
        for outcome in required:
            left = [run for run in mine[rule.code] if run.outcome != outcome]
            alone = replace(rulebase, rules=(rule,))
            said = f"no example in which {rule.code} is {outcome}"
            assert Problem(rule.file, 1, said) in missing_examples(alone, inference.slots, left)


def test_without_examples_every_cluster_whose_rules_can_fire_together_is_found(
    rulebase: RuleBase, inference: Inference
) -> None:
    clusters: dict[tuple[str, str], int] = defaultdict(int)
    for rule in rulebase.rules:
        for score in rule.scores:
            clusters[score.target, score.cluster] += 1
    found = " ".join(p.message for p in missing_examples(rulebase, inference.slots, []))
    missed = {
        cluster
        for (target, cluster), members in clusters.items()
        if members > 1 and f"two rules of cluster {cluster} of {target} fire" not in found
    }
    # in each of these the rules exclude one another: one grade or the other, measured or by hand
    assert missed == {"abd", "trunk", "hv", "tripod", "anti_arch", "ext", "hsd", "bd"}


# -- an example is missing -----------------------------------------------------------------------


@dataclass(frozen=True)
class Lost:
    """An example taken out of a rule file, and what the check must then say, in the rule's first line."""

    file: str
    name: str
    said: str


LOST = {
    "fires": Lost(LOCKED, "A locked knee", "no example in which Z06 is fires"),
    "silent": Lost(LOCKED, "Not locked", "no example in which Z06 is silent"),
    "undetermined": Lost(LOCKED, "Not examined", "no example in which Z06 is undetermined"),
    "suppressed": Lost(
        CLEARLY,
        "Usable dynamometry takes the place of the manual test",
        "no example in which H02 is suppressed",
    ),
    "on the threshold of a number": Lost(
        FEVER,
        "A temperature of 38.0",
        "no example of Z15 exactly on the threshold temperature_c: at least 38 °C",
    ),
    "on the threshold of a grade": Lost(
        CLEARLY,
        "Grade 3+ is clearly weak",
        "no example of H02 exactly on the threshold hip_er_mmt: at most 3+",
    ),
    "on the threshold of a formula": Lost(
        RATIO,
        "Exactly nine tenths is not yet a difference",
        "no example of H04 exactly on the threshold hip_er_side_ratio_pct: below 90 %",
    ),
    "one step beyond a grade": Lost(
        TENSION,
        "Mild tension does not count",
        "no example of Q06 one step beyond the threshold periarticular_muscle_tension: at least moderate",
    ),
    "one step beyond in coverage": Lost(
        TENSION,
        "One contributor a step less examined is too little",
        "no example of Q06 one step beyond the threshold coverage of hip_instability: at least 50 %",
    ),
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_a_rule_that_lost_an_example_is_found(folder: Path, lost: Lost) -> None:
    _drop(folder / lost.file, lost.name)
    assert check_rulebase(load_rulebase(folder)).problems == (Problem(lost.file, 1, lost.said),)


def test_one_step_beyond_a_number_and_a_formula_are_missed_too(folder: Path) -> None:
    _drop(folder / FEVER, "A temperature of 37.9")
    _drop(folder / RATIO, "Just under nine tenths of the other side")
    assert set(check_rulebase(load_rulebase(folder)).problems) == {
        Problem(FEVER, 1, "no example in which Z15 is silent"),
        Problem(FEVER, 1, "no example of Z15 one step beyond the threshold temperature_c: at least 38 °C"),
        Problem(RATIO, 1, "no example in which H04 is fires"),
        Problem(
            RATIO, 1, "no example of H04 one step beyond the threshold hip_er_side_ratio_pct: below 90 %"
        ),
    }


def test_a_cluster_that_lost_its_example_of_two_members_is_found(folder: Path) -> None:
    _drop(folder / CLEARLY, "Grade 3 counts once, at the stronger of the two readings")
    said = "no example in which two rules of cluster er of hip_stabiliser_deficit fire"
    assert check_rulebase(load_rulebase(folder)).problems == (Problem(ROTATORS, 1, said),)


def test_two_members_that_fire_without_a_stated_net_show_nothing(folder: Path) -> None:
    _replace(folder / CLEARLY, "expect: {outcome: fires, net: {hip_stabiliser_deficit: 3}}", "expect: fires")
    said = "no example in which two rules of cluster er of hip_stabiliser_deficit fire"
    assert check_rulebase(load_rulebase(folder)).problems == (Problem(ROTATORS, 1, said),)


# -- an example is wrong -------------------------------------------------------------------------

WRONG = {
    "outcome": (LOCKED, "expect: silent", "expect: fires", "Not locked", "expected fires, but the rule is silent"),
    "gaps": (
        LOCKED, "{undetermined: [locked_knee]}", "{undetermined: [fever]}", "Not examined",
        "expected gaps ['fever'], found ['locked_knee']",
    ),
    "assumed": (
        ROTATORS, "given: {hip_er_mmt: 4}\n    expect: fires",
        "given: {hip_er_mmt: 4}\n    expect: {fires: {assumed: [bmi]}}", "Grade 4 counts as weak",
        "expected assumed ['bmi'], found []",
    ),
    "net": (
        CLEARLY, "net: {hip_stabiliser_deficit: 3}", "net: {hip_stabiliser_deficit: 5}", "Grade 3 counts once",
        "expected net 5 of hip_stabiliser_deficit, found 3",
    ),
    "class": (
        PATELLA, "mobility_impairment: argued_against", "mobility_impairment: supported", "Both normal",
        "expected patellofemoral_mobility_impairment to be supported, found argued_against",
    ),
    "state": (
        STRESS, "state: [knee_stress_elevated]", "state: [oa_pattern]", "Clear foot signs are enough",
        "expected the state oa_pattern",
    ),
    "note": (
        TENSION, "expect: fires", "expect: {outcome: fires, note: [hip_instability]}", "Moderate tension",
        "expected a note about hip_instability",
    ),
    "finding": (LOCKED, "{locked_knee: yes}", "{locked_kne: yes}", "A locked", "there is no finding 'locked_kne'"),
    "value": (LOCKED, "{locked_knee: yes}", "{locked_knee: perhaps}", "A locked", "locked_knee: 'perhaps' is no yes/no"),
    "range": (FEVER, "temperature_c: 38.0}", "temperature_c: 46}", "A temperature", "'46' is out of range"),
    "step": (FEVER, "temperature_c: 38.0}", "temperature_c: 38.05}", "A temperature", "'38.05' is off the step"),
    "no number": (FEVER, "temperature_c: 38.0}", "temperature_c: nan}", "A temperature", "'nan' is no number"),
    "status": (LOCKED, "given: {}", "given: {locked_knee: {status: lost}}", "Not examined", "{status: refused}"),
    "given flag": (LOCKED, "given: {}", "given: {flag: [Z99]}", "Not examined", "'flag' cannot be 'Z99'"),
    "given class": (
        STRESS, "class: {foot_instability: supported}", "class: {foot_instability: certain}", "Clear foot",
        "there is no class 'certain'",
    ),
    "given coverage": (TENSION, "hip_instability: 50 %", "hip_instability: half", "Moderate", "coverage is written"),
    "given state": (
        STRESS, "periarticular_tension: present}", "periarticular_tension: some}", "Excess motion",
        "a state is present, absent or unknown",
    ),
    "given knees": (LOCKED, "given: {}", "given: {knees: [left]}", "Not examined", "'knees' cannot be 'left'"),
    "a net of nothing": (
        CLEARLY, "net: {hip_stabiliser_deficit: 3}", "net: {hip: 3}", "Grade 3 counts", "no contributor 'hip'"
    ),
    "a net of a safety rule": (
        LOCKED, "expect: fires", "expect: {outcome: fires, net: {hip_instability: 0}}", "A locked", "no contributor"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "name", "said"), WRONG.values(), ids=WRONG)
def test_an_example_that_does_not_hold_is_found(
    folder: Path, file: str, old: str, new: str, name: str, said: str
) -> None:
    _replace(folder / file, old, new)
    line = _line_of(folder / file, f"- name: {name}")
    problems = check_rulebase(load_rulebase(folder)).problems
    found = [problem for problem in problems if (problem.file, problem.line) == (file, line)]
    assert any(p.message.startswith(f"example '{name}") and said in p.message for p in found), problems


# -- the command ---------------------------------------------------------------------------------


def test_the_command_says_how_many_examples_hold(rulebase: RuleBase) -> None:
    result = CliRunner().invoke(main, ["rules", "check"])
    examples = sum(len(rule.examples) for rule in rulebase.rules)
    assert result.exit_code == 0
    assert f"{examples} examples hold on both evaluators" in " ".join(result.stdout.split())
    assert rulebase.digest in result.stdout


def test_the_command_names_the_problem_and_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _drop(folder / LOCKED, "Not locked")
    assert _complaints(folder, monkeypatch) == [
        f"rules/{LOCKED}:1: no example in which Z06 is silent", "1 problems",
    ]  # fmt: skip


def test_a_circle_of_rules_is_a_problem_and_no_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _replace(
        folder / "chains/excess-knee-motion-seen.yaml",
        "when:\n  all:\n",
        "when:\n  all:\n    - state: knee_stress_elevated\n",
    )
    (said, count) = _complaints(folder, monkeypatch)
    assert said.startswith(("rules/chains/excess-knee-motion-seen.yaml:1: ", f"rules/{STRESS}:1: "))
    assert "rules wait for each other: " in said
    assert {"Q01", "Q05"} <= set(said.partition("other: ")[2].split(" → "))
    assert count == "1 problems"


def test_more_rules_than_the_engine_can_hold_are_a_problem_and_no_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = (folder / LOCKED).read_text()
    for number in range(900):
        text = template.replace("rule: locked-knee", f"rule: lock-{number}").replace("Z06", f"ZX{number}")
        (folder / f"safety/lock-{number}.yaml").write_text(text.replace(f"flag: ZX{number}", "flag: Z06"))
    (said, _) = _complaints(folder, monkeypatch)
    assert said.startswith("rules/rulebase.yaml:1: too many rules for the engine: ")


# -- small change --------------------------------------------------------------------------------


def _complaints(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `kneechain rules check` complains of; it must fail."""
    monkeypatch.setenv("KNEECHAIN_RULES", str(folder))
    result = CliRunner().invoke(main, ["rules", "check"])
    assert (result.exit_code, result.stdout) == (1, "")
    return list(result.stderr.splitlines())


def _drop(path: Path, name: str) -> None:
    """Takes the example of that name out of the file."""
    head, examples = path.read_text().split("\nexamples:\n")
    every = examples.split("  - name: ")[1:]
    kept = [example for example in every if not example.startswith(f"{name}\n")]
    assert len(kept) == len(every) - 1, f"{path.name} has no example '{name}'"
    path.write_text(f"{head}\nexamples:\n{_listed(kept)}")


def _listed(examples: Iterable[str]) -> str:
    return "".join(f"  - name: {example}" for example in examples)


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{path.name} no longer holds {old!r}"
    path.write_text(text.replace(old, new, 1))


def _line_of(path: Path, fragment: str) -> int:
    text = path.read_text()
    return text[: text.index(fragment)].count("\n") + 1
