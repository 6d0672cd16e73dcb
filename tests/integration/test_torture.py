"""Whatever is killed, what was acknowledged is there, once. `make torture` kills 200 times."""

from tests.audit.conftest import Stores, postgresql, stores
from tests.generators import size
from tests.integration.torture import make_keys, torture

__all__ = ["postgresql", "stores"]
ROUNDS = size(4, 200)


def test_no_kill_loses_or_repeats_what_was_acknowledged(stores: Stores) -> None:
    if not stores.url.startswith("sqlite"):
        make_keys(stores.folder)
    figures = torture(stores.url, stores.folder, ROUNDS)
    assert figures.faults == []
    assert figures.acknowledged >= ROUNDS and figures.records >= figures.acknowledged
    assert figures.rounds["worker"] and figures.rounds["server"]
    assert figures.most_tries <= 1 + figures.rounds["worker"], "a killed worker costs a retry, not an outage"
