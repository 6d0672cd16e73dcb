"""Years later: the same bytes under the recorded rules, other rules beside them, nothing of the erased."""

import shutil
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update

from service.assess import Assessor
from service.audit.entry import Actor
from service.audit.erasure import erase
from service.audit.reading import Search, find, search, token_of
from service.audit.tables import records, rule_bases
from service.audit.verifying import verifier_of, verify_store
from service.config import CHECKOUT, Config
from service.knowledge.files import pack, read_files
from service.knowledge.load import load_rulebase
from service.records.accesses import Asker
from service.records.replaying_all import replay_all
from service.web.served import EXTENSION
from tests.canaries import REFERENCES
from tests.generators import ExamGenerator, as_json, size
from tests.records.conftest import ASSESS, EXAM, Clinic, OpenClinic

MINE: dict[str, Any] = {**EXAM, "exam_id": REFERENCES["exam_id"], "subject": REFERENCES["subject"]}


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> tuple[Assessor, Config]:
    """The rules after an upgrade, in which a foot posture index of 8 speaks less loudly."""
    folder = tmp_path_factory.mktemp("later") / "rules"
    shutil.copytree(CHECKOUT / "rules", folder)
    rule = folder / "contributors" / "foot" / "pronated-foot-posture-upper-band.yaml"
    text = rule.read_text(encoding="utf-8")
    changed = text.replace("version: 1", "version: 2").replace("strength: moderate", "strength: weak")
    assert changed.count("version: 2") == changed.count("strength: weak") == 1
    rule.write_text(changed, encoding="utf-8")
    return Assessor.of(load_rulebase(folder)), replace(Config.from_environment(), rules=folder)


def test_it_comes_out_the_same_again(clinic: Clinic) -> None:
    answered = clinic.assess(MINE)
    clinic.clock.pass_(days=400)
    replayed = clinic.get(f"{answered.json['assessment_id']}/replay").json
    assert replayed["identical"] and replayed["recorded"] == replayed["replayed"]
    assert replayed["rule_base"] == answered.json["rule_base"]
    assert "differing" not in replayed


def test_after_an_upgrade_the_old_rules_give_the_old_answer_and_the_new_ones_another(
    open_clinic: OpenClinic, later: tuple[Assessor, Config]
) -> None:
    before = open_clinic()
    old = before.assess(MINE)
    before.clock.pass_(days=30)
    upgraded = open_clinic(later[0], config=later[1])
    new = upgraded.assess({**MINE, "exam_id": "visit-2"})
    assert new.json["rule_base"]["digest"] != old.json["rule_base"]["digest"]
    id_ = old.json["assessment_id"]
    assert upgraded.get(id_).data == old.data
    assert upgraded.get(f"{id_}/replay").json["identical"]
    assert upgraded.assess(MINE).data == old.data
    rows = {row["rule"]: row for row in upgraded.get(f"{id_}/ledger").json["ledger"]}
    assert rows["F21"]["rule_version"] == 1
    other = upgraded.get(f"{id_}/replay?rules_as_of=2027-12-31T00:00:00Z").json
    assert other["rule_base"]["recorded"]["digest"] == old.json["rule_base"]["digest"]
    assert other["rule_base"]["other"]["digest"] == new.json["rule_base"]["digest"]
    changed = {(each["part"], each.get("id")) for each in other["differs"]}
    assert ("contributor", "foot_instability") in changed
    back = upgraded.get(f"{new.json['assessment_id']}/replay?rules_as_of={old.json['assessed_at']}").json
    assert back["rule_base"]["other"]["digest"] == old.json["rule_base"]["digest"] and back["differs"]
    same = upgraded.get(f"{id_}/replay?rules_as_of={old.json['assessed_at']}").json
    assert same["differs"] == []


def test_which_rules_answered_from_when_on_is_part_of_the_log(
    open_clinic: OpenClinic, later: tuple[Assessor, Config]
) -> None:
    first = open_clinic()
    first.assess()
    first.assess()
    first.clock.pass_(days=1)
    second = open_clinic(later[0], config=later[1])
    second.assess()
    told = search(second.store, "service/decisions", Search(kinds=("deployment",)), None, 10)
    assert [each.at for each in told] == ["2026-11-28T10:00:00Z", "2026-11-27T10:00:00Z"]
    assert told[0].clear["digest"] == later[0].rulebase.digest


@pytest.mark.parametrize("time", ["2020-01-01T00:00:00Z", "yesterday"])
def test_of_a_time_without_rules_there_is_nothing_to_ask(clinic: Clinic, time: str) -> None:
    id_ = clinic.assess(MINE).json["assessment_id"]
    answered = clinic.get(f"{id_}/replay?rules_as_of={time}")
    assert answered.status_code == (422 if time == "yesterday" else 404)
    assert "yesterday" not in answered.text


def test_an_answer_that_was_changed_is_never_shown(clinic: Clinic) -> None:
    id_ = clinic.assess(MINE).json["assessment_id"]
    stored = find(clinic.store, "clinic", id_)
    assert stored is not None and stored.sealed is not None
    changed = stored.sealed[:-1] + bytes([stored.sealed[-1] ^ 1])
    with clinic.store.database.writing() as connection:
        connection.execute(update(records).where(records.c.id == id_).values(sealed=changed))
    for address in (id_, f"{id_}/trace", f"{id_}/ledger", f"{id_}/replay"):
        assert clinic.get(address).status_code == 500


def test_rules_that_were_changed_where_they_are_kept_replay_nothing(
    open_clinic: OpenClinic, later: tuple[Assessor, Config]
) -> None:
    id_ = open_clinic().assess(MINE).json["assessment_id"]
    upgraded = open_clinic(later[0], config=later[1])
    with upgraded.store.database.writing() as connection:
        connection.execute(update(rule_bases).values(packed=b"nothing"))
    assert upgraded.get(f"{id_}/replay").status_code == 500


def test_of_an_erased_person_nothing_is_read_and_everything_still_counts(clinic: Clinic) -> None:
    mine = clinic.assess(MINE).json["assessment_id"]
    other = clinic.assess({**EXAM, "subject": "person-2"}).json["assessment_id"]
    clinic.ask("POST", f"{ASSESS}/{mine}/reviews", json={"decision": "accept"})
    token = token_of(
        clinic.store, "clinic", clinic.store.keyring.lookup("clinic", "subject", MINE["subject"])
    )
    assert token is not None
    erase(clinic.store, "clinic", token, Actor("test", "administrator"), clinic.clock(), "request")
    for address in (
        "",
        "/trace",
        "/ledger",
        "/replay",
        "/replay?rules_as_of=2027-01-01T00:00:00Z",
        "/reviews",
    ):
        assert clinic.get(f"{mine}{address}").status_code == 410, address
    review = clinic.ask("POST", f"{ASSESS}/{mine}/reviews", json={"decision": "reject", "reason": "x"})
    assert review.status_code == 410
    assert clinic.found(subject=MINE["subject"]) == [] and set(clinic.found()) == {mine, other}
    assert clinic.get(other).status_code == 200
    assert [*verify_store(clinic.store, verifier_of(clinic.store.keyring))] == []
    again = clinic.assess(MINE)
    assert again.status_code == 201 and again.json["assessment_id"] != mine


def test_all_that_was_recorded_replays_after_an_upgrade(
    open_clinic: OpenClinic, later: tuple[Assessor, Config], assessor: Assessor, now: datetime
) -> None:
    """At full size ten thousand drawn exams; the usual size shows that it would be noticed."""
    clinic = open_clinic()
    recorder = clinic.app.extensions[EXTENSION].recorder
    who = Asker("clinic", Actor("test", "clinician"), now)
    ids = [
        recorder.assess(as_json(body), who, {}).id
        for body in ExamGenerator(assessor.rulebase, now, seed=87).bodies(size(40, 10_000))
    ]
    upgraded = open_clinic(later[0], config=later[1])
    rules = upgraded.app.extensions[EXTENSION].rule_bases
    came = dict(replay_all(upgraded.store, rules, who))
    assert came == dict.fromkeys(ids, "identical")
    with upgraded.store.database.writing() as connection:
        changed = pack(read_files(later[1].rules))
        connection.execute(
            update(rule_bases).where(rule_bases.c.digest == assessor.rulebase.digest).values(packed=changed)
        )
    again = open_clinic(later[0], config=later[1])
    came = dict(replay_all(again.store, again.app.extensions[EXTENSION].rule_bases, who))
    assert set(came.values()) == {"no rules"}
