"""A rule base whole: the files its digest covers, in memory, to be kept and loaded again years later."""

import hashlib
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

Files = Mapping[str, bytes]
"""The content of each YAML file by its path in the folder, with slashes, in the order of paths."""


class NotThatRuleBase(Exception):
    """What was packed is damaged, or is another rule base than the one asked for."""


def read_files(folder: Path) -> Files:
    """The YAML files of a folder; nothing else in it has a say in an answer."""
    found = (path for path in folder.rglob("*.y*ml") if path.is_file())
    return _ordered({path.relative_to(folder).as_posix(): path.read_bytes() for path in found})


def digest_of(files: Files) -> str:
    """SHA-256 over the names and contents of every YAML file, in name order."""
    whole = hashlib.sha256()
    for name, content in sorted(files.items()):
        whole.update(name.encode())
        whole.update(b"\0")
        whole.update(hashlib.sha256(content).digest())
    return f"sha256:{whole.hexdigest()}"


def pack(files: Files) -> bytes:
    """The files as few bytes, the same for the same files (and zlib)."""
    texts = {name: content.decode("utf-8", "surrogateescape") for name, content in files.items()}
    return zlib.compress(json.dumps(texts, sort_keys=True, separators=(",", ":")).encode(), 9)


def unpack(packed: bytes, digest: str) -> Files:
    """The files that were packed. Raises NotThatRuleBase unless they are those of this digest."""
    try:
        texts = json.loads(zlib.decompress(packed))
        files = {name: text.encode("utf-8", "surrogateescape") for name, text in texts.items()}
    except (zlib.error, ValueError, AttributeError) as error:
        raise NotThatRuleBase(f"{digest} is packed so that it cannot be read") from error
    if (found := digest_of(files)) != digest:
        raise NotThatRuleBase(f"{digest} was asked for, {found} is packed")
    return _ordered(files)


def _ordered(files: Mapping[str, bytes]) -> Files:
    return MappingProxyType(dict(sorted(files.items())))
