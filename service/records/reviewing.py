"""Reviews: what a clinician made of an assessment. A later one stands beside an earlier one."""

from dataclasses import dataclass
from typing import Any

import orjson

from schemas.review import read_review, write_review
from service.audit.entry import Person, PersonErased, RecordedBefore, new_id
from service.audit.reading import Search, Stored, data_key, find, search, unsealed
from service.audit.sealing import compress
from service.audit.store import Store
from service.domain.review import Review
from service.records.accesses import Asker, log_access
from service.records.archive import Archive

Json = dict[str, Any]
MOST = 100


class ReviewedOtherwise(Exception):
    """The review_id was recorded before, with another body."""


@dataclass(frozen=True, slots=True)
class Reviews:
    """The reviews of one store."""

    store: Store
    archive: Archive

    def add(self, assessment: str, posted: bytes, asker: Asker) -> tuple[Json, bool]:
        """The review as it was recorded, and whether it is new. That it was sent is recorded first.

        What it names is held against what the assessment concluded, and so tells of that.
        Raises NothingNamed, InvalidBody, PersonErased, ReviewedOtherwise, StoreUnavailable.
        """
        about = self._assessment(assessment, asker, "review")
        versions = dict(fired.split("@") for fired in about.named("fires:"))
        classes = {classed.partition("=")[0] for classed in about.named("class:")}
        review = read_review(posted, versions, classes, asker.at)
        lookup = None
        if review.review_id is not None:
            lookup = self.store.keyring.lookup(asker.tenant, f"review of {assessment}", review.review_id)
        entry = asker.entry(
            "decisions", "review", new_id(),
            about=assessment,
            words=_words(review, versions),
            person=Person(token=about.subject),
            sealed=compress(orjson.dumps(write_review(review))),
            exam=lookup,
        )  # fmt: skip
        (result,) = self.store.writer.record(entry)
        if isinstance(result, PersonErased):
            raise result
        if isinstance(result, RecordedBefore):
            return self._again(result.id, review, asker), False
        return _written(entry.id, entry.at, asker.actor.role, write_review(review)), True

    def of(self, assessment: str, asker: Asker) -> list[Json]:
        """The reviews of an assessment, the oldest first. Raises NothingNamed, PersonErased."""
        self._assessment(assessment, asker, "read")
        wanted = Search(kinds=("review",), about=assessment)
        found = search(self.store, f"{asker.tenant}/decisions", wanted, None, MOST)
        return [self._shown(stored) for stored in reversed(found)]

    def _assessment(self, id_: str, asker: Asker, kind: str) -> Stored:
        """What reviews speak of, if its person was not erased. That it was asked for is recorded first."""
        found = self.archive.find(id_, asker)
        log_access(self.store, asker, kind, about=id_)
        if found.subject is None:
            raise PersonErased
        data_key(self.store, found.subject)
        return found

    def _again(self, id_: str, review: Review, asker: Asker) -> Json:
        stored = find(self.store, asker.tenant, id_)
        assert stored is not None
        if unsealed(self.store, stored) != orjson.dumps(write_review(review)):
            raise ReviewedOtherwise
        return self._shown(stored)

    def _shown(self, stored: Stored) -> Json:
        role = str(stored.record["actor"]["role"])
        return _written(stored.id, stored.at, role, orjson.loads(unsealed(self.store, stored)))


def _written(id_: str, at: str, role: str, review: Json) -> Json:
    return {"id": id_, "recorded_at": at, "role": role, **review}


def _words(review: Review, versions: dict[str, str]) -> frozenset[str]:
    words = {f"disputes:rule={code}@{versions[code]}" for code in review.disputed_rules}
    words |= {f"disputes:contributor={id_}" for id_ in review.disputed_contributors}
    if review.decision is not None:
        words.add(f"decision:{review.decision}")
    if review.impression is not None:
        words.add("impression:given")
    for measure in ("nprs", "akps", "referral_result"):
        if getattr(review.outcomes, measure, None) is not None:
            words.add(f"outcome:{measure}")
    return frozenset(words)
