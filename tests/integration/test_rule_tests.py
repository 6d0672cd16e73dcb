"""`kneechain rules coverage` and `kneechain rules mutate` on the command line."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import main
from service.config import CHECKOUT

FEVER = "safety/fever-or-unwell.yaml"
BELOW = """\
  - name: A temperature of 37.9
    given: {fever: no, rigors_or_malaise: no, temperature_c: 37.9}
    expect: silent
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["rules", *arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the rules, which the commands read."""
    shutil.copytree(CHECKOUT / "rules", tmp_path / "rules")
    monkeypatch.setenv("KNEECHAIN_RULES", str(tmp_path / "rules"))
    return tmp_path / "rules"


def without_the_example_below(folder: Path) -> None:
    text = (folder / FEVER).read_text()
    assert BELOW in text
    (folder / FEVER).write_text(text.replace(BELOW, ""))


def test_coverage_names_the_examples_that_show_each_criterion() -> None:
    result = run("coverage", "H01")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "H01 Weak external rotators hint at an unsteady hip",
        "  hip_er_mmt: at most 4",
        "    true: Grade 4 counts as weak",
        "    false: Four plus does not",
        "    unknown: Not tested is not normal",
        "  usable_er_dynamometry: yes",
        "    true: Usable dynamometry takes the place of the manual test",
        "    false: Grade 4 counts as weak",
        "    unknown: cannot be shown: it is never unknown, or never matters then",
        "2 criteria: 2 of 2 pairs that can be are shown, 1 of 1 unknown",
    ]


def test_coverage_says_what_is_missing_and_fails(folder: Path) -> None:
    without_the_example_below(folder)
    result = run("coverage", "Z15")
    assert result.exit_code == 1
    assert "    false: an example is missing" in result.stdout
    assert "3 criteria: 2 of 3 pairs that can be are shown, 3 of 3 unknown" in result.stdout


def test_check_fails_where_an_example_is_missing(folder: Path) -> None:
    without_the_example_below(folder)
    result = run("check")
    assert result.exit_code == 1
    said = "no example of Z15 turns on 'temperature_c: at least 38 °C' being false"
    assert f"rules/{FEVER}:1: {said}" in result.stderr


def test_mutate_shows_what_was_changed_and_how_much_of_it_is_noticed() -> None:
    result = run("mutate", "H01")
    assert result.exit_code == 0, result.stderr
    assert "of those that can be told apart are noticed" in result.stdout
    assert {"threshold", "operator", "unless", "effect"} <= set(result.stdout.split())


def test_mutate_names_what_nothing_notices_and_fails(folder: Path) -> None:
    without_the_example_below(folder)
    result = run("mutate", "Z15")
    assert result.exit_code == 1
    assert "survives and is not explained: Z15/when.2/at_least 37.9" in result.stderr


@pytest.mark.parametrize("command", ["coverage", "mutate"])
def test_a_rule_that_is_not_there_is_said_so(command: str) -> None:
    result = run(command, "h01")
    assert result.exit_code == 2
    assert result.stderr == "Error: there is no rule h01; did you mean H01?\n"
