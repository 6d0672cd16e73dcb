"""The keys of a store, which are never in it.

`master` wraps the data keys of persons and makes lookups, `chain` makes the MAC of each record, `signing`
(Ed25519) signs checkpoints. They stand in one file, or each in an environment variable. Whoever holds the
store without them reads nobody's findings and forges nothing unnoticed; whoever loses `master` has erased
every person.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NAMES = ("master", "chain", "signing")
SIZE = 32
"""Bytes of each key."""


class KeysNotRight(Exception):
    """The keys cannot be used; the text says which and why, and holds nothing of them."""


@dataclass(frozen=True)
class Keyring:
    """The keys, each of 32 bytes."""

    master: bytes
    chain: bytes
    signing: bytes

    def __repr__(self) -> str:
        return "Keyring(…)"

    # -- what they are used for --------------------------------------------------------------

    def mac(self, data: bytes) -> str:
        """HMAC-SHA256 under the chain key, in hexadecimal."""
        return hmac.digest(self.chain, data, "sha256").hex()

    def lookup(self, tenant: str, what: str, text: str) -> str:
        """By which a text is found again within one tenant, without being kept."""
        named = "\0".join((tenant, what, text)).encode()
        return hmac.digest(self._lookups, named, "sha256").hex()

    def sign(self, data: bytes) -> str:
        """The Ed25519 signature, in base64."""
        return base64.b64encode(self._private.sign(data)).decode()

    @cached_property
    def public(self) -> str:
        """The public half of the signing key, in base64: what an auditor needs to check a checkpoint."""
        raw = self._private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        return base64.b64encode(raw).decode()

    @cached_property
    def ids(self) -> dict[str, str]:
        """For each key a name that tells it from others and nothing of it."""
        return {
            name: hashlib.sha256(b"kneechain key\0" + getattr(self, name)).hexdigest()[:16] for name in NAMES
        }

    @cached_property
    def wrapping(self) -> bytes:
        """The key that wraps data keys."""
        return self._derived(b"wrap")

    @cached_property
    def _lookups(self) -> bytes:
        return self._derived(b"lookup")

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.signing)

    def _derived(self, purpose: bytes) -> bytes:
        return HKDF(hashes.SHA256(), SIZE, salt=None, info=b"kneechain " + purpose).derive(self.master)


# -- reading and making ------------------------------------------------------------------------


def variable(name: str) -> str:
    """The environment variable that may hold a key."""
    return f"KNEECHAIN_{name.upper()}_KEY"


def read_keys(file: Path, environment: Mapping[str, str], may_make: bool) -> Keyring:
    """The keys of the environment, else of the file; where there is none it is made if it may be.

    Raises KeysNotRight.
    """
    given = {name: environment[variable(name)] for name in NAMES if environment.get(variable(name))}
    if len(given) < len(NAMES):
        if not file.exists():
            if given or not may_make:
                lacking = ", ".join(variable(name) for name in NAMES if name not in given)
                raise KeysNotRight(f"there is no key file {file}, and no {lacking}")
            return _make(file)
        given = {**_read(file), **given}
    return Keyring(**{name: _decoded(name, given.get(name)) for name in NAMES})


def _read(file: Path) -> dict[str, str]:
    if os.name == "posix" and file.stat().st_mode & 0o077:
        raise KeysNotRight(f"{file} can be read by others; chmod 600 {file}")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise KeysNotRight(f"{file} is no key file") from None
    if not isinstance(content, dict):
        raise KeysNotRight(f"{file} is no key file")
    return content


def _decoded(name: str, text: object) -> bytes:
    try:
        key = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != SIZE:
        raise KeysNotRight(f"the {name} key is not {SIZE} bytes in base64")
    return key


def new_keys() -> dict[str, str]:
    """Keys as a key file holds them."""
    return {name: base64.b64encode(secrets.token_bytes(SIZE)).decode() for name in NAMES}


def _sync(folder: Path) -> None:
    """That the file is there is on disk too: a log is worth nothing without its keys."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make(file: Path) -> Keyring:
    """Whoever comes second takes what the first has made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(new_keys(), out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(part, file)
    except FileExistsError:
        pass
    finally:
        part.unlink()
    _sync(file.parent)
    return Keyring(**{name: _decoded(name, text) for name, text in _read(file).items() if name in NAMES})
