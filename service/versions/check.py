"""Whether a rule base changed only as it may since it was locked: with versions and changelog."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.domain.rule import Convention, Rule
from service.domain.rulebase import RuleBase
from service.knowledge.load import BASE
from service.knowledge.problems import Problem
from service.versions.changelog import CLINICAL_IMPACT, HOW_COMMON, Changelog
from service.versions.changelog import FILE as CHANGELOG
from service.versions.lock import FILE, Lock


@dataclass(frozen=True, slots=True)
class Changes:
    """What is otherwise than the lock says: rule codes, and names of decisions."""

    added: tuple[str, ...]
    gone: tuple[str, ...]
    """Rules whose file was taken away before they were retired."""
    reworded: tuple[str, ...]
    """Rules whose content changed, but not what they conclude."""
    concluding: tuple[str, ...]
    """Rules that conclude something else, the retired ones too."""
    switched: tuple[str, ...]
    """Rules switched off or on again."""
    deciding: tuple[str, ...]

    @classmethod
    def between(cls, before: Lock, now: Lock) -> "Changes":
        pairs = {code: (old, now.rules[code]) for code, old in before.rules.items() if code in now.rules}
        retired = {code for code, (old, new) in pairs.items() if "retired" in (old.force, new.force)}
        content = [code for code, (old, new) in pairs.items() if old.content != new.content]
        force = [code for code, (old, new) in pairs.items() if old.force != new.force]
        concludes = [code for code, (old, new) in pairs.items() if old.concludes != new.concludes]
        names = {*before.decisions, *now.decisions}
        return cls(
            added=tuple(code for code in now.rules if code not in before.rules),
            gone=tuple(c for c, old in before.rules.items() if c not in now.rules and old.force != "retired"),
            reworded=tuple(code for code in content if code not in concludes),
            concluding=tuple(dict.fromkeys((*concludes, *(code for code in force if code in retired)))),
            switched=tuple(code for code in force if code not in retired),
            deciding=tuple(sorted(n for n in names if before.decisions.get(n) != now.decisions.get(n))),
        )

    @property
    def conclude(self) -> bool:
        """Whether anything is concluded otherwise by what the files say; a switch is said in every answer."""
        return bool(self.added or self.gone or self.concluding or self.deciding)


class VersionCheck:
    """Compares a rule base in its folder with what is locked there."""

    def __init__(self, folder: Path, rulebase: RuleBase, before: Lock, now: Lock) -> None:
        self.folder = folder
        self.rulebase = rulebase
        self.before = before
        self.now = now
        self.changes = Changes.between(before, now)
        self.changelog = Changelog.of(folder)

    def problems(self) -> list[Problem]:
        """Everything that keeps the lock from moving, each with what to do."""
        return sorted([*self._codes(), *self._versions(), *self._base(), *self._impact(), *self._common()])

    # -- rules -------------------------------------------------------------------------------

    def _codes(self) -> Iterator[Problem]:
        for code in self.changes.gone:
            name = self.before.rules[code].rule
            said = f"{code} ({name}) is gone: keep its file with 'status: retired', and lock that first"
            yield self._at(FILE, f'"{code}": ', said)
        for code, rule in self._both():
            was = self.before.rules[code]
            if was.rule != rule.id:
                said = f"{code} was the code of {was.rule}: a code is never used again, take a new one"
                yield self._at(rule.file, "code:", said)

    def _versions(self) -> Iterator[Problem]:
        for code, rule in self._both():
            was, is_ = self.before.rules[code], self.now.rules[code]
            todo = f"raise 'version' to {was.version + 1}"
            if is_.version < was.version:
                said = f"{code} had version {was.version}, now {is_.version}: {todo}"
                yield self._at(rule.file, "version:", said)
            elif is_.version == was.version and is_.content != was.content:
                said = f"{code} changed and kept its version {was.version}: {todo}"
                yield self._at(rule.file, "version:", said)

    def _both(self) -> Iterator[tuple[str, Rule | Convention]]:
        """The rules that stand in the files and in the lock."""
        for code, rule in self.rulebase.readable.items():
            if code in self.before.rules:
                yield code, rule

    # -- the whole -----------------------------------------------------------------------------

    def _base(self) -> Iterator[Problem]:
        was, is_ = self.before.version, self.rulebase.version
        if self.changes.conclude and _numbers(is_) <= _numbers(was):
            said = f"what is concluded changed since version {was} was locked: raise 'version' above it"
            yield self._at(BASE, "version:", said)
        elif _numbers(is_) < _numbers(was):
            yield self._at(BASE, "version:", f"version {was} was locked: {is_} is lower")
        if self.changelog.version != is_:
            said = f"the newest section is about {self.changelog.version}: add '## {is_}'"
            yield Problem(CHANGELOG, self.changelog.line_of(""), said)

    def _impact(self) -> Iterator[Problem]:
        changes = self.changes
        because = {
            **dict.fromkeys(changes.added, "is new"),
            **dict.fromkeys(changes.concluding, "concludes something else"),
            **dict.fromkeys(changes.switched, "was switched on or off"),
            **dict.fromkeys(changes.deciding, "decides otherwise"),
        }
        for name, said in because.items():
            kind, _, id_ = name.rpartition(" ")
            word = id_ if kind or name in self.now.rules else f"`{name}`"  # such as `classes`, a plain word
            yield from self._unsaid(CLINICAL_IMPACT, word, f"{name} {said}", "what that means for people")

    def _common(self) -> Iterator[Problem]:
        before, now = self.before, self.now
        for contributor, counts in now.how_common.items():
            was = before.how_common.get(contributor, {})
            risen = [c for c, n in counts.items() if n * before.people > was.get(c, 0) * now.people]
            if risen and before.people:
                said = f"more people of the invented sample are {' and '.join(risen)} for {contributor}"
                yield from self._unsaid(HOW_COMMON, contributor, said, "why")

    def _unsaid(self, heading: str, word: str, said: str, what: str) -> Iterator[Problem]:
        if not self.changelog.says(heading, word):
            todo = f"say {what} under '### {heading}' of the newest section, naming {word}"
            yield Problem(CHANGELOG, self.changelog.line_of(heading), f"{said}: {todo}")

    def _at(self, file: str, key: str, said: str) -> Problem:
        """At the first line of the file that begins with the key."""
        lines = (self.folder / file).read_text(encoding="utf-8").splitlines()
        found = (number for number, line in enumerate(lines, start=1) if line.lstrip().startswith(key))
        return Problem(file, next(found, 1), said)


def _numbers(version: str) -> tuple[int, ...]:
    """0.10.0 after 0.9.0."""
    return tuple(map(int, re.findall(r"\d+", version)))
