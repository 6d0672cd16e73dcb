"""Secrets: 32 random bytes as text, of which the store keeps a hash."""

import hashlib
import secrets


def new_secret() -> str:
    """43 of A-Z, a-z, 0-9, - and _."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """SHA-256, without salt or stretching: nobody guesses 32 random bytes."""
    return hashlib.sha256(secret.encode()).hexdigest()
