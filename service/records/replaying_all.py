"""Giving every recorded answer of a tenant again, one after the other."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import orjson

from schemas.faults import InvalidBody
from service.audit.entry import PersonErased
from service.audit.reading import Stored, stream, unsealed
from service.audit.sealing import Unsealable
from service.audit.store import Store
from service.inference.no_answer import NoAnswer
from service.knowledge.files import NotThatRuleBase
from service.knowledge.problems import RuleBaseError
from service.records.accesses import Asker, log_access
from service.records.contents import Contents
from service.records.replaying import same
from service.records.rule_bases import NoSuchRules, RuleBases

Came = Literal["identical", "different", "erased", "no rules", "no answer", "unreadable"]


def replay_all(store: Store, rule_bases: RuleBases, asker: Asker) -> Iterator[tuple[str, Came]]:
    """What each assessment comes to under the rules it names. Recorded first. Raises StoreUnavailable."""
    log_access(store, asker, "replay", all=True)
    for stored in stream(store, f"{asker.tenant}/decisions", ("assessment",)):
        yield stored.id, _replayed(store, rule_bases, stored)


def _replayed(store: Store, rule_bases: RuleBases, stored: Stored) -> Came:
    try:
        contents = Contents.unpacked(unsealed(store, stored))
    except PersonErased:
        return "erased"
    except Unsealable:
        return "unreadable"
    recorded = orjson.loads(contents.answer)
    try:
        replayer = rule_bases.replayer(recorded["rule_base"]["digest"])
    except (NoSuchRules, NotThatRuleBase, RuleBaseError):
        return "no rules"
    at = datetime.fromisoformat(recorded["assessed_at"])
    try:
        again = replayer.replay(contents.posted, at, stored.id, recorded["software"])
    except (InvalidBody, NoAnswer):
        return "no answer"
    return "identical" if same(contents.answer, again).identical else "different"
