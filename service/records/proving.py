"""What vouches for one record, for people and as JSON; what is sealed stays so."""

from typing import Any

from service.audit.placing import Placed, placed
from service.audit.store import Store
from service.records.accesses import Asker, log_access

Json = dict[str, Any]


def proof(store: Store, id_: str, asker: Asker) -> Json | None:
    """Place, digest and MAC of a record, and the checkpoint that covers it; None where it is not there.

    That it was looked at is recorded. Raises StoreUnavailable.
    """
    found = placed(store, asker.tenant, id_)
    if found is None:
        return None
    log_access(store, asker, "verify", about=id_)
    return _written(found)


def _written(found: Placed) -> Json:
    record = found.record
    written = {
        "id": record["id"], "chain": found.chain, "seq": found.seq, "kind": record["kind"],
        "recorded_at": record["at"], "by": record["actor"], "clear": record["clear"],
        "words": record.get("words", "").split(), "previous": record["previous"], "digest": found.digest,
        "digest_holds": found.digest_holds, "mac_holds": found.mac_holds,
    }  # fmt: skip
    optional = {
        "person": record.get("subject"), "about": record.get("about"), "sealed_bytes": found.sealed_bytes,
    }  # fmt: skip
    covered = found.checkpoint and {"seq": found.checkpoint[0], "at": found.checkpoint[1]}
    return written | {k: v for k, v in optional.items() if v is not None} | {"checkpoint": covered}
