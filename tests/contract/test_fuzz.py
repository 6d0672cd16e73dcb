"""Whatever is sent, the answer is one the contract has: schemathesis against the application itself.

By default 150 examples for POST /v1/assessments in each test and 25 for the other operations;
with KNEECHAIN_FULL=1, 2,000 and 250.
"""

import os
from collections import Counter
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis.config import SchemathesisConfig

from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from tests.contract.conformance import validator
from tests.contract.exams import Body, exams, spoilt_exams

FULL = os.environ.get("KNEECHAIN_FULL") == "1"
ASSESS = "/v1/assessments"
JSON = "application/json"
EXAM = "/components/schemas/Exam"
CONFIG = {
    # A body may have the right shape and still say something that the vocabulary does not allow.
    "checks": {"positive_data_acceptance": {"enabled": False}},
}

contract = schemathesis.openapi.from_path(
    CHECKOUT / "openapi.yaml", config=SchemathesisConfig.from_dict(CONFIG)
)
served: dict[str, Any] = {}
contract.app = lambda environ, start_response: served["application"](environ, start_response)


@pytest.fixture(scope="session", autouse=True)
def _serve_in_process(client: FlaskClient) -> None:
    served["application"] = client.application


def examples(posted: bool) -> settings:
    """So many examples, the same ones every time."""
    usual, full = (150, 2_000) if posted else (25, 250)
    return settings(
        max_examples=full if FULL else usual,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@contract.include(path=ASSESS).parametrize()
@examples(posted=True)
def test_any_body_is_answered_as_documented(case: schemathesis.Case) -> None:
    case.call_and_validate()


@contract.exclude(path=ASSESS).parametrize()
@examples(posted=False)
def test_any_other_request_is_answered_as_documented(case: schemathesis.Case) -> None:
    case.call_and_validate()


def test_exams_in_the_words_of_the_vocabulary_are_answered_as_documented(
    rulebase: RuleBase, now: datetime
) -> None:
    right, wrong = _cases(exams(rulebase, now)), _cases(spoilt_exams(rulebase, now))
    seen = _post(st.one_of(right, right, wrong, contract[ASSESS]["POST"].as_strategy()))
    assert seen.keys() == {201, 422}
    assert seen[201] >= 0.4 * seen.total()
    assert seen[422] >= 0.2 * seen.total()


def test_exams_that_are_right_by_the_vocabulary_are_accepted(rulebase: RuleBase, now: datetime) -> None:
    assert _post(_cases(exams(rulebase, now))).keys() == {201}


def test_exams_with_one_thing_wrong_are_refused(rulebase: RuleBase, now: datetime) -> None:
    assert _post(_cases(spoilt_exams(rulebase, now))).keys() == {422}


def _cases(bodies: SearchStrategy[Body]) -> SearchStrategy[schemathesis.Case]:
    options = st.fixed_dictionaries(
        {}, optional={"view": st.sampled_from(["full", "brief"]), "ledger": st.sampled_from(["false", "true"])}
    )
    return st.builds(contract[ASSESS]["POST"].Case, body=bodies, query=options, media_type=st.just(JSON))


def _post(cases: SearchStrategy[schemathesis.Case]) -> Counter[int]:
    """How often each status came; every answer is as documented, and whatever is accepted fits the contract."""
    seen: Counter[int] = Counter()

    @examples(posted=True)
    @given(cases)
    def post(case: schemathesis.Case) -> None:
        response = case.call_and_validate()
        seen[response.status_code] += 1
        if response.status_code == 201:
            validator(EXAM).validate(case.body)

    post()
    print(dict(seen))
    return seen
