"""Records as the use cases write them, by the words that they are counted by."""

from collections.abc import Iterable

from service.audit.entry import Entry, Person, new_id
from service.audit.sealing import compress
from tests.audit.conftest import entry

BASE = ("rules:sha256:" + "a" * 64, "version:0.1.0")


def assessment(
    subject: str, *words: str, at: str = "2026-11-27T10:00:00Z", base: Iterable[str] = BASE
) -> Entry:
    """An assessment of a person, with these words and those of a rule base."""
    all_words = frozenset((*words, *base))
    return entry(at=at, person=Person(subject), words=all_words, exam=None, id=new_id())


def review(of: Entry, *words: str, at: str = "2026-11-28T10:00:00Z") -> Entry:
    """A review of an assessment."""
    return entry(
        kind="review", about=of.id, at=at, person=of.person, words=frozenset(words), exam=None, clear={},
        sealed=compress(b"what the clinician wrote"),
    )  # fmt: skip
