"""The service over a decision log on each of the databases, and people with keys."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.access import keys
from service.app import create_app
from service.assess import Assessor
from service.audit.entry import Actor
from service.audit.store import Store
from service.config import CHECKOUT
from tests.audit.conftest import Clock, Stores, postgresql, store, stores
from tests.contract.conformance import validate

__all__ = ["postgresql", "store", "stores"]
Json = dict[str, Any]
EXAM: Json = json.loads((CHECKOUT / "examples" / "four-findings.json").read_bytes())
"""Of a left knee, with an incomplete safety screen."""
ASSESS = "/v1/assessments"


@dataclass
class Clinic:
    """The service and its log, as people of several clinics use it. Every answer is held to the contract."""

    app: Flask
    store: Store
    clock: Clock
    _keys: dict[tuple[str, str], str] = field(default_factory=dict)

    def ask(self, method: str, address: str, role: str = "clinician", tenant: str = "clinic", **sent: Any
            ) -> TestResponse:  # fmt: skip
        client: FlaskClient = self.app.test_client()
        headers = {"Authorization": f"Bearer {self._key(tenant, role)}", **sent.pop("headers", {})}
        response = client.open(address, method=method, headers=headers, **sent)
        validate(response)
        return response

    def assess(self, exam: Json = EXAM, query: str = "", **more: Any) -> TestResponse:
        return self.ask("POST", f"{ASSESS}{query}", json=exam, **more)

    def get(self, address: str, role: str = "auditor", **more: Any) -> TestResponse:
        return self.ask("GET", f"{ASSESS}/{address}", role, **more)

    def search(self, **wanted: Any) -> Json:
        response = self.ask("POST", f"{ASSESS}/search", "auditor", json=wanted)
        assert response.status_code == 200, response.text
        return response.json

    def found(self, **wanted: Any) -> list[str]:
        return [line["assessment_id"] for line in self.search(**wanted)["assessments"]]

    def _key(self, tenant: str, role: str) -> str:
        if (tenant, role) not in self._keys:
            by = Actor("test", "administrator")
            text, _ = keys.create(self.store, self.clock(), by, tenant=tenant, role=role)
            self._keys[tenant, role] = text
        return self._keys[tenant, role]


OpenClinic = Callable[..., Clinic]


@pytest.fixture
def open_clinic(stores: Stores, assessor: Assessor) -> OpenClinic:
    """Starts the service anew over the same log, with the same rules or with others."""

    def open_(rules: Assessor = assessor, **config: Any) -> Clinic:
        store = stores.open()
        made = Clinic(None, store, stores.clock)  # type: ignore[arg-type]
        made._key("clinic", "clinician")  # before it starts: where there is a key, nobody is local
        made.app = create_app(assessor=rules, now=stores.clock, store=store, **config)
        return made

    return open_


@pytest.fixture
def clinic(open_clinic: OpenClinic) -> Clinic:
    return open_clinic()
