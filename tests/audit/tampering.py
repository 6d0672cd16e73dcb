"""What someone can do to a store or an export without the keys: each kind, at a place drawn at random."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from service.audit.tables import chains, checkpoints, records, subjects
from service.audit.verifier import START
from tests.audit.conftest import CHAIN

SIGNED = 20
"""Up to here a checkpoint was kept elsewhere."""

Lines = list[dict[str, Any]]
Places = set[int]
"""The places in the chain at one of which a fault must be told."""


def rows(connection: Connection, chain: str = CHAIN) -> list[dict[str, Any]]:
    found = connection.execute(select(records).where(records.c.chain == chain).order_by(records.c.seq))
    return [dict(row) for row in found.mappings()]


def replace_all(connection: Connection, kept: list[dict[str, Any]], chain: str = CHAIN) -> None:
    connection.execute(delete(records).where(records.c.chain == chain))
    if kept:
        connection.execute(insert(records), kept)


def other_text(text: str, random: Random) -> str:
    at = random.randrange(len(text))
    return text[:at] + random.choice([c for c in "0123456789abcdef" if c != text[at]]) + text[at + 1 :]


def other_bytes(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def sha256(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def relinked(kept: list[dict[str, Any]], start: int) -> list[dict[str, Any]]:
    """Digests and links made right from a place on, as anyone can; the MACs stay what they were."""
    kept = [dict(row) for row in kept]
    for at in range(start, len(kept)):
        said = json.loads(kept[at]["record"])
        said["seq"] = kept[at]["seq"] = at + 1
        if at:
            said["previous"] = kept[at - 1]["digest"]
        kept[at]["record"] = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        kept[at]["digest"] = sha256(kept[at]["record"])
    return kept


@dataclass(frozen=True)
class Tampering:
    """One kind: done to the rows of a chain, it tells where that must be noticed.

    `ends`: the end of the chain is set to fit.
    """

    do: Callable[[list[dict[str, Any]], Random], tuple[list[dict[str, Any]], Places]]
    ends: bool = False


def edits(column: str) -> Callable[[list[dict[str, Any]], Random], tuple[list[dict[str, Any]], Places]]:
    def do(kept: list[dict[str, Any]], random: Random) -> tuple[list[dict[str, Any]], Places]:
        at = random.randrange(len(kept))
        old = kept[at][column]
        if isinstance(old, bytes):
            kept[at][column] = other_bytes(old, random)
        else:
            kept[at][column] = other_text(old, random) if old else "0" * 32
        return kept, {at + 1, at + 2}

    return do


def deletes(kept: list[dict[str, Any]], random: Random) -> tuple[list[dict[str, Any]], Places]:
    at = random.randrange(len(kept) - 1)
    return kept[:at] + kept[at + 1 :], {at + 1}


def deletes_and_closes_the_gap(
    kept: list[dict[str, Any]], random: Random
) -> tuple[list[dict[str, Any]], Places]:
    at = random.randrange(len(kept) - 1)
    return relinked(kept[:at] + kept[at + 1 :], at), {at + 1}


def swaps(kept: list[dict[str, Any]], random: Random) -> tuple[list[dict[str, Any]], Places]:
    one, two = sorted(random.sample(range(len(kept)), 2))
    kept[one], kept[two] = kept[two] | {"seq": one + 1}, kept[one] | {"seq": two + 1}
    return kept, {one + 1}


def swaps_and_links(kept: list[dict[str, Any]], random: Random) -> tuple[list[dict[str, Any]], Places]:
    one, two = sorted(random.sample(range(len(kept)), 2))
    kept[one], kept[two] = kept[two], kept[one]
    return relinked(kept, one), {one + 1}


def swaps_what_is_sealed(kept: list[dict[str, Any]], random: Random) -> tuple[list[dict[str, Any]], Places]:
    one, two = random.sample(range(len(kept)), 2)
    kept[one]["sealed"], kept[two]["sealed"] = kept[two]["sealed"], kept[one]["sealed"]
    return kept, {one + 1, two + 1}


def inserts(kept: list[dict[str, Any]], random: Random) -> tuple[list[dict[str, Any]], Places]:
    at = random.randrange(len(kept))
    forged = dict(random.choice(kept)) | {"id": "forged"}
    forged["record"] = json.dumps(json.loads(forged["record"]) | {"id": "forged"}, sort_keys=True)
    return relinked([*kept[:at], forged, *kept[at:]], at), {at + 1}


def appends(kept: list[dict[str, Any]], random: Random) -> tuple[list[dict[str, Any]], Places]:
    forged = dict(kept[-1]) | {"id": "forged"}
    forged["record"] = json.dumps(json.loads(forged["record"]) | {"id": "forged"}, sort_keys=True)
    return relinked([*kept, forged], len(kept)), {len(kept) + 1}


def rewrites_from_a_place_on(
    kept: list[dict[str, Any]], random: Random
) -> tuple[list[dict[str, Any]], Places]:
    at = random.randrange(len(kept))
    said = json.loads(kept[at]["record"])
    said["clear"]["fires"] = ["H99"]
    kept[at]["record"] = json.dumps(said)
    return relinked(kept, at), {at + 1}


def takes_another_MAC(kept: list[dict[str, Any]], random: Random) -> tuple[list[dict[str, Any]], Places]:  # noqa: N802
    one, two = random.sample(range(len(kept)), 2)
    kept[one]["mac"] = kept[two]["mac"]
    return kept, {one + 1}


def beginning_cut(
    kept: list[dict[str, Any]], mac: Callable[[bytes], str] = lambda digest: "0" * 64
) -> list[dict[str, Any]]:
    """Without what is under the checkpoint, and with a made-up record at the end that it was cut there."""
    last = kept[-1]
    said = json.loads(last["record"])
    said |= {"seq": last["seq"] + 1, "previous": last["digest"], "id": "forged", "kind": "cut"}
    said |= {"clear": {"through": SIGNED}, "subject": None, "sealed": None}
    record = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    of_record = {"digest": sha256(record), "mac": mac(sha256(record).encode()), "record": record}
    forged = {**last, "seq": said["seq"], "id": "forged", "kind": "cut", "subject": None, "sealed": None}
    return [*kept[SIGNED:], forged | of_record]


def cuts_the_beginning(kept: list[dict[str, Any]], random: Random) -> tuple[list[dict[str, Any]], Places]:
    return beginning_cut(kept), {1}


KINDS: dict[str, Tampering] = {
    "the record edited": Tampering(edits("record")),
    "what is sealed edited": Tampering(edits("sealed")),
    "the digest edited": Tampering(edits("digest")),
    "the MAC edited": Tampering(edits("mac")),
    "another record's MAC": Tampering(takes_another_MAC),
    "what is sealed swapped": Tampering(swaps_what_is_sealed),
    "a record deleted": Tampering(deletes),
    "a record deleted and the gap closed": Tampering(deletes_and_closes_the_gap, ends=True),
    "two records swapped": Tampering(swaps),
    "two records swapped and linked": Tampering(swaps_and_links, ends=True),
    "a record inserted and linked": Tampering(inserts, ends=True),
    "a record appended": Tampering(appends, ends=True),
    "rewritten from a place on": Tampering(rewrites_from_a_place_on, ends=True),
    "the beginning cut with a made-up cut record": Tampering(cuts_the_beginning, ends=True),
}
COLUMNS = {f"the column {name} edited": Tampering(edits(name)) for name in ("id", "kind", "at", "subject")}
"""An export repeats no columns."""


def set_end(connection: Connection, kept: list[dict[str, Any]], chain: str = CHAIN) -> None:
    end = {"next_seq": kept[-1]["seq"] + 1, "head": kept[-1]["digest"]}
    connection.execute(update(chains).where(chains.c.chain == chain).values(end))


def cut_tail(connection: Connection, after: int) -> None:
    """As if nothing had come after a record: rolled back with all that tells of it within the store."""
    kept = rows(connection)[:after]
    connection.execute(delete(records).where(records.c.chain == CHAIN, records.c.seq > after))
    connection.execute(delete(checkpoints).where(checkpoints.c.chain == CHAIN, checkpoints.c.seq > after))
    set_end(connection, kept)


# -- exports -----------------------------------------------------------------------------------


def of_export(lines: Lines) -> Iterator[dict[str, Any]]:
    """The records of an export as rows."""
    for line in lines:
        if "record" in line:
            yield {
                **line,
                "sealed": base64.b64decode(line["sealed"]),
                "seq": json.loads(line["record"])["seq"],
            }


def to_export(lines: Lines, kept: list[dict[str, Any]], ends: bool) -> Lines:
    """The export with other records; `ends`: with its last line to fit."""
    head = [line for line in lines if "export" in line or "checkpoint" in line]
    end = {"end": True, "next_seq": kept[-1]["seq"] + 1, "head": kept[-1]["digest"]} if ends else lines[-1]
    shown = [
        {
            "record": row["record"], "digest": row["digest"], "mac": row["mac"],
            "sealed": None if row["sealed"] is None else base64.b64encode(row["sealed"]).decode(),
        }
        for row in kept
    ]  # fmt: skip
    return [*head, *shown, end]


OTHER = {"export": "kneechain.v1", "chain": "x"}
NOTHING = {"end": True, "next_seq": 1, "head": START}


def lines_cut(lines: Lines) -> Lines:
    """The first three records of an export, without an end."""
    return [*(line for line in lines if "export" in line), *[line for line in lines if "record" in line][:3]]


FORMS: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "a second header": (lambda lines: [*lines_cut(lines), OTHER, NOTHING], "line 5 is no part of an export"),
    "another header before its own": (lambda lines: [OTHER, *lines], "line 2 is no part of an export"),
    "a record before the header": (
        lambda lines: [lines[-2], *lines], "the first line does not say of which chain the export is",
    ),
    "renamed": (
        lambda lines: [OTHER, NOTHING], "none of the checkpoints that were kept elsewhere is of this chain",
    ),
    "an end that says nothing": (
        lambda lines: [*lines_cut(lines), {"end": True}], "line 5 is no part of an export",
    ),
    "no end": (lines_cut, "the export has no end"),
}  # fmt: skip
"""What is done to the form of an export, and what is told then."""


# -- the keys of persons -----------------------------------------------------------------------


def somebody(connection: Connection, random: Random) -> str:
    return random.choice(
        connection.execute(select(subjects.c.token).order_by(subjects.c.token)).scalars().all()
    )


def first_record(connection: Connection, token: str) -> int:
    of_person = select(func.min(records.c.seq)).where(records.c.subject == token)
    return connection.execute(of_person).scalar_one()


def deletes_a_key(connection: Connection, token: str) -> None:
    connection.execute(delete(subjects).where(subjects.c.token == token))


def spoils_a_key(connection: Connection, token: str) -> None:
    connection.execute(update(subjects).where(subjects.c.token == token).values(wrapped_key=b"0" * 60))


def moves_a_key(connection: Connection, token: str) -> None:
    connection.execute(update(subjects).where(subjects.c.token == token).values(tenant="elsewhere"))


KEYS: dict[str, Callable[[Connection, str], None]] = {
    "a key deleted without erasure": deletes_a_key,
    "a key that opens nothing any more": spoils_a_key,
    "a key moved to another tenant": moves_a_key,
}
