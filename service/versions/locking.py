"""Checking a rule base against its lock, and moving the lock."""

from dataclasses import dataclass
from pathlib import Path

from service.assess import Assessor
from service.cohort.sample import FILE as SAMPLE
from service.cohort.sample import read_sample
from service.domain.rulebase import RuleBase
from service.knowledge.problems import Problem, RuleBaseError
from service.versions.base_rates import read_base_rates, stale, watched
from service.versions.check import Changes, VersionCheck
from service.versions.lock import FILE, Counts, Lock

WRITE = "'kneechain rules lock' writes it"
RESTORE = "this rule base is approved: restore the lock of it while it was a draft, or since"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What writing the lock recorded; no changes where it is the first, or written anew."""

    lock: Lock
    changes: Changes | None


def version_problems(folder: Path, rulebase: RuleBase) -> list[Problem]:
    """What is not as it may be since the rule base was locked, and whether the lock is up to date."""
    try:
        people, counts = _how_common(folder, rulebase)
        before = Lock.read(folder)
    except RuleBaseError as error:
        return error.problems
    if before is None:
        return [Problem(FILE, 1, f"is missing: {RESTORE if _approved(rulebase) else WRITE}")]
    problems = _check(folder, rulebase, before, people, counts).problems()
    if not problems and before.text() != Lock.of(rulebase, people, counts, before).text():
        problems.append(Problem(FILE, 1, f"does not record this rule base yet: {WRITE}"))
    return problems


def write_lock(folder: Path, rulebase: RuleBase, anew: bool = False) -> Recorded:
    """Records the rule base as it is now.

    Anew: whatever was locked before, which only a rule base that was never approved may.
    Raises RuleBaseError with all that must be put right first.
    """
    people, counts = _how_common(folder, rulebase)
    before = Lock.read(folder)
    if before is None and _approved(rulebase):
        raise RuleBaseError([Problem(FILE, 1, f"is missing: {RESTORE}")])
    if anew and (_approved(rulebase) or (before is not None and before.approved)):
        said = "was written for a rule base that was approved: it moves only with versions and changelog"
        raise RuleBaseError([Problem(FILE, 1, said)])
    check = None if anew or before is None else _check(folder, rulebase, before, people, counts)
    if check is not None and (problems := check.problems()):
        raise RuleBaseError(problems)
    lock = Lock.of(rulebase, people, counts, None if anew else before)
    (folder / FILE).write_text(lock.text(), encoding="utf-8")
    return Recorded(lock, check.changes if check else None)


def _approved(rulebase: RuleBase) -> bool:
    return rulebase.approval.status == "reviewed"


def _check(folder: Path, rulebase: RuleBase, before: Lock, people: int, counts: Counts) -> VersionCheck:
    return VersionCheck(folder, rulebase, before, Lock.of(rulebase, people, counts))


def _how_common(folder: Path, rulebase: RuleBase) -> tuple[int, Counts]:
    """The people and the watched counts as recorded; none where no sample is declared.

    Raises RuleBaseError where the record is missing, or is not what the rules give.
    """
    if not (folder / SAMPLE).is_file():
        return 0, {}
    rulebase = rulebase.all_on()
    sample = read_sample(folder, rulebase)
    document = read_base_rates(folder)
    if problems := stale(folder, Assessor.of(rulebase).inference, sample, document):
        raise RuleBaseError(problems)
    return sample.people, watched(document, sample)
