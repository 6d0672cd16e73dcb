"""Sealing what is said of a person with a key of that person alone (AES-256-GCM)."""

import os
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.audit.keyring import SIZE, Keyring

NONCE = 12
LEVEL = 1
"""Of compression: answers repeat themselves, and the first level takes most of it."""


class Unsealable(Exception):
    """A sealed text was changed, or belongs to another key or place."""


def new_key() -> bytes:
    return os.urandom(SIZE)


def compress(content: bytes) -> bytes:
    return zlib.compress(content, LEVEL)


def seal(key: bytes, compressed: bytes, place: str) -> bytes:
    """Sealed so that it opens at this place (the record's id) only."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, compressed, place.encode())


def unseal(key: bytes, sealed: bytes, place: str) -> bytes:
    """What was sealed, uncompressed. Raises Unsealable."""
    try:
        return zlib.decompress(AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], place.encode()))
    except (InvalidTag, ValueError, zlib.error):
        raise Unsealable from None


def wrap(keyring: Keyring, token: str, key: bytes) -> bytes:
    """A person's data key as the key store holds it."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(keyring.wrapping).encrypt(nonce, key, token.encode())


def unwrap(keyring: Keyring, token: str, wrapped: bytes) -> bytes:
    """Raises Unsealable."""
    try:
        return AESGCM(keyring.wrapping).decrypt(wrapped[:NONCE], wrapped[NONCE:], token.encode())
    except (InvalidTag, ValueError):
        raise Unsealable from None
