"""The bench still runs: its contenders fire the same rules, and it writes down what it measured."""

import json
from pathlib import Path

from bench import decision_log, explanations
from bench.inference import main
from service.assess import Assessor
from service.domain.question import TARGETS
from service.domain.rulebase import RuleBase


def test_the_contenders_agree_and_the_result_is_written(tmp_path: Path) -> None:
    written = tmp_path / "inference.json"
    main(["--exams", "3", "--rounds", "1", "--checks", "200", "--out", str(written)])
    result = json.loads(written.read_bytes())
    assert result["agreement"]["exams"] == 203
    assert {"lock-step", "CLIPS", "Zen, with trace"} <= {row["name"] for row in result["contenders"]}


def test_every_question_is_timed_beside_its_goal(tmp_path: Path) -> None:
    written = tmp_path / "explanations.json"
    explanations.main(["--exams", "6", "--out", str(written)])
    rows = {row["question"]: row for row in json.loads(written.read_bytes())["questions"]}
    assert rows.keys() == TARGETS.keys()
    assert {name: row["goal_ms"] for name, row in rows.items()} == {
        "why": 50, "why-not": 50, "bounds": 50, "next-tests": 100, "counterfactuals": 150, "what-if": None,
    }  # fmt: skip
    assert all(row["measured"] == 6 and row["p50_ms"] > 0 for row in rows.values())


def test_the_exams_asked_about_leave_so_many_findings_unknown(rulebase: RuleBase, assessor: Assessor) -> None:
    known = {d.id for d in rulebase.findings.values() if d.use != "safety"}
    for exam in explanations.made_exams(assessor, 5, 40, seed=3):
        side = exam.knees[0]
        observed = {o.finding for o in exam.observations.values() if o.observed and o.side in (None, side)}
        assert 35 <= len(known - observed) <= 40  # fewer where the screen asks for one of them


def test_a_goal_that_is_missed_is_said() -> None:
    slow, fast = explanations.row("why", [0.06] * 20), explanations.row("why", [0.001] * 20)
    assert (slow["met"], fast["met"]) == (False, True)
    assert [line.endswith("missed") for line in explanations.aligned([slow, fast])] == [False, True, False]


def test_the_log_is_measured_on_both_databases_beside_the_service_without_it(tmp_path: Path) -> None:
    written = tmp_path / "log.json"
    decision_log.main(["--rounds", "1", "--seconds", "0.3", "--out", str(written)])
    result = json.loads(written.read_bytes())
    assert result["rates"].keys() == {"1", "8", "32"}
    for servers in result["rates"].values():
        assert servers.keys() == {"echo", "log off", "SQLite", "PostgreSQL"}
        assert all(measured["rate"] > 0 and measured["p99_ms"] > 0 for measured in servers.values())
    assert all(found["records"] > 10 for found in result["verified"].values())


def test_a_goal_of_the_log_that_is_missed_is_said() -> None:
    one = {"rate": 100, "p99_ms": 10, "share_of_log_off": 0.7}
    rates = {clients: {"SQLite": dict(one), "PostgreSQL": dict(one)} for clients in ("1", "8", "32")}
    verified = {"SQLite": {"records_per_second": 20_000}, "PostgreSQL": {"records_per_second": 30_000}}
    assert [*decision_log.missed(rates, verified)] == []
    rates["32"]["SQLite"]["share_of_log_off"] = 0.59
    rates["8"]["PostgreSQL"]["p99_ms"] = 31
    verified["SQLite"]["records_per_second"] = 19_999
    assert len([*decision_log.missed(rates, verified)]) == 3
