"""Whatever is sent, the answer is one the contract has: schemathesis against the application itself.

By default up to 90 examples for POST /v1/assessments in each test, 10 for each other operation, and 8
questions of each kind by the contract alone and 8 by the vocabulary; with KNEECHAIN_FULL=1, 2,000, 250
and 500. Beside them come schemathesis' fixed ones: each boundary of each field, each required one
missing, every other method; of questions only with KNEECHAIN_FULL=1, for their exams have them already.
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
from service.domain.question import TARGETS, QuestionName
from service.domain.rulebase import RuleBase
from service.web.guard import COOKIE
from tests.contract.conformance import escaped, validator
from tests.contract.exams import Body, exams, exams_with, spoilt_exams, wrong_findings
from tests.contract.questions import questions

FULL = os.environ.get("KNEECHAIN_FULL") == "1"
ASSESS = "/v1/assessments"
EXPLAIN = "^/v1/explain/"
JSON = "application/json"
EXAM = "/components/schemas/Exam"
CONFIG = {
    # A body may have the right shape and still say something that the vocabulary does not allow.
    # And at this machine nobody needs a key; who needs one is held by test_access.
    "checks": {"positive_data_acceptance": {"enabled": False}, "ignored_auth": {"enabled": False}},
    "generation": {"with-security-parameters": False},
}


def _contract(**config: Any) -> Any:
    read = schemathesis.openapi.from_path(
        CHECKOUT / "openapi.yaml", config=SchemathesisConfig.from_dict(CONFIG | config)
    )
    read.app = lambda environ, start_response: served["application"](
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_COOKIE": served["cookie"]} | environ, start_response
    )
    return read


served: dict[str, Any] = {}
contract = _contract()
contract_of_questions = _contract(phases={"coverage": {"enabled": FULL}}).include(path_regex=EXPLAIN)


@pytest.fixture(scope="session", autouse=True)
def _serve_in_process(client: FlaskClient) -> None:
    cookie = client.get_cookie(COOKIE)
    assert cookie
    served.update(application=client.application, cookie=f"{COOKIE}={cookie.value}")


def examples(usual: int, full: int) -> settings:
    """So many examples, the same ones every time."""
    return settings(
        max_examples=full if FULL else usual,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@contract.include(path=ASSESS).parametrize()
@examples(80, full=2_000)
def test_any_body_is_answered_as_documented(case: schemathesis.Case) -> None:
    case.call_and_validate()


@contract_of_questions.parametrize()
@examples(8, full=250)
def test_any_question_is_answered_as_documented(case: schemathesis.Case) -> None:
    case.call_and_validate()


@contract.exclude(path=ASSESS).exclude(path_regex=EXPLAIN).parametrize()
@examples(10, full=250)
def test_any_other_request_is_answered_as_documented(case: schemathesis.Case) -> None:
    case.call_and_validate()


def test_exams_in_the_words_of_the_vocabulary_are_answered_as_documented(
    rulebase: RuleBase, now: datetime
) -> None:
    right, wrong = _cases(exams(rulebase, now)), _cases(spoilt_exams(rulebase, now))
    own = contract[ASSESS]["POST"].as_strategy()
    kinds = st.sampled_from([right, right, wrong, own])
    seen = _post(kinds.flatmap(lambda cases: cases), examples(90, full=2_000))
    assert {201, 422} <= seen.keys() <= {200, 201, 422}
    assert seen[201] >= 0.3 * seen.total()
    assert seen[422] >= 0.15 * seen.total()


def test_exams_that_are_right_by_the_vocabulary_are_accepted(rulebase: RuleBase, now: datetime) -> None:
    assert _post(_cases(exams(rulebase, now)), examples(40, full=2_000)).keys() <= {200, 201}


@pytest.mark.parametrize("name", TARGETS)
def test_questions_that_are_right_by_the_vocabulary_are_answered_as_documented(
    rulebase: RuleBase, now: datetime, name: QuestionName
) -> None:
    path = f"/v1/explain/{name}"
    operation = contract[path]["POST"]
    cases = st.builds(operation.Case, body=questions(name, rulebase, now), media_type=st.just(JSON))
    body = f"/paths/{escaped(path)}/post/requestBody/content/application~1json/schema"
    assert _post(cases, examples(8, full=500), body).keys() == {200}


def test_exams_with_one_thing_wrong_are_refused(rulebase: RuleBase, now: datetime) -> None:
    for mistake, item in wrong_findings(rulebase, now).items():
        seen = _post(_cases(exams_with(item, rulebase, now)), examples(5, full=150))
        assert seen.keys() == {422}, mistake


def _cases(bodies: SearchStrategy[Body]) -> SearchStrategy[schemathesis.Case]:
    options = st.fixed_dictionaries(
        {},
        optional={"view": st.sampled_from(["full", "brief"]), "ledger": st.sampled_from(["false", "true"])},
    )
    return st.builds(contract[ASSESS]["POST"].Case, body=bodies, query=options, media_type=st.just(JSON))


def _post(cases: SearchStrategy[schemathesis.Case], how_many: settings, body: str = EXAM) -> Counter[int]:
    """How often each status came. Every answer is as documented, and what is accepted fits the contract."""
    seen: Counter[int] = Counter()

    @how_many
    @given(cases)
    def post(case: schemathesis.Case) -> None:
        response = case.call_and_validate()
        seen[response.status_code] += 1
        if response.status_code in (200, 201):
            validator(body).validate(case.body)

    post()
    print(f"answered: {dict(seen)}")
    return seen
