"""What all tests share: one rule base, one assessor, one clock; and how the property tests run.

Property tests run the same way every time, or, on request, far and at random:
HYPOTHESIS_PROFILE=thorough asks for the second.
"""

import gc
import os
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import settings

from schemas.exam import ExamReader
from service.app import create_app
from service.assess import Assessor
from service.audit.store import Store
from service.config import CHECKOUT, Config
from service.domain.rulebase import RuleBase
from service.inference.infer import Inference
from service.knowledge.load import load_rulebase
from service.records.opening import open_configured
from service.web import metrics
from tests.canaries import WATCH, found_in
from tests.signed_in import signed_in

# Much is made once and kept: looking through all of it again and again would take a fifth of the time.
gc.set_threshold(100_000, 50, 100)

# No deadline: it measures how busy the machine is.
settings.register_profile("quick", deadline=None, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_sessionstart() -> None:
    WATCH.begin()


def _nothing_gets_out() -> Generator[None, Any, Any]:
    """What is said of a person is in no log line, address, header or error, whatever a test is of."""
    try:
        return (yield)
    finally:
        leaks = WATCH.take()
        assert not leaks, f"of a person: {leaks}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, Any, Any]:
    return (yield from _nothing_gets_out())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, Any, Any]:
    return (yield from _nothing_gets_out())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, Any, Any]:
    return (yield from _nothing_gets_out())


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_a_person_is_counted() -> Iterator[None]:
    yield
    assert found_in(metrics.exposition().decode()) == []


@pytest.fixture(scope="session", autouse=True)
def settings_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A decision log of their own, without keys; and they may ask as much as they like."""
    folder = tmp_path_factory.mktemp("log")
    os.environ["KNEECHAIN_DATABASE_URL"] = f"sqlite:///{folder}/kneechain.db"
    os.environ["KNEECHAIN_KEYS"] = f"{folder}/keys.json"
    os.environ["KNEECHAIN_CHECKPOINTS"] = f"{folder}/checkpoints.ndjson"
    os.environ["KNEECHAIN_REQUESTS_PER_MINUTE"] = "1000000"


@pytest.fixture(scope="session")
def rulebase() -> RuleBase:
    return load_rulebase(CHECKOUT / "rules")


@pytest.fixture(scope="session")
def assessor(rulebase: RuleBase) -> Assessor:
    return Assessor.of(rulebase)


@pytest.fixture(scope="session")
def inference(assessor: Assessor) -> Inference:
    return assessor.inference


@pytest.fixture(scope="session")
def reader(rulebase: RuleBase) -> ExamReader:
    return ExamReader(rulebase)


@pytest.fixture(scope="session")
def now() -> datetime:
    return datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def store(now: datetime) -> Store:
    """The decision log of the settings."""
    return open_configured(Config.from_environment(), lambda: now)


@pytest.fixture(scope="session")
def client(assessor: Assessor, now: datetime, store: Store) -> FlaskClient:
    """May ask everything."""
    return signed_in(create_app(assessor=assessor, now=lambda: now, store=store))
