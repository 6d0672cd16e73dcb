"""What is counted. No label holds anything that a client can choose freely.

`kneechain serve` names a folder before this is imported, in which all workers count together.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that names that folder."""
PREFIX = "kneechain-metrics-"
SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

_here = CollectorRegistry()
_requests = Counter("kneechain_requests", "Requests answered.", ["route", "method", "status"], registry=_here)
_seconds = Histogram(
    "kneechain_request_duration_seconds", "From a request to its answer.", ["route"], buckets=SECONDS,
    registry=_here,
)  # fmt: skip
_refusals = Counter("kneechain_refusals", "Requests that were refused, by why.", ["reason"], registry=_here)
_assessments = Counter(
    "kneechain_assessments", "Assessments answered, by whether they were new.", ["record"], registry=_here
)
_disagreements = Counter(
    "kneechain_disagreements", "Rules of which the two evaluators disagreed.", ["rule"], registry=_here
)
_store_failures = Counter(
    "kneechain_store_failures", "Requests that the decision log could not serve.", registry=_here
)


_unreadable = Counter(
    "kneechain_unreadable_records", "Readings of records that were changed.", registry=_here
)


def answered(route: str, method: str, status: int, seconds: float) -> None:
    """`route` is a template of ours, never a path."""
    _requests.labels(route, method, str(status)).inc()
    _seconds.labels(route).observe(seconds)


def refused(reason: str) -> None:
    """`reason` is a word of the guard's."""
    _refusals.labels(reason).inc()


def assessed(new: bool) -> None:
    """Not by outcome: these counts are of all tenants, and small ones would tell of persons."""
    _assessments.labels("new" if new else "again").inc()


def disagreed(codes: Iterable[str]) -> None:
    """`codes` are those of rules."""
    for code in codes:
        _disagreements.labels(code).inc()


def store_failed() -> None:
    _store_failures.inc()


def record_unreadable() -> None:
    _unreadable.inc()


def exposition() -> bytes:
    """All counts as Prometheus reads them; of all workers where they count together."""
    if FOLDER not in os.environ:
        return generate_latest(_here)
    together = CollectorRegistry()
    MultiProcessCollector(together)
    return generate_latest(together)


def worker_ended(process: int) -> None:
    """What it counted stays."""
    if FOLDER in os.environ:
        mark_process_dead(process)


def server_ended() -> None:
    """The folder goes, if it was made here."""
    folder = Path(os.environ.get(FOLDER, ""))
    if folder.name.startswith(PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
