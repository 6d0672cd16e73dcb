"""One handbook of the rules as they stand, read once for all tests."""

import pytest

from service.app import make_handbook
from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.handbook.document import Handbook
from tests.unit.handbook.reading import Document


@pytest.fixture(scope="session")
def handbook(rulebase: RuleBase) -> Handbook:
    return make_handbook(rulebase, CHECKOUT / "rules")


@pytest.fixture(scope="session")
def document(handbook: Handbook) -> Document:
    return Document(handbook.html)
