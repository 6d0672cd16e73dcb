import pytest

from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.verify.cases import WholeCase, read_cases
from service.verify.examples import Run
from service.verify.mutants import mutants
from service.verify.mutants.mutant import Mutant
from service.verify.mutants.trial import Trial


@pytest.fixture(scope="session")
def cases(rulebase: RuleBase) -> tuple[WholeCase, ...]:
    return read_cases(CHECKOUT / "tests" / "cases", rulebase)


@pytest.fixture(scope="session")
def trial(rulebase: RuleBase, cases: tuple[WholeCase, ...]) -> Trial:
    return Trial(rulebase, cases)


@pytest.fixture(scope="session")
def runs(trial: Trial) -> list[Run]:
    """Every example, run by the reference evaluator alone."""
    return trial.runs


@pytest.fixture(scope="session")
def every_mutant(rulebase: RuleBase) -> list[Mutant]:
    return list(mutants(rulebase))
