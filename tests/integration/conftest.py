import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from service.cli import main
from tests.unit.knowledge.workbench import rules_copy

__all__ = ["rules_copy"]
Kneechain = Callable[..., str]


@pytest.fixture
def kneechain(monkeypatch: pytest.MonkeyPatch, now: datetime) -> Kneechain:
    """The command line at the tests' clock: what a command that succeeds prints, on wide paper."""
    for command in ("assess", "explain"):
        monkeypatch.setattr(f"service.cli.{command}.clock", lambda: now)
    monkeypatch.setenv("COLUMNS", "1000")

    def run(*arguments: str | Path) -> str:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


@pytest.fixture
def exam_file(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Writes an exam as a file for the command line."""

    def write(body: dict[str, Any]) -> Path:
        path = tmp_path / "exam.json"
        path.write_text(json.dumps(body), encoding="utf-8")
        return path

    return write
