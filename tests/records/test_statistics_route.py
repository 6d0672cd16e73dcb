"""GET /v1/audit/statistics gives the counts to those who may have them, as the contract says."""

import pytest

from schemas.statistics import write_statistics
from service.records.statistics import statistics
from tests.records.conftest import EXAM, Clinic
from tests.records.entries import assessment, review

ADDRESS = "/v1/audit/statistics"


def test_what_was_assessed_is_counted(clinic: Clinic) -> None:
    for number in range(6):
        assert clinic.assess({**EXAM, "subject": f"person-{number}"}).status_code == 201
        assert clinic.ask("POST", "/v1/assessments?dry_run=true", json=EXAM).status_code == 200
        assert clinic.assess({"knees": []}).status_code == 422
    counted = clinic.ask("GET", ADDRESS, "auditor").json
    assert counted["assessments"] == 6 and counted["previews"] == 6
    assert {rule["code"]: rule["fired"] for rule in counted["rules"]}["H01"] == {"count": 6, "share": 1.0}
    assert counted["outcomes"][2] == {"outcome": "incomplete", "count": 6, "share": 1.0}
    assert {
        "id": "foot_instability",
        "classes": [{"class": "possible", "count": 6, "share": 1.0}],
    } in counted["classes"]


def test_every_part_of_the_contract_is_met(clinic: Clinic) -> None:
    given = [
        assessment(f"person {n}", "outcome:hold", "flag:Z03", "fires:H01@1", "undetermined:M01@1",
                   "missing:fpi6", "class:foot=possible")
        for n in range(20)
    ]  # fmt: skip
    clinic.store.writer.record(*given)
    clinic.store.writer.record(
        *(review(one, "decision:reject", "disputes:rule=H01@1") for one in given[:10]),
    )
    counted = clinic.ask("GET", f"{ADDRESS}?since=2026-11-01&until=2026-12-01", "administrator").json
    assert counted == write_statistics(statistics(clinic.store, "clinic"))| {
        "since": "2026-11-01", "until": "2026-12-01",
    }  # fmt: skip
    assert counted["rules"][0]["overrides"]["disputed"]["interval"]["method"] == "Wilson"


@pytest.mark.parametrize("query", ["since=2026-11-31", "until=yesterday", "since=20261101", "day=2026-11-01"])
def test_what_is_no_day_is_refused(clinic: Clinic, query: str) -> None:
    refused = clinic.ask("GET", f"{ADDRESS}?{query}", "auditor")
    assert refused.status_code == 422 and "yesterday" not in refused.text


@pytest.mark.parametrize("role", ["integrator", "clinician"])
def test_others_may_not_have_them(clinic: Clinic, role: str) -> None:
    assert clinic.app.test_client().get(ADDRESS).status_code == 401
    headers = {"Authorization": f"Bearer {clinic._key('clinic', role)}"}
    assert clinic.app.test_client().get(ADDRESS, headers=headers).status_code == 403
