"""The examples in the rule files hold and are enough; where one is missing or wrong, the check says so."""

import re
import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
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
MENISCUS = "alternatives/meniscal-pattern.yaml"
STRESS = "chains/raised-knee-stress.yaml"
ADDUCTORS = "contributors/hip/low-adductor-to-abductor-ratio.yaml"
FALLS = "safety/safeguarding-or-falls.yaml"
STABLE = "contributors/load/load-not-raised.yaml"
FEVER = "safety/fever-or-unwell.yaml"
HEART = "safety/heart-or-lung-emergency.yaml"
LOCKED = "safety/locked-knee.yaml"
HEART_AND_SPINE = (
    "chest_pain_new", "haemoptysis", "cyanosis", "new_rest_breathlessness", "new_orthopnoea",
    "saddle_numbness", "bilateral_leg_weakness", "spreading_numbness", "new_gait_ataxia", "fever",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _copied(tmp_path)


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

LOST = {
    "fires": (LOCKED, "A locked knee", ["no example in which Z06 is fires"]),
    "silent": (FALLS, "Neither", ["no example in which Z19 is silent"]),
    "undetermined": (STABLE, "Load not asked about stays open", ["no example in which L03 is undetermined"]),
    "suppressed": (CLEARLY, "Usable dynamometry takes the place", ["no example in which H02 is suppressed"]),
    "on the threshold of a number": (
        FEVER, "A temperature of 38.0",
        ["no example of Z15 exactly on the threshold temperature_c: at least 38 °C"],
    ),
    "one step beyond a number": (
        HEART, "A saturation of 91",
        ["no example of Z17a one step beyond the threshold spo2_pct: below 92 %"],
    ),
    "on the threshold of a grade": (
        CLEARLY, "Grade 3+ is clearly weak",
        ["no example of H02 exactly on the threshold hip_er_mmt: at most 3+"],
    ),
    "one step beyond a grade": (
        TENSION, "Mild tension does not count",
        ["no example of Q06 one step beyond the threshold periarticular_muscle_tension: at least moderate"],
    ),
    "on the threshold of a formula": (
        ADDUCTORS, "Exactly four fifths is enough", [
            "no example in which H06 is silent",
            "no example of H06 exactly on the threshold hip_add_abd_ratio: below 0.80",
        ],
    ),
    "one step beyond a formula": (
        RATIO, "Just under nine tenths", [
            "no example in which H04 is fires",
            "no example of H04 one step beyond the threshold hip_er_side_ratio_pct: below 90 %",
        ],
    ),
    "one step beyond in coverage": (
        TENSION, "One contributor a step less examined",
        ["no example of Q06 one step beyond the threshold coverage of hip_instability: at least 50 %"],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> tuple[Problem, ...]:
    """What the check says once every example of LOST is gone, and the one of two members of a cluster."""
    folder = _copied(tmp_path_factory.mktemp("lost"))
    for file, name, _ in LOST.values():
        _drop(folder / file, name)
    _drop(folder / "contributors/hip/rectus-femoris-takes-over.yaml", "Short and taking over are one muscle")
    return check_rulebase(load_rulebase(folder)).problems


@pytest.mark.parametrize(("file", "name", "said"), LOST.values(), ids=LOST)
def test_a_rule_that_lost_an_example_is_found(
    without: tuple[Problem, ...], file: str, name: str, said: list[str]
) -> None:
    assert {Problem(file, 1, words) for words in said} <= set(without)


def test_a_cluster_that_lost_its_example_of_two_members_is_found(without: tuple[Problem, ...]) -> None:
    first = "contributors/hip/short-rectus-femoris.yaml"
    said = "no example in which two rules of cluster rf of biarticular_dominance fire"
    assert Problem(first, 1, said) in without


def test_nothing_is_missed_that_is_there(without: tuple[Problem, ...]) -> None:
    others = [problem for problem in without if " turns on " not in problem.message]  # conditions: test_mcdc
    assert len(others) == 1 + sum(len(said) for _, _, said in LOST.values())


# -- an example is wrong -------------------------------------------------------------------------

WRONG = {
    "outcome": (LOCKED, "expect: silent", "expect: fires", "expected fires, but the rule is silent"),
    "gaps": (
        LOCKED, "{undetermined: [locked_knee]}", "{undetermined: [fever]}",
        "expected gaps ['fever'], found ['locked_knee']",
    ),
    "assumed": (
        ROTATORS, "hhd_protocol: thorborg_2010}\n    expect: fires",
        "hhd_protocol: thorborg_2010}\n    expect: {fires: {assumed: [bmi]}}",
        "expected assumed ['bmi'], found []",
    ),
    "net": (
        CLEARLY, "net: {hip_stabiliser_deficit: 3}", "net: {hip_stabiliser_deficit: 5}",
        "expected net 5 of hip_stabiliser_deficit, found 3",
    ),
    "class": (
        PATELLA, "class: {patellofemoral_mobility_impairment: argued_against}",
        "class: {patellofemoral_mobility_impairment: supported}",
        "expected patellofemoral_mobility_impairment to be supported, found argued_against",
    ),
    "state": (
        STRESS, "state: [knee_stress_elevated]", "state: [oa_pattern]", "expected the state oa_pattern",
    ),
    "note": (
        TENSION, "expect: fires", "expect: {outcome: fires, note: [hip_instability]}",
        "expected a note about hip_instability",
    ),
    "alternative": (
        MENISCUS, "alternative: [meniscal_pattern]}", "alternative: [source_inside_the_joint]}",
        "expected alternative ['source_inside_the_joint'], found ['meniscal_pattern']",
    ),
    "an alternative that is not there": (
        MENISCUS, "yes}\n    expect: fires\n  - name: Fluid",
        "yes}\n    expect: {outcome: fires, alternative: [meniscus]}\n  - name: Fluid",
        "'alternative' cannot be 'meniscus'",
    ),
    "value": (
        "safety/dvt-likely.yaml", "value: {wells_score: 2}", "value: {wells_score: 3}",
        "expected wells_score to be 3, found 2",
    ),
    "key groups": (
        "contributors/foot/low-arch-height-index.yaml", "{foot_instability: 1/5}", "{foot_instability: 2/5}",
        "expected 2/5 of foot_instability examined, found 1/5",
    ),
    "flag": (
        "safety/cauda-equina.yaml", "flag: [Z10]}", "flag: [Z03]}", "expected flag ['Z03'], found ['Z10']",
    ),
    "due": (
        "safety/ask-morning-stiffness.yaml", "due: [morning_stiffness_min]}", "due: [fever]}",
        "expected due ['fever'], found ['morning_stiffness_min']",
    ),
    "forbid": (
        "safety/no-breathing-exercise-under-breathing-flags.yaml", "forbid: [R06]}", "forbid: [R02, R06]}",
        "expected forbid ['R02', 'R06'], found ['R06']",
    ),
    "ask": (
        "next-tests/ask-for-effusion.yaml", "ask: [knee_effusion]}", "ask: []}",
        "expected ask [], found ['knee_effusion']",
    ),
    "recommend": (
        "recommendations/offer-load-management.yaml", "recommend: [R13]", "recommend: [R02]",
        "expected recommend ['R02'], found ['R13']",
    ),
    "a flag that is none": (
        "safety/limp-under-17.yaml", "flag: [Z09b]}", "flag: [Z99]}", "'flag' cannot be 'Z99'",
    ),
    "a finding": (HEART, "{cyanosis: yes}", "{cyanose: yes}", "there is no finding 'cyanose'"),
    "a value": (HEART, "{haemoptysis: yes}", "{haemoptysis: some}", "haemoptysis: 'some' is no yes/no"),
    "a value out of range": (HEART, "spo2_pct: 91", "spo2_pct: 101", "spo2_pct: '101' is out of range"),
    "a value off the step": (HEART, "spo2_pct: 92", "spo2_pct: 92.5", "spo2_pct: '92.5' is off the step"),
    "no number": (FEVER, "temperature_c: 38.0", "temperature_c: nan", "temperature_c: 'nan' is no number"),
    "a status": (
        ROTATORS, "{hip_er_mmt: {status: refused}}", "{hip_er_mmt: {status: lost}}",
        "hip_er_mmt: write a value, or {status: refused} and the like",
    ),
    "a flag": (FEVER, "{fever: yes}", "{fever: yes, flag: [Z99]}", "'flag' cannot be 'Z99'"),
    "knees": (
        FEVER, "{rigors_or_malaise: yes}", "{rigors_or_malaise: yes, knees: [left]}",
        "'knees' cannot be 'left'",
    ),
    "another class": (
        STRESS, "{knee_extensor_deficit: supported}", "{knee_extensor_deficit: certain}",
        "there is no class 'certain'",
    ),
    "coverage": (
        TENSION, "{hip_instability: 49 %", "{hip_instability: half",
        "coverage is written like 50 %, not 'half'",
    ),
    "a state in between": (
        STRESS, "periarticular_tension: present}", "periarticular_tension: some}",
        "a state is present, absent or unknown, not 'some'",
    ),
    "the net of nothing": (
        STABLE, "net: {training_load_error: -2}", "net: {training: -2}", "there is no contributor 'training'",
    ),
    "the net of a safety rule": (
        LOCKED, "{outcome: fires, flag: [Z06]}", "{outcome: fires, net: {hip_instability: 0}}",
        "there is no contributor 'hip_instability'",
    ),
}  # fmt: skip


NET = "expect: {outcome: fires, net: {biarticular_dominance: 1}}"


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Problem, ...]]:
    """The rules with every example of WRONG spoilt, and what the check says of them."""
    folder = _copied(tmp_path_factory.mktemp("wrong"))
    for file, old, new, _ in WRONG.values():
        _replace(folder / file, old, new)
    _replace(folder / "contributors/hip/hamstrings-lead-hip-extension.yaml", NET, "expect: fires")
    return folder, check_rulebase(load_rulebase(folder)).problems


@pytest.mark.parametrize(("file", "old", "new", "said"), WRONG.values(), ids=WRONG)
def test_an_example_that_does_not_hold_is_found(
    spoilt: tuple[Path, tuple[Problem, ...]], file: str, old: str, new: str, said: str
) -> None:
    folder, problems = spoilt
    text = (folder / file).read_text()
    before = text[: text.index(new)].splitlines()
    line = max(number for number, words in enumerate(before, start=1) if words.startswith("  - name: "))
    name = before[line - 1].removeprefix("  - name: ")
    found = [p.message for p in problems if (p.file, p.line) == (file, line)]
    assert any(message.startswith(f"example '{name}': {said}") for message in found), found


def test_two_members_that_fire_without_a_stated_net_show_nothing(
    spoilt: tuple[Path, tuple[Problem, ...]],
) -> None:
    first = "contributors/hip/short-hamstrings.yaml"
    said = "no example in which two rules of cluster ham of biarticular_dominance fire"
    assert Problem(first, 1, said) in spoilt[1]


# -- the command ---------------------------------------------------------------------------------


def test_the_command_says_how_many_examples_hold(rulebase: RuleBase) -> None:
    result = CliRunner().invoke(main, ["rules", "check"])
    examples = sum(len(rule.examples) for rule in rulebase.rules)
    assert result.exit_code == 0
    assert f"{examples} examples hold on both evaluators" in " ".join(result.stdout.split())
    assert rulebase.digest in result.stdout


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
    assert count == "1 problem"


def test_a_rule_larger_than_the_engine_can_hold_is_a_problem_and_no_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ten = ", ".join(f"{{{finding}: present}}" for finding in HEART_AND_SPINE)
    _replace(folder / FEVER, "when:\n  any:\n", f"when:\n  any:\n    - at_least_n: 5\n      of: [{ten}]\n")
    (said, _) = _complaints(folder, monkeypatch)
    assert re.fullmatch(r"rules/safety/.*:1: Z15 needs \d+ patterns, the engine holds 60: .*", said)


def test_a_group_with_more_choices_than_could_ever_be_written_out_is_refused_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forty = ", ".join(f"{{pain_duration_weeks: {{above: {weeks} wk}}}}" for weeks in range(40))
    _replace(folder / FEVER, "when:\n  any:\n", f"when:\n  any:\n    - at_least_n: 20\n      of: [{forty}]\n")
    said = "\n".join(_complaints(folder, monkeypatch))
    assert "Z15 needs more than 1000 patterns, the engine holds 60" in said


# -- small change --------------------------------------------------------------------------------


def _complaints(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `kneechain rules check` complains of; it must fail."""
    monkeypatch.setenv("KNEECHAIN_RULES", str(folder))
    result = CliRunner().invoke(main, ["rules", "check"])
    assert (result.exit_code, result.stdout) == (1, "")
    return list(result.stderr.splitlines())


def _copied(into: Path) -> Path:
    shutil.copytree(CHECKOUT / "rules", into / "rules")
    return into / "rules"


def _drop(path: Path, name: str) -> None:
    """Takes the example whose name begins so out of the file."""
    head, examples = path.read_text().split("\nexamples:\n")
    every = examples.split("  - name: ")[1:]
    kept = [example for example in every if not example.startswith(name)]
    assert len(kept) == len(every) - 1, f"{path.name} has no example '{name}'"
    path.write_text(f"{head}\nexamples:\n{_listed(kept)}")


def _listed(examples: Iterable[str]) -> str:
    return "".join(f"  - name: {example}" for example in examples)


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{path.name} no longer holds {old!r}"
    path.write_text(text.replace(old, new, 1))
