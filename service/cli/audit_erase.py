"""`kneechain audit erase`, `hold`, `release`, `retain`: what is no longer kept, and what must be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

import click

from schemas.faults import printable
from service.audit.erasure import BACKUPS_EXPIRE_DAYS, Erased, Held
from service.audit.retention import Cut, Overdue
from service.audit.store import Store
from service.cli.audit import TENANT, WRONG, asker, counted, nobody, of_tenant, opened
from service.cli.common import NotRight, complain
from service.config import MOST_DAYS, Config
from service.records import erasing
from service.records.accesses import Asker
from service.records.erasing import Again, JournalNotWritten, NobodyKnown, Whom

ROLE = "administrator"
JOURNAL = "erasures.ndjson"
"""Beside the checkpoints: the tokens of the erased, for when a backup brings them back."""
YES = click.option("--yes", is_flag=True, help="Do not ask first.")
LINES = click.File("r", encoding="utf-8", errors="replace")
DAYS = click.IntRange(1, MOST_DAYS)


def _whom(command: Callable[..., None]) -> Callable[..., None]:
    """The argument and options that name a person."""
    for declare in (
        click.option("--assessment", help="The person of this recorded assessment."),
        click.option("--token", help="The person of this token, as 'kneechain audit show' gives it."),
        click.argument("subject", required=False),
    ):
        command = declare(command)
    return command


@click.command()
@_whom
@click.option(
    "--again", type=LINES, help="Everybody whom this journal, or export of a newer log, says erased."
)
@YES
@TENANT
def erase(
    subject: str | None,
    token: str | None,
    assessment: str | None,
    again: IO[str] | None,
    yes: bool,
    tenant: str,
) -> None:
    """Destroy the key of a person: nothing recorded of them can be read again, by anybody.

    SUBJECT is their reference as it is posted; left out, it is asked for, so that it stands in no history.
    The records stay, closed, and the log still verifies and counts. Drafts of the person are dropped. Older
    backups of the key store must be deleted too. --again goes by the tenants that the file names.
    """
    store = opened()
    if again is not None:
        _sure(yes, "Erase everybody whom it says erased?")
        _erase_again(store, asker(tenant, ROLE), again)
        return
    who = asker(of_tenant(store, tenant), ROLE)
    named = Named.given(subject, token, assessment)
    _sure(yes, "Erase this person? It cannot be undone.")
    try:
        with _journalled():
            _tell(erasing.erase(store, who, named.found(store, who), _journal()), who)
    except NobodyKnown:
        raise nobody() from None
    except Held:
        raise NotRight("a legal hold forbids it; 'kneechain audit release' ends one") from None


@click.command()
@_whom
@TENANT
def hold(subject: str | None, token: str | None, assessment: str | None, tenant: str) -> None:
    """Keep a person from being erased, by request or by policy, until they are released."""
    _set_held(subject, token, assessment, tenant, True)


@click.command()
@_whom
@TENANT
def release(subject: str | None, token: str | None, assessment: str | None, tenant: str) -> None:
    """End the legal hold of a person."""
    _set_held(subject, token, assessment, tenant, False)


@click.command()
@click.option("--days", type=DAYS, help="Otherwise as KNEECHAIN_RETENTION_DAYS says.")
@click.option("--access-days", type=DAYS, help="Cut off accesses that are older, at a checkpoint.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@YES
@TENANT
def retain(days: int | None, access_days: int | None, dry_run: bool, yes: bool, tenant: str) -> None:
    """Erase every person of whom nothing was recorded for so many days, and who is not held.

    Of the access log what stands before a checkpoint of that age is deleted; it verifies from there on.
    Drafts that have expired are dropped, of every tenant.
    """
    days = days or Config.from_environment().retention_days
    if days is None and access_days is None:
        raise NotRight("how long is kept? --days, --access-days or KNEECHAIN_RETENTION_DAYS says it")
    store = opened()
    who = asker(of_tenant(store, tenant), ROLE)
    dropped = 0 if dry_run else erasing.drop_expired_drafts(store, who)
    if dropped:
        click.echo(f"{counted(dropped, 'expired draft')} dropped")
    if days is not None:
        _retain_persons(store, who, days, dry_run, yes)
    if access_days is not None:
        _retain_accesses(store, who, access_days, dry_run, yes)


# -- how it is done --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Named:
    """Whom the administrator names, in exactly one way."""

    subject: str | None
    token: str | None
    assessment: str | None

    @classmethod
    def given(cls, subject: str | None, token: str | None, assessment: str | None) -> "Named":
        """Asks for the reference where nothing was given. Raises NotRight."""
        if sum(given is not None for given in (subject, token, assessment)) > 1:
            raise NotRight("SUBJECT, --token and --assessment each name a person: give one")
        if token is None and assessment is None:
            subject = subject or click.prompt("Subject")
        return cls(subject, token, assessment)

    def found(self, store: Store, who: Asker) -> Whom:
        """Looked up last: somebody may be recorded while a prompt waits. Raises NobodyKnown."""
        if self.subject is not None:
            return erasing.by_subject(store, who, self.subject)
        return (
            Whom(self.token)
            if self.assessment is None
            else erasing.by_assessment(store, who, self.assessment)
        )


@contextmanager
def _journalled() -> Iterator[None]:
    """Nobody is erased unless the journal says so. Raises NotRight."""
    try:
        yield
    except JournalNotWritten as error:
        raise NotRight(f"{error}; whoever is not in it was not erased") from None


def _erase_again(store: Store, who: Asker, lines: IO[str]) -> None:
    """Exits 1 where somebody whom it says erased is still there, or not known here."""
    with _journalled():
        came = [*erasing.erase_again(store, who, lines, _journal())]
    _tell(_sum(came), who)
    for again in came:
        name = printable(again.tenant)
        complain(*(f"{name} {token}: held; release it, and erase again" for token in again.erased.held))
        complain(*(f"{name} {printable(token)}: neither known here nor erased" for token in again.unknown))
    if any(again.erased.held or again.unknown for again in came):
        raise SystemExit(WRONG)


def _sum(came: list[Again]) -> Erased:
    erased = [again.erased for again in came]
    return Erased(
        tuple(token for one in erased for token in one.tokens), sum(one.records for one in erased),
        sum(one.drafts for one in erased), all(one.forgotten for one in erased),
    )  # fmt: skip


def _set_held(
    subject: str | None, token: str | None, assessment: str | None, tenant: str, held: bool
) -> None:
    store = opened()
    who = asker(of_tenant(store, tenant), ROLE)
    named = Named.given(subject, token, assessment)
    try:
        changed = erasing.hold(store, who, named.found(store, who), held)
    except NobodyKnown:
        raise nobody() from None
    word = "held" if held else "released"
    click.echo(word if changed else f"was {word} before" if held else "was not held")


def _retain_persons(store: Store, who: Asker, days: int, dry_run: bool, yes: bool) -> None:
    found = erasing.overdue(store, who, days)
    click.echo(_overdue(found, days))
    if found.tokens and not dry_run:
        _sure(yes, "Erase them? It cannot be undone.")
        with _journalled():
            _tell(erasing.erase_overdue(store, who, found, days, _journal()), who)


def _retain_accesses(store: Store, who: Asker, days: int, dry_run: bool, yes: bool) -> None:
    found = erasing.accesses_to_cut(store, who, days)
    click.echo(_to_cut(found, days))
    if found.records and not dry_run:
        _sure(yes, "Cut them off?")
        click.echo(f"{counted(erasing.cut_accesses(store, who, days).records, 'access')} cut off")


def _sure(yes: bool, question: str) -> None:
    if not yes:
        click.confirm(question, abort=True, err=True)


def _journal() -> Path:
    return Config.from_environment().checkpoints.with_name(JOURNAL)


# -- what is said ----------------------------------------------------------------------------------


def _tell(erased: Erased, who: Asker) -> None:
    told = [counted(len(erased.tokens), "person"), f"{counted(erased.records, 'record')} closed"]
    if erased.drafts:
        told.append(f"{counted(erased.drafts, 'draft')} dropped")
    click.echo(f"erased: {', '.join(told)}")
    if not erased.forgotten:
        complain(
            "somebody was reading, or the disk is full: what was deleted may stand in the files of the "
            "database until the next erasure"
        )
    if erased.tokens:
        last = (who.at + timedelta(days=BACKUPS_EXPIRE_DAYS)).date()
        click.echo(
            "Older backups of the key store still hold the destroyed keys, wrapped by the master key: delete "
            f"them within {BACKUPS_EXPIRE_DAYS} days, by {last}."
        )


def _overdue(found: Overdue, days: int) -> str:
    held = f"; {counted(found.held, 'more')} held" if found.held else ""
    if not found.tokens:
        return f"nobody without a record for {days} days{held}"
    persons = counted(len(found.tokens), "person")
    oldest = str(found.oldest)[:10]
    return (
        f"{persons} without a record for {days} days, {counted(found.records, 'record')}, the oldest last "
        f"spoken of on {oldest}{held}"
    )


def _to_cut(found: Cut, days: int) -> str:
    if not found.records:
        return f"no accesses before a checkpoint of {days} days ago"
    accesses, oldest = counted(found.records, "access"), str(found.oldest)[:10]
    return f"{accesses} before a checkpoint of {days} days ago, the oldest of {oldest}"
