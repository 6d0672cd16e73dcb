"""`kneechain audit report` counts what is in the configured log, and says in words why it cannot."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import main
from tests.audit.conftest import TENANT, Stores
from tests.records.commands import Run, run
from tests.records.entries import assessment

__all__ = ["run"]


@pytest.fixture
def filled(stores: Stores) -> None:
    stores.open().writer.record(
        *(assessment(f"person {n}", "outcome:clear", "fires:H01@1", "flag:Z03") for n in range(12))
    )


@pytest.mark.usefixtures("filled")
def test_it_prints_tables_and_says_what_it_is(run: Run) -> None:
    result = run("report", "--tenant", TENANT)
    assert result.exit_code == 0, result.output
    assert "no proof that a rule, a class or a decision was right" in result.stdout
    assert "H01@1  12 (100.0 %)  ████████████████████" in result.stdout
    assert "suppressed" in result.stdout and "Draft rules" in result.stderr


@pytest.mark.usefixtures("filled")
def test_it_writes_one_page_or_json(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    result = run("report", "--tenant", TENANT, "--html", file, "--since", "2026-11-01")
    assert result.exit_code == 0, result.output
    text = file.read_text(encoding="utf-8")
    assert "from 2026-11-01 on" in text and "12 <small>(100.0 %)</small>" in text
    counted = json.loads(run("report", "--tenant", TENANT, "--json").stdout)
    assert counted["assessments"] == 12 and counted["reviews"]["count"] == "suppressed"
    assert run("report", "--tenant", TENANT, "--html", tmp_path).exit_code == 2


@pytest.mark.usefixtures("filled")
def test_a_tenant_without_records_is_told_from_those_that_have(run: Run) -> None:
    result = run("report")
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: no tenant local has records; these have: {TENANT}\n",
    )


def test_a_log_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNEECHAIN_DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    result = CliRunner().invoke(main, ["audit", "report"])
    assert (result.exit_code, result.stderr) == (
        2,
        f"the decision log: there is no file {tmp_path}/none.db\n",
    )
    assert [*tmp_path.iterdir()] == []
