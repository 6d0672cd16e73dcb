"""The safety file keeps to the truth: controls exist, tests show them, components are those that run."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from service import cli
from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.handbook.hazards import LOG, Hazard, read_hazards
from service.inference.dependencies import Dependencies
from service.knowledge.problems import RuleBaseError

SAFETY = CHECKOUT / "docs" / "safety"
COMPONENTS = (SAFETY / "components.md").read_text(encoding="utf-8")
REGULATIONS = (SAFETY / "regulations.md").read_text(encoding="utf-8")
SPECIFIED = 17
"""Hazards that the clinical specification names; they come first."""


@pytest.fixture(scope="module")
def hazards() -> tuple[Hazard, ...]:
    return read_hazards(CHECKOUT)


# -- the hazard log --------------------------------------------------------------------------


def test_the_hazards_are_numbered_without_gaps_and_the_specified_ones_come_first(
    hazards: tuple[Hazard, ...],
) -> None:
    assert [hazard.id for hazard in hazards] == [f"HZ{number:02}" for number in range(1, len(hazards) + 1)]
    found = [hazard.found for hazard in hazards]
    assert found == ["specification"] * SPECIFIED + ["project"] * (len(hazards) - SPECIFIED)
    assert len(hazards) > SPECIFIED


def test_every_control_lives_somewhere_and_is_shown_by_a_test(
    hazards: tuple[Hazard, ...], rulebase: RuleBase
) -> None:
    places = [(h.id, place) for h in hazards for c in h.controls for place in c.lives]
    tests = [(h.id, test) for h in hazards for c in h.controls for test in c.shown_by]
    assert [p for p in places if p[1] not in rulebase.readable and not (CHECKOUT / p[1]).exists()] == []
    assert [test for test in tests if not collected(test[1])] == []
    assert len(tests) > 60


def collected(test: str) -> bool:
    """Whether pytest would collect it: a function by that name in a file of tests."""
    path, _, name = test.partition("::")
    return name.startswith("test_") and name in functions(path)


@cache
def functions(path: str) -> frozenset[str]:
    file = CHECKOUT / path
    if not (re.fullmatch(r"tests/(?:\w+/)+test_\w+\.py", path) and file.is_file()):
        return frozenset()
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef))


def test_a_test_that_is_gone_is_seen() -> None:
    here = "tests/unit/test_safety_file.py"
    assert collected(f"{here}::test_a_test_that_is_gone_is_seen")
    for gone in (
        f"{here}::test_a_test_that_never_was",
        f"{here}::collected",
        f"{here}",
        "tests/no.py::test_a",
    ):
        assert not collected(gone)


def test_what_is_open_says_what_is_missing(hazards: tuple[Hazard, ...]) -> None:
    waiting = [control for hazard in hazards for control in hazard.controls if control.open]
    assert len(waiting) > 5
    for control in waiting:
        assert re.match(r"[A-Z].{15,}\.$", control.open or ""), control.says


WHOLE = """\
hazards:
  HZ01:
    hazard: Something goes wrong.
    harm: Someone is hurt.
    found: project
    controls:
      - says: Something is done.
        lives: [service/app.py]
        shown_by: ["tests/unit/test_x.py::test_y"]
"""


UNSHOWN = "says where it lives and which test shows it"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("        lives: [service/app.py]\n", "", UNSHOWN),
        ('        shown_by: ["tests/unit/test_x.py::test_y"]\n', "", UNSHOWN),
        ("        lives:", "        open: Later.\n        lives:", "either in place or open"),
        ("    harm: Someone is hurt.\n", "", "lacks 'harm'"),
        ("found: project", "found: elsewhere", "'found' is 'elsewhere'"),
        ("says: Something", "sais: Something", "lacks 'says'"),
        ("hazards:\n", "hazard:\n", "lacks 'hazards'"),
    ],
)  # fmt: skip
def test_a_hazard_without_a_control_that_can_be_checked_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert write(tmp_path, WHOLE) is None
    assert old in WHOLE
    assert said in (write(tmp_path, WHOLE.replace(old, new, 1)) or "")


def test_a_hazard_of_which_everything_is_open_is_refused(tmp_path: Path) -> None:
    text = re.sub(r"        lives: .*\n        shown_by: .*\n", "        open: Not yet.\n", WHOLE)
    assert "HZ01 has no control that is in place" in (write(tmp_path, text) or "")


def write(checkout: Path, text: str) -> str | None:
    """What is said of a log with this text; nothing if it is right."""
    (checkout / LOG).parent.mkdir(parents=True, exist_ok=True)
    (checkout / LOG).write_text(text, encoding="utf-8")
    try:
        read_hazards(checkout)
    except RuleBaseError as error:
        return str(error)
    return None


# -- controls that no other test shows -------------------------------------------------------


def test_tension_round_the_knee_scores_for_nothing(rulebase: RuleBase) -> None:
    dependencies = Dependencies(rulebase)
    tension = ("periarticular_muscle_tension", False)
    behind = [dependencies.rules_behind((index,)) for index in range(len(rulebase.rules))]
    readers = [
        rule
        for rule, rules in zip(rulebase.rules, behind, strict=True)
        if tension in dependencies.tests(rules)
    ]
    assert readers
    assert [rule.code for rule in readers if rule.scores] == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_beyond_this_machine_nothing_is_served_without_a_key(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr("service.server.run", lambda *_: started.append(host))
    result = CliRunner().invoke(cli.main, ["serve", "--host", host])
    assert result.exit_code == 2
    assert "nothing is served without authentication" in result.output
    assert "kneechain keys create" in result.output
    assert started == []


# -- components ------------------------------------------------------------------------------


def rows(text: str, columns: int) -> list[list[str]]:
    """The rows of the tables with so many columns, without headings."""
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return [row for row in cells if len(row) == columns and not set(row[0]) <= {"-"}][1:]


def pinned() -> dict[str, str]:
    """What runs in the service, by name: everything pinned, and what is vendored."""
    base = (CHECKOUT / "requirements" / "base.txt").read_text(encoding="utf-8")
    vendored = (CHECKOUT / "service/web/static/swagger-ui/VERSION").read_text(encoding="utf-8")
    name, version = re.findall(r"^(\S+) (\d[\w.]*),", vendored)[0]
    return {**dict(re.findall(r"^([\w.-]+)==([\w.]+)", base, re.M)), name: version}


def test_every_component_that_runs_is_listed_with_its_version() -> None:
    listed = {name: version for name, version, *_ in rows(COMPONENTS, 5)}
    assert len(listed) > 15
    assert listed == pinned()


def test_everything_the_project_asks_for_is_pinned_and_so_listed() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {re.split(r"[\[<>=]", wanted)[0] for wanted in project["dependencies"]}
    assert {re.sub(r"[._]", "-", name) for name in asked} <= pinned().keys()


def test_everything_vendored_is_listed() -> None:
    vendored = {path.parent.name for path in (CHECKOUT / "service").rglob("VERSION")}
    assert {f"{name}-dist" for name in vendored} <= pinned().keys()


def test_each_component_says_what_goes_wrong_with_it_and_how_it_is_contained() -> None:
    assert rows(COMPONENTS, 5)[0][0] == "durable-rules"
    for name, _, purpose, anomalies, contained in rows(COMPONENTS, 5):
        assert all(map(len, (purpose, anomalies, contained))), name


def test_each_danger_of_durable_rules_that_is_tested_is_listed() -> None:
    _, _, _, anomalies, _ = rows(COMPONENTS, 5)[0]
    for danger in (
        "delete_state", "250 properties", "text satisfies", "true equals 1", "NaN", "absence", "exponent",
        "exceptions in actions", "sessions and rule sets", "3.13",
    ):  # fmt: skip
        assert danger in anomalies


# -- regulations -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "named",
    [
        "520(o)(1)(E)", "170.315(b)(11)", "2017/745", "Rule 11", "DCB0129", "DCB0160", "IEC 62304",
        "ISO 14971", "IEC 62366-1", "IEC 82304-1", "HTI-5", "GDPR", "AI Act",
    ],
)  # fmt: skip
def test_each_regulation_is_spoken_of(named: str) -> None:
    assert named in REGULATIONS


def test_each_row_says_where_the_project_answers_and_where_it_does_not() -> None:
    answered = rows(REGULATIONS, 3)
    assert len(answered) > 15
    for asks, does, does_not in answered:
        assert asks and does and does_not, asks
    assert any(does == "–" for _, does, _ in answered), "what is not answered is said"


def test_nothing_claims_conformity() -> None:
    for path in SAFETY.glob("*.md"):
        text = " ".join(path.read_text(encoding="utf-8").split())
        before = re.findall(r"(.{60})\b(?:conforms?|complies|compliant|certified for|approved)\b", text)
        denied = re.compile(r"\b(?:not|nothing|nobody)\b", re.I)
        assert [said for said in before if not denied.search(said)] == [], path.name
    assert "take regulatory advice" in REGULATIONS
