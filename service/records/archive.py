"""Reading what was recorded. That a person's data are read is recorded too, before anything is shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from schemas.faults import Fault, NothingNamed
from schemas.search import Wanted
from service.audit.entry import instant
from service.audit.reading import Search, Stored, find, search, token_of, unsealed
from service.audit.store import Store
from service.records.accesses import Asker, log_access
from service.records.contents import Contents
from service.records.other_rules import under_other_rules
from service.records.replaying import Sameness, same
from service.records.rule_bases import RuleBases

Json = dict[str, Any]
TRACE = ("trace_format", "trace", "suppressed", "undetermined")


class NotTheSame(Exception):
    """The recorded rules do not give the recorded answer again."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The assessments of one store."""

    store: Store
    rule_bases: RuleBases

    def answer(self, id_: str, asker: Asker) -> bytes:
        """The bytes of the full answer. Raises NothingNamed, PersonErased, Unsealable, StoreUnavailable."""
        return self._read(id_, asker, "read")[1].answer

    def correction(self, id_: str, asker: Asker) -> str | None:
        """The latest assessment that corrects this one."""
        wanted = Search(kinds=("assessment",), about=id_)
        found = search(self.store, f"{asker.tenant}/decisions", wanted, None, 1)
        return found[0].id if found else None

    def trace(self, id_: str, asker: Asker) -> Json:
        """The reasoning of the answer."""
        answer = orjson.loads(self.answer(id_, asker))
        return {"assessment_id": id_, **{key: answer[key] for key in TRACE}}

    def ledger(self, id_: str, asker: Asker) -> Json:
        """Every rule with all its criteria, found anew under the recorded rules. Raises NotTheSame."""
        _, contents = self._read(id_, asker, "read")
        return {"assessment_id": id_, "ledger": self.ledger_of(contents.posted, contents.answer)}

    def ledger_of(self, posted: bytes, answer: bytes) -> list[Json]:
        """The ledger of an answer. Raises NotTheSame where the rules do not give that answer again."""
        recorded = orjson.loads(answer)
        again = self._again(posted, recorded, with_ledger=True)
        ledger: list[Json] = orjson.loads(again).pop("ledger")
        if orjson.loads(again) != {**recorded, "ledger": ledger}:
            raise NotTheSame
        return ledger

    def replay(self, id_: str, asker: Asker) -> tuple[Json, Sameness]:
        """The answer, and whether it comes out the same again.

        Raises NoSuchRules where the rules it names were not kept, and what `answer` raises.
        """
        _, contents = self._read(id_, asker, "replay")
        recorded = orjson.loads(contents.answer)
        return recorded, same(contents.answer, self._again(contents.posted, recorded))

    def _again(self, posted: bytes, recorded: Json, with_ledger: bool = False) -> bytes:
        """Raises NoSuchRules, NotThatRuleBase; InvalidBody or NoAnswer where there is no answer any more."""
        replayer = self.rule_bases.replayer(recorded["rule_base"]["digest"])
        return replayer.replay(posted, with_ledger=with_ledger, **_as_then(recorded))

    def under_rules_of(self, time: datetime, id_: str, asker: Asker) -> Json:
        """How the answer differs from the one that the rules of another time give."""
        _, contents = self._read(id_, asker, "replay")
        other = self.rule_bases.replayer(self.rule_bases.digest_at(time))
        at = _as_then(orjson.loads(contents.answer))["at"]
        return under_other_rules(contents.answer, contents.posted, at, other)

    # -- many ----------------------------------------------------------------------------------

    def search(self, wanted: Wanted, asker: Asker) -> tuple[list[Stored], int | None]:
        """The newest first, and before which place in the log the next page begins, if there is one."""
        token = None
        if wanted.subject is not None:
            lookup = self.store.keyring.lookup(asker.tenant, "subject", wanted.subject)
            token = token_of(self.store, asker.tenant, lookup)
        log_access(self.store, asker, "search", about=token)
        if wanted.subject is not None and token is None:
            return [], None
        looked_for = Search(
            kinds=("assessment",), subject=token, words=_words(wanted),
            since=None if wanted.since is None else instant(wanted.since),
            until=None if wanted.until is None else instant(wanted.until),
        )  # fmt: skip
        chain = f"{asker.tenant}/decisions"
        found = search(self.store, chain, looked_for, wanted.before, wanted.limit + 1)
        more = found[wanted.limit - 1].seq if len(found) > wanted.limit else None
        return found[: wanted.limit], more

    # -- one -----------------------------------------------------------------------------------

    def find(self, id_: str, asker: Asker) -> Stored:
        """The record of an assessment. Raises NothingNamed."""
        stored = find(self.store, asker.tenant, id_)
        if stored is None or stored.kind != "assessment":
            raise nothing_recorded()
        return stored

    def _read(self, id_: str, asker: Asker, kind: str) -> tuple[Stored, Contents]:
        stored = self.find(id_, asker)
        log_access(self.store, asker, kind, about=id_)
        return stored, Contents.unpacked(unsealed(self.store, stored))


def nothing_recorded() -> NothingNamed:
    """What is said of an id that is none here, be it another tenant's."""
    return NothingNamed("assessment", Fault("", "is no assessment", "the id of a recorded assessment"))


def _as_then(recorded: Json) -> Json:
    """Clock, id and software of a recorded answer."""
    return {
        "at": datetime.fromisoformat(recorded["assessed_at"]),
        "assessment_id": recorded["assessment_id"],
        "software": recorded["software"],
    }


def _words(wanted: Wanted) -> tuple[str, ...]:
    """What must stand in the words of a record."""
    named = {
        "outcome:": wanted.outcome, "flag:": wanted.flag, "rules:": wanted.digest,
    }  # fmt: skip
    words = [f" {what}{name} " for what, name in named.items() if name is not None]
    if wanted.rule is not None:
        words.append(f" fires:{wanted.rule}@")
    if wanted.contributor is not None or wanted.class_ is not None:
        words.append(_class(wanted.contributor, wanted.class_))
    return tuple(words)


def _class(contributor: str | None, class_: str | None) -> str:
    """Part of the word that names a contributor and its class, as far as both are known."""
    if class_ is None:
        return f" class:{contributor}="
    return f"={class_} " if contributor is None else f" class:{contributor}={class_} "
