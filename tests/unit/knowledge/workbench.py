"""A copy of the rules to make mistakes in."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.knowledge import load
from service.knowledge.load import load_rulebase
from service.knowledge.problems import Problem, RuleBaseError
from service.knowledge.source import Source, parse_source


@dataclass
class Workbench:
    """The rules as files that may be edited; `restore` undoes every edit."""

    folder: Path
    before: dict[str, bytes | None] = field(default_factory=dict)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def write(self, name: str, content: str | bytes) -> None:
        path = self.folder / name
        self.before.setdefault(name, path.read_bytes() if path.exists() else None)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def replace(self, name: str, old: str, new: str) -> None:
        text = self.read(name)
        assert old in text, f"{name} no longer holds {old!r}"
        self.write(name, text.replace(old, new, 1))

    def remove(self, name: str) -> None:
        path = self.folder / name
        self.before.setdefault(name, path.read_bytes())
        path.unlink()

    def line_of(self, name: str, fragment: str) -> int:
        """The line in which the fragment starts, as the file now is."""
        text = self.read(name)
        assert fragment in text, f"{name} does not hold {fragment!r}"
        return text[: text.index(fragment)].count("\n") + 1

    def load(self) -> RuleBase:
        return load_rulebase(self.folder)

    def problems(self) -> list[Problem]:
        """What the loader says; nothing where it takes the rules."""
        try:
            self.load()
        except RuleBaseError as error:
            return error.problems
        return []

    def restore(self) -> None:
        for name, content in self.before.items():
            path = self.folder / name
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
        self.before.clear()


@pytest.fixture(scope="module")
def rules_copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The copied rules, whose files are parsed once for each content they have."""
    folder = tmp_path_factory.mktemp("workbench") / "rules"
    shutil.copytree(CHECKOUT / "rules", folder)
    parsed: dict[tuple[str, bytes], tuple[Source | None, list[Problem]]] = {}

    def parse_once(content: bytes, name: str, problems: list[Problem]) -> Source | None:
        key = name, content
        if key not in parsed:
            found: list[Problem] = []
            parsed[key] = parse_source(content, name, found), found
        source, found = parsed[key]
        problems.extend(found)
        return source

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "parse_source", parse_once)
        yield folder


@pytest.fixture
def bench(rules_copy: Path) -> Iterator[Workbench]:
    workbench = Workbench(rules_copy)
    yield workbench
    workbench.restore()
