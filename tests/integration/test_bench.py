"""The bench still runs: its contenders fire the same rules, and it writes down what it measured."""

import json
from pathlib import Path

from bench.inference import main


def test_the_contenders_agree_and_the_result_is_written(tmp_path: Path) -> None:
    written = tmp_path / "inference.json"
    main(["--exams", "3", "--rounds", "1", "--checks", "200", "--out", str(written)])
    result = json.loads(written.read_bytes())
    assert result["agreement"]["exams"] == 203
    assert {"lock-step", "CLIPS", "Zen, with trace"} <= {row["name"] for row in result["contenders"]}
