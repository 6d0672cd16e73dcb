"""What leaves the log in other forms: a table of what names nobody, and everything about one person."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import orjson

from service.audit import drafts
from service.audit.counting import Counted, Span, counted
from service.audit.reading import Search as Wanted
from service.audit.reading import Stored, search, stream, unsealed
from service.audit.sealing import Unsealable
from service.audit.store import Store
from service.audit.verifying import export as export_chain
from service.records.accesses import Asker, log_access
from service.records.contents import Contents
from service.records.erasing import NobodyKnown, by_subject

Json = dict[str, Any]
COLUMNS = {
    "outcome": "outcome", "flags": "flag", "cleared": "cleared", "fired": "fires",
    "undetermined": "undetermined", "classes": "class", "rule_base": "rules", "rule_base_version": "version",
}  # fmt: skip
"""Each column, and the words whose names stand in it."""
HEADINGS = ("assessment_id", "recorded_at", "corrects", *COLUMNS)
UNREADABLE: Json = {"unreadable": True}
"""In place of what cannot be opened: it was changed, or its key was."""
MOST = 1_000_000
"""Records of one person: more than there can be."""


def as_chain(store: Store, asker: Asker, chain: str) -> Iterator[bytes]:
    """A chain as `service/audit/verifier.py` verifies it. The export is recorded first."""
    log_access(store, asker, "export", form="chain", chain=chain)
    yield from export_chain(store, chain)


def as_csv(store: Store, asker: Asker) -> Iterator[str]:
    """One line for each assessment, of what the log keeps in clear. The export is recorded first."""
    log_access(store, asker, "export", form="csv")
    yield _line(HEADINGS)
    for record in counted(store, f"{asker.tenant}/decisions", "assessment", Span()):
        yield _line(_row(record))


def _row(record: Counted) -> Iterator[str]:
    said = defaultdict(list)
    for word in record.words:
        what, _, name = word.partition(":")
        said[what].append(name)
    yield from (record.id, record.at, record.about or "")
    yield from (" ".join(said[word]) for word in COLUMNS.values())


def _line(cells: Any) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(cells)
    return written.getvalue()


# -- about one person ------------------------------------------------------------------------------


def about_person(store: Store, asker: Asker, subject: str) -> Json:
    """Everything that is kept of a person, opened, and who looked at it. Recorded first.

    What cannot be opened is `unreadable`. Raises NobodyKnown, PersonErased, StoreUnavailable.
    """
    whom = by_subject(store, asker, subject)
    kept = drafts.of_subject(store, asker.tenant, whom.lookup or "", asker.at)
    if whom.token is None and not kept:
        raise NobodyKnown
    log_access(store, asker, "export", about=whom.token, form="person")
    wanted = Wanted(subject=whom.token)
    found = search(store, f"{asker.tenant}/decisions", wanted, None, MOST) if whom.token else []
    return {
        "subject": subject,
        "exported_at": asker.at.isoformat().replace("+00:00", "Z"),
        "records": [_opened(store, stored) for stored in reversed(found)],
        "drafts": [_draft(store, row) for row in kept],
        "accesses": [
            *_accesses(store, asker, {whom.token, *(one.id for one in found)}, {row.lookup for row in kept})
        ],
    }


def _opened(store: Store, stored: Stored) -> Json:
    """A record with what was sealed in it."""
    written: Json = {"id": stored.id, "kind": stored.kind, "recorded_at": stored.at}
    if stored.about is not None:
        written["about"] = stored.about
    try:
        return written | _content(store, stored)
    except Unsealable:
        return written | UNREADABLE


def _content(store: Store, stored: Stored) -> Json:
    if stored.sealed is None:
        return {}
    content = unsealed(store, stored)
    if stored.kind == "assessment":
        parts = Contents.unpacked(content)
        return {
            "posted": parts.posted.decode(), "exam": orjson.loads(parts.exam),
            "answer": orjson.loads(parts.answer),
        }  # fmt: skip
    if stored.kind == "disagreement":
        return {"posted": content.decode()}
    return {"content": orjson.loads(content)}


def _draft(store: Store, row: Any) -> Json:
    try:
        content: Json = {"content": drafts.opened(store, row).content.decode()}
    except Unsealable:
        content = UNREADABLE
    return {**content, "changed_at": row.changed_at, "expires_at": row.expires_at}


def _accesses(store: Store, asker: Asker, ids: set[str | None], of_drafts: set[str]) -> Iterator[Json]:
    """Each time somebody looked at one of these records, or at one of these drafts."""
    for stored in stream(store, f"{asker.tenant}/access"):
        if (stored.about is not None and stored.about in ids) or stored.clear.get("draft") in of_drafts:
            yield {"at": stored.at, "kind": stored.kind, "about": stored.about, "by": stored.record["actor"]}
