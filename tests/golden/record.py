"""Records the golden corpus: what each exam is answered, since when, and why it changed.

python -m tests.golden.record --reason TEXT           answers all exams again under the packed rules
python -m tests.golden.record --reason TEXT --anew    chooses other exams, under the rules as they are now
"""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

from service.config import CHECKOUT
from service.knowledge.files import read_files
from service.records.replaying import Replayer
from tests.golden.corpus import answers, sha256, write
from tests.golden.drawing import chosen

FOLDER = CHECKOUT / "tests" / "golden"
ANSWERS, CHANGES = "answers.txt", "CHANGES.md"
CHANGE = re.compile(
    r"^## (?P<number>\d+)\n\n"
    r"(?P<count>\d+) answers recorded; answers\.txt: (?P<sha256>[0-9a-f]{64})\n\n"
    r"(?P<reason>\S.*)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Answer:
    """What an exam is answered, and the change of CHANGES.md that it was last recorded by."""

    sha256: str
    since: int


@dataclass(frozen=True)
class Change:
    """How many answers were recorded then, what all answers together were after it, and why."""

    number: int
    count: int
    sha256: str
    reason: str


def read_answers(folder: Path = FOLDER) -> dict[str, Answer]:
    lines = (folder / ANSWERS).read_text(encoding="utf-8").splitlines()
    named = {}
    for digest, since, name in (line.split(" ", 2) for line in lines):
        named[name] = Answer(digest, int(since))
    assert len(named) == len(lines), "an exam is answered twice"
    return named


def read_changes(folder: Path = FOLDER) -> list[Change]:
    text = (folder / CHANGES).read_text(encoding="utf-8")
    return [
        Change(int(found["number"]), int(found["count"]), found["sha256"], found["reason"])
        for found in CHANGE.finditer(text)
    ]


def record(reason: str, folder: Path = FOLDER) -> int:
    """Writes down what is answered otherwise than before, with the reason. How many answers these are."""
    before = read_answers(folder) if (folder / ANSWERS).exists() else {}
    number = len(read_changes(folder)) + 1
    now = answers(folder)
    again = {name for name, digest in now.items() if name not in before or before[name].sha256 != digest}
    if not again and now.keys() == before.keys():
        return 0
    lines = (f"{now[name]} {number if name in again else before[name].since} {name}\n" for name in now)
    text = "".join(lines)
    (folder / ANSWERS).write_text(text, encoding="utf-8")
    with (folder / CHANGES).open("a", encoding="utf-8") as changes:
        changes.write(
            f"\n## {number}\n\n{len(again)} answers recorded; answers.txt: {sha256(text.encode())}\n"
        )
        changes.write(f"\n{reason}\n")
    return len(again)


def main() -> None:
    asked = argparse.ArgumentParser(prog="make golden")
    asked.add_argument("--reason", required=True)
    asked.add_argument("--anew", action="store_true")
    given = asked.parse_args()
    if not given.reason.strip():
        asked.error('say why answers change: make golden REASON="…"')
    if given.anew:
        files = read_files(CHECKOUT / "rules")
        write(FOLDER, list(chosen(Replayer.of(files))), files)
    print(f"{record(given.reason)} answers recorded")


if __name__ == "__main__":
    main()
