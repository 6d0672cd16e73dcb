"""Where things stand: the file and line of a rule's keys and of what the vocabulary declares."""

from functools import cached_property
from pathlib import Path

from service.domain.rule import Rule
from service.knowledge.source import Mapping, read_source

VOCABULARY = "vocabulary"


class Places:
    """Looks lines up in the files of one rule base; without a folder it knows the files only."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def in_rule(self, rule: Rule, key: str) -> int:
        """The line in which a key of a rule's file stands; the rule's own where it has none."""
        source = self._read(rule.file)
        return source.lines.get(key, rule.line) if source else rule.line

    def of(self, id_: str) -> tuple[str, int]:
        """File and line of what the vocabulary declares under this id."""
        return self._entries.get(id_, (VOCABULARY, 1))

    @cached_property
    def _entries(self) -> dict[str, tuple[str, int]]:
        found: dict[str, tuple[str, int]] = {}
        for path in sorted((self.folder / VOCABULARY).rglob("*.yaml")) if self.folder else ():
            name = path.relative_to(self.folder).as_posix()  # type: ignore[arg-type]
            source = self._read(name)
            for entries in source.entries.values() if source else ():
                if isinstance(entries, Mapping):
                    found |= {id_: (name, line) for id_, line in entries.lines.items()}
        return found

    def _read(self, name: str) -> Mapping | None:
        if self.folder is None:
            return None
        source = read_source(self.folder / name, name, [])
        return source if isinstance(source, Mapping) else None
