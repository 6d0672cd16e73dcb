"""Verifies a decision log: every edit, insertion, deletion and swap is found, and where it is.

This file stands alone: it needs neither the service nor its database. Copy it beside an export and run

    python verifier.py EXPORT.ndjson [--chain NAME] [--checkpoints FILE] [--public-key BASE64]
                       [--chain-key FILE]

It uses Python's standard library; only to check the signatures of checkpoints it needs `cryptography`.
Without the chain key the MACs are not checked: then whoever could rewrite a whole chain from some record
on is found out by a checkpoint alone, which must be one that was kept elsewhere.

Only an access log may begin later than at its first record: at a checkpoint, where a record under a later
checkpoint says that it was cut there. Whoever cannot sign cannot cut, whatever other keys they have.
"""

import base64
import binascii
import hashlib
import hmac
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

START = "sha256:" + hashlib.sha256(b"").hexdigest()
FORMAT = 1
KEY_SIZE = 32
MAY_BE_CUT = "/access"
"""How the names of the chains end that retention cuts."""


@dataclass(frozen=True)
class Row:
    """One record as it is kept: `record` is canonical JSON; the other fields repeat what it says."""

    chain: str
    seq: int
    record: str
    sealed: bytes | None
    digest: str
    mac: str
    columns: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Signed:
    """One checkpoint: `statement` is canonical JSON."""

    statement: str
    signature: str


@dataclass(frozen=True)
class Fault:
    """What is wrong, and at which record of which chain."""

    chain: str
    seq: int
    says: str


@dataclass
class Chain:
    """How far one chain has been followed."""

    name: str
    seq: int = 0
    head: str = START
    first: int = 1
    """Where it begins: later than 1 where an access log was cut at a checkpoint."""
    signed: dict[int, list[str]] = field(default_factory=dict)
    """For each place with a checkpoint the digests that were signed there."""
    cuts: dict[int, int] = field(default_factory=dict)
    """Up to where its own records say that its beginning was cut, each with the place of that record."""
    ended: bool = False

    @property
    def cut_is_signed(self) -> bool:
        """Whether what says that it was cut here is under a checkpoint itself."""
        told = self.cuts.get(self.first - 1)
        return told is not None and told <= max(self.signed)


@dataclass
class Verifier:
    """Follows chains record by record. Feed it checkpoints first, then the rows of each chain in order."""

    chain_key: bytes | None = None
    public_key: bytes | None = None
    records: int = 0
    checkpoints: int = 0
    chains: dict[str, Chain] = field(default_factory=dict)

    def chain(self, name: str) -> Chain:
        return self.chains.setdefault(name, Chain(name))

    # -- checkpoints -----------------------------------------------------------------------------

    def checkpoint(self, signed: Signed) -> Iterator[Fault]:
        """Takes note of a signed statement. One that is not signed with the key counts for nothing."""
        said = read_object(signed.statement)
        name, seq = str(said.get("chain")), said.get("seq")
        seq = seq if isinstance(seq, int) else 0
        if not self._signature_holds(signed, said):
            yield Fault(name, seq, "the checkpoint is not signed with the key")
            return
        self.checkpoints += 1
        self.chain(name).signed.setdefault(seq, []).append(str(said.get("digest")))

    def _signature_holds(self, signed: Signed, said: dict[str, Any]) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        named = _base64(said.get("public_key"))
        key = self.public_key or named
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(
                _base64(signed.signature), signed.statement.encode()
            )
        except (InvalidSignature, ValueError):
            return False
        return key == named

    # -- records ---------------------------------------------------------------------------------

    def row(self, row: Row) -> Iterator[Fault]:
        """Checks the next record of its chain."""
        self.records += 1
        chain = self.chain(row.chain)
        digest = _sha256(row.record.encode())
        yield from self._place(chain, row)
        for says in self._content(chain, row, digest):
            yield Fault(row.chain, row.seq, says)
        for signed in chain.signed.get(row.seq, ()):
            if signed != digest:
                yield Fault(row.chain, row.seq, "a checkpoint was signed over another record here")
        if '"kind":"cut"' in row.record:
            self._note_cut(chain, row.seq, read_object(row.record))
        chain.seq, chain.head = row.seq, row.digest

    @staticmethod
    def _note_cut(chain: Chain, seq: int, record: dict[str, Any]) -> None:
        clear = record.get("clear")
        if record.get("kind") == "cut" and isinstance(clear, dict) and isinstance(clear.get("through"), int):
            chain.cuts.setdefault(clear["through"], seq)

    def _place(self, chain: Chain, row: Row) -> Iterator[Fault]:
        if chain.seq == 0 and row.seq - 1 in chain.signed and chain.name.endswith(MAY_BE_CUT):
            chain.first = row.seq
            chain.seq, chain.head = row.seq - 1, chain.signed[row.seq - 1][0]
        if row.seq > chain.seq + 1:
            yield Fault(row.chain, chain.seq + 1, f"missing, up to {row.seq - 1}")
        elif row.seq <= chain.seq:
            yield Fault(row.chain, row.seq, f"stands after record {chain.seq}")

    def _content(self, chain: Chain, row: Row, digest: str) -> Iterator[str]:
        record = read_object(row.record)
        if digest != row.digest:
            yield "the record is not what its digest says"
        vouched = self.chain_key is not None and hmac.compare_digest(self._mac(row.digest), row.mac)
        if self.chain_key is not None and not vouched:
            yield "the MAC is not that of the chain key"
        if record.get("v") != FORMAT or not (vouched or _canonical(record) == row.record):
            yield "the record is not in canonical form"
        if (record.get("chain"), record.get("seq")) != (row.chain, row.seq):
            yield "the record belongs to another place"
        if record.get("previous") != chain.head and row.seq == chain.seq + 1:
            yield "it does not follow the record before it"
        if record.get("sealed") != (None if row.sealed is None else _sha256(row.sealed)):
            yield "what is sealed is not what the record says"
        for name, value in row.columns.items():
            if record.get(name) != value:
                yield f"the column {name} is not what the record says"

    def _mac(self, digest: str) -> str:
        assert self.chain_key is not None
        return hmac.digest(self.chain_key, digest.encode(), "sha256").hex()

    # -- ends ------------------------------------------------------------------------------------

    def end(self, name: str, next_seq: int, head: str) -> Iterator[Fault]:
        """Closes a chain; `next_seq` and `head` are its end as the store or export says."""
        chain = self.chain(name)
        chain.ended = True
        if chain.first > 1 and not chain.cut_is_signed:
            says = f"missing, up to {chain.first - 1}: no signed record says that it was cut there"
            yield Fault(name, 1, says)
        beyond = [seq for seq in chain.signed if seq > chain.seq]
        if beyond:
            yield Fault(
                name, chain.seq + 1, f"missing, at least up to {max(beyond)}: a checkpoint was signed there"
            )
        if (next_seq, head) != (chain.seq + 1, chain.head):
            yield Fault(
                name, chain.seq, f"the chain ends elsewhere than at record {next_seq - 1}, as was said"
            )


# -- exports -----------------------------------------------------------------------------------


def verify_export(
    lines: Iterable[str], checkpoints: Iterable[str], verifier: Verifier, expected: str | None = None
) -> Iterator[Fault]:
    """The faults of an export of one chain, with checkpoints that were kept elsewhere.

    `expected`: which chain it should be. Checkpoints of other chains are passed over.
    """
    for line in checkpoints:
        yield from verifier.checkpoint(read_signed(line))
    rest = iter(lines)
    header = read_object(next(rest, ""))
    name = str(header.get("chain"))
    if "export" not in header:
        yield Fault(expected or "", 0, "the first line does not say of which chain the export is")
        return
    if expected not in (None, name):
        yield Fault(name, 0, f"the export is not of the chain {expected}")
    if verifier.checkpoints and not verifier.chain(name).signed:
        yield Fault(name, 0, "none of the checkpoints that were kept elsewhere is of this chain")
    chain = verifier.chain(name)
    for number, line in enumerate(rest, 2):
        if chain.ended:
            yield Fault(name, 0, f"line {number} stands after the end of the export")
        yield from _line(read_object(line), name, number, verifier)
    if not chain.ended:
        yield Fault(name, chain.seq, "the export has no end")


def _line(said: dict[str, Any], chain: str, number: int, verifier: Verifier) -> Iterator[Fault]:
    if "checkpoint" in said:
        yield from verifier.checkpoint(_signed(said))
    elif "record" in said:
        yield from _record_line(said, chain, number, verifier)
    elif isinstance(said.get("next_seq"), int):
        yield from verifier.end(chain, said["next_seq"], str(said.get("head")))
    else:
        yield Fault(chain, verifier.chain(chain).seq + 1, f"line {number} is no part of an export")


def _record_line(said: dict[str, Any], chain: str, number: int, verifier: Verifier) -> Iterator[Fault]:
    text = said.get("record")
    record = read_object(text)
    seq = record.get("seq")
    if not isinstance(text, str) or not isinstance(seq, int):
        yield Fault(chain, verifier.chain(chain).seq + 1, f"line {number} holds no record")
        return
    sealed = said.get("sealed")
    blob = None if sealed is None else _base64(sealed)
    if sealed is not None and base64.b64encode(blob or b"").decode() != sealed:
        yield Fault(chain, seq, "what is sealed is not in base64")
    yield from verifier.row(Row(chain, seq, text, blob, str(said.get("digest")), str(said.get("mac"))))


# -- reading -----------------------------------------------------------------------------------


def read_signed(line: str) -> Signed:
    """A checkpoint from a line of a file."""
    return _signed(read_object(line))


def _signed(said: dict[str, Any]) -> Signed:
    return Signed(str(said.get("checkpoint")), str(said.get("signature")))


def read_object(text: object) -> dict[str, Any]:
    """An object written as JSON; empty where it is none."""
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _printable(text: str) -> str:
    """On one line: what an export says may not look like what this file says."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _canonical(record: dict[str, Any]) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _base64(text: object) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""


# -- by itself ---------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """0 where nothing is wrong, 1 where something is, 2 where it could not be verified."""
    import argparse
    from pathlib import Path

    parser = argparse.ArgumentParser(description="Verifies an export of a kneechain decision log.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--chain", help="the chain that was asked for, such as local/decisions")
    parser.add_argument("--checkpoints", type=Path, help="checkpoints that were kept elsewhere")
    parser.add_argument("--public-key", help="the public signing key, in base64")
    parser.add_argument("--chain-key", type=Path, help="a file with the chain key in base64")
    given = parser.parse_args(arguments)
    try:
        return _verify(given)
    except (OSError, ValueError, ImportError) as error:
        print(f"cannot verify: {error}", file=sys.stderr)
        return 2


def _verify(given: Any) -> int:
    chain_key = None if given.chain_key is None else given.chain_key.read_text(encoding="utf-8")
    kept = given.checkpoints.read_text(encoding="utf-8").splitlines() if given.checkpoints else ()
    verifier = Verifier(_key(chain_key), _key(given.public_key))
    faults = 0
    with given.export.open(encoding="utf-8") as lines:
        for fault in verify_export(lines, kept, verifier, given.chain):
            faults += 1
            print(_printable(f"{fault.chain} {fault.seq}: {fault.says}"))
    name = next((name for name, chain in verifier.chains.items() if chain.ended), "no chain")
    print(
        _printable(f"{name}: {verifier.records} records, {verifier.checkpoints} checkpoints, {faults} faults")
    )
    for option, left in UNCHECKED.items():
        if getattr(given, option) is None:
            print(f"not checked without --{option.replace('_', '-')}: {left}")
    return 1 if faults else 0


def _key(text: str | None) -> bytes | None:
    """A key of 32 bytes in base64. Raises ValueError: another would check nothing, or call all wrong."""
    if text is None:
        return None
    key = _base64(text.strip())
    if len(key) != KEY_SIZE:
        raise ValueError(f"a key is {KEY_SIZE} bytes in base64")
    return key


UNCHECKED = {
    "chain": "whether this is the chain that was asked for",
    "checkpoints": "whether the end was cut off, or everything written anew",
    "public_key": "whose signatures the checkpoints have; anybody's count",
    "chain_key": "the MACs; what came after the last checkpoint may be anybody's",
}
"""What each option, where it is not given, leaves open."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
