"""What vouches for a record, and what leaves the log: to be verified elsewhere, and naming nobody."""

import csv
import io
import json

import pytest

from service.audit.reading import Search, search
from service.audit.verifier import Verifier, verify_export
from service.audit.verifying import verifier_of
from tests.records.conftest import ASSESS, EXAM, Clinic

EXPORT = "/v1/audit/export"
PERSON = "person-77"


def exported(clinic: Clinic, query: str = "", tenant: str = "clinic") -> str:
    response = clinic.ask("GET", f"{EXPORT}{query}", "auditor", tenant)
    assert response.status_code == 200
    return response.text


def test_a_record_is_vouched_for_by_digest_mac_and_checkpoint(clinic: Clinic) -> None:
    id_ = clinic.assess({**EXAM, "subject": PERSON}).json["assessment_id"]
    shown = clinic.get(f"{id_}/record").json
    assert (shown["chain"], shown["seq"], shown["kind"]) == ("clinic/decisions", 1, "assessment")
    assert shown["digest_holds"] and shown["mac_holds"] and shown["checkpoint"] is None
    assert shown["by"]["role"] == "clinician" and "fires:F07@1" in shown["words"]
    assert PERSON not in json.dumps(shown)
    clinic.store.writer.make_checkpoints()
    assert clinic.get(f"{id_}/record").json["checkpoint"]["seq"] == 1
    assert clinic.get(f"{id_}/record", tenant="elsewhere").status_code == 404
    assert clinic.get(f"{id_}/record", role="clinician").status_code == 403


@pytest.mark.parametrize("log", ["decisions", "access"])
def test_a_chain_is_verified_without_the_service(clinic: Clinic, log: str) -> None:
    clinic.assess({**EXAM, "subject": PERSON})
    clinic.search(subject=PERSON)
    lines = exported(clinic, f"?log={log}").splitlines()
    verifier: Verifier = verifier_of(clinic.store.keyring)
    assert [*verify_export(lines, (), verifier)] == [] and verifier.records >= 1
    assert json.loads(lines[0])["chain"] == f"clinic/{log}"
    assert PERSON not in "".join(lines)
    assert [*verify_export(lines[:-1], (), verifier_of(clinic.store.keyring))]


def test_the_table_has_a_line_for_each_assessment_and_names_nobody(clinic: Clinic) -> None:
    id_ = clinic.assess({**EXAM, "subject": PERSON}).json["assessment_id"]
    clinic.assess(EXAM, tenant="elsewhere")
    (line,) = csv.DictReader(io.StringIO(exported(clinic, "?form=csv")))
    assert (line["assessment_id"], line["outcome"]) == (id_, "incomplete")
    assert "F07@1" in line["fired"].split()
    assert PERSON not in str(line)


def test_each_export_is_recorded_before_it_is_sent(clinic: Clinic) -> None:
    clinic.assess(EXAM)
    for query in ("", "?form=csv", "?log=access"):
        exported(clinic, query)
    told = search(clinic.store, "clinic/access", Search(kinds=("export",)), None, 10)
    assert [each.clear.get("chain") or each.clear["form"] for each in told] == [
        "clinic/access", "csv", "clinic/decisions",
    ]  # fmt: skip
    assert clinic.ask("GET", EXPORT, "clinician").status_code == 403
    assert clinic.ask("GET", f"{EXPORT}?form=xml", "auditor").status_code == 422


def test_a_clinic_takes_away_only_its_own(clinic: Clinic) -> None:
    id_ = clinic.assess(EXAM).json["assessment_id"]
    for query in ("", "?form=csv"):
        assert id_ in exported(clinic, query)
        assert id_ not in exported(clinic, query, "elsewhere")


def test_it_is_ready_only_where_the_log_can_be_reached(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert clinic.ask("GET", "/readyz").status_code == 200
    monkeypatch.setattr(type(clinic.store.database.engine), "connect", _fails)
    assert clinic.app.test_client().get("/readyz").status_code == 503
    assert clinic.app.test_client().get("/healthz").status_code == 200
    monkeypatch.undo()
    assert clinic.ask("GET", f"{ASSESS}/{'0' * 8}-0000-4000-8000-{'0' * 12}", "auditor").status_code == 404


def _fails(_: object) -> None:
    from sqlalchemy.exc import OperationalError

    raise OperationalError("connect", None, Exception("gone"))
