"""The rule bases that ever answered: kept whole, loaded again, and which of them answered when."""

import threading
from datetime import datetime
from functools import lru_cache
from typing import Any

from service.audit import rule_bases as kept_bases
from service.audit.entry import Actor, instant
from service.audit.reading import Search, search
from service.audit.store import Store
from service.domain.rulebase import RuleBase
from service.knowledge.files import Files, NotThatRuleBase, digest_of, pack, unpack
from service.records.accesses import Asker
from service.records.replaying import Replayer

TENANT = "service"
"""Whose chain tells which rule base answered from when on."""
ITSELF = Actor("service", "service")
CHAIN = f"{TENANT}/decisions"
MOST_LOADED = 4


class NoSuchRules(Exception):
    """No rule base of that digest, or of that time, was kept."""


class RuleBases:
    """Those of one store. Safe to share between threads and over a fork."""

    def __init__(self, store: Store, present: Replayer, files: Files) -> None:
        """`present` answers now, `files` is what its rules were loaded from."""
        self.store = store
        self.present = present
        self.files = files
        self._told = False
        self._lock = threading.Lock()
        self._kept = lru_cache(maxsize=MOST_LOADED)(self._loaded)

    def answers(self, now: datetime) -> None:
        """The present one is about to answer: it is kept whole, and from when on it answers is recorded."""
        if not self._told:
            with self._lock:
                if not self._told:
                    self._tell(now)
                    self._told = True

    @property
    def rulebase(self) -> RuleBase:
        """The one that answers now."""
        return self.present.assessor.rulebase

    def replayer(self, digest: str) -> Replayer:
        """What answers again under the rules of a digest. Raises NoSuchRules, NotThatRuleBase."""
        return self.present if digest == self.rulebase.digest else self._kept(digest)

    def digest_at(self, at: datetime) -> str:
        """Which rule base answered at a time. Raises NoSuchRules."""
        wanted = Search(kinds=("deployment",), through=instant(at))
        found = search(self.store, CHAIN, wanted, None, 1)
        if not found:
            raise NoSuchRules
        return str(found[0].clear["digest"])

    def _tell(self, now: datetime) -> None:
        digest = self.rulebase.digest
        if digest_of(self.files) != digest:
            raise NotThatRuleBase(f"{digest} answers, and other files were given to keep")
        if kept_bases.kept(self.store, digest) is None:
            kept_bases.keep(self.store, digest, pack(self.files), now)
        last = search(self.store, CHAIN, Search(kinds=("deployment",)), None, 1)
        if not last or last[0].clear["digest"] != digest:
            clear: dict[str, Any] = {"digest": digest, "version": self.rulebase.version}
            told = Asker(TENANT, ITSELF, now).entry("decisions", "deployment", clear=clear)
            self.store.writer.record(told)

    def _loaded(self, digest: str) -> Replayer:
        packed = kept_bases.kept(self.store, digest)
        if packed is None:
            raise NoSuchRules
        return Replayer.of(unpack(packed, digest))
