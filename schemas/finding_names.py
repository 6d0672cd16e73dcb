"""What somebody meant who wrote the name of a finding that there is not."""

from collections.abc import Mapping
from typing import Any

from schemas.faults import nearest
from service.domain.vocabulary import FindingDefinition

ID_ALIKE, WORD_ALIKE = 0.75, 0.87
"""How much an id, or another name, must be like what was sent: among so many words one always is a little."""


class FindingNames:
    """The names of findings, and the words they are found by."""

    def __init__(self, findings: Mapping[str, FindingDefinition]) -> None:
        self._ids = tuple(findings)
        self._by_word: dict[str, str | None] = {}
        for definition in findings.values():
            for word in map(_spoken, definition.found_by):
                self._by_word[word] = None if word in self._by_word else definition.id
        self._by_word |= {_spoken(name): d.id for d in findings.values() for name in (d.id, *d.aliases)}

    def meant(self, name: Any) -> str | None:
        """The id of the finding that is spelt much like this, or that alone is found by this word."""
        if not isinstance(name, str):
            return None
        said = _spoken(name)
        if said in self._by_word:
            return self._by_word[said]
        near = nearest(name, self._ids, ID_ALIKE) or nearest(said, self._by_word, WORD_ALIKE)
        return self._by_word[_spoken(near)] if near else None


def _spoken(name: str) -> str:
    """A name as it is said: `Knee_pain-present` and `knee pain present` are the same."""
    return name.casefold().replace("_", " ").replace("-", " ")
