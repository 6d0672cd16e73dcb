"""What all tests share: one rule base, one assessor, one clock; and how the property tests run.

Property tests run the same way every time, or, on request, far and at random:
HYPOTHESIS_PROFILE=thorough asks for the second.
"""

import os
from datetime import UTC, datetime

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

# No deadline: it measures how busy the machine is.
settings.register_profile("quick", deadline=None, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


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


@pytest.fixture(scope="session", autouse=True)
def own_log(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The settings name a decision log in a new folder: no test touches the one of the checkout."""
    folder = tmp_path_factory.mktemp("var")
    os.environ["KNEECHAIN_DATABASE_URL"] = f"sqlite:///{folder}/kneechain.db"
    os.environ["KNEECHAIN_KEYS"] = str(folder / "keys.json")
    os.environ["KNEECHAIN_CHECKPOINTS"] = str(folder / "checkpoints.ndjson")


@pytest.fixture(scope="session")
def store(now: datetime) -> Store:
    """The decision log of the settings."""
    return open_configured(Config.from_environment(), lambda: now)


@pytest.fixture(scope="session")
def client(assessor: Assessor, now: datetime, store: Store) -> FlaskClient:
    return create_app(assessor=assessor, now=lambda: now, store=store).test_client()
