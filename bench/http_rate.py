"""The service's rate over HTTP beside a bare Flask echo of the same bytes on the same server.

Both run under the same gunicorn settings; the echo reads the same posted body
and sends back an answer of the same bytes, made beforehand. Rounds alternate,
so that both meet the same machine. Clients and servers share the cores, so the
processor time a server's workers spend on one request is reported too.

Run: python -m bench.http_rate
"""

import argparse
import json
import random
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from bench.serving import Round, median, serving, temporary_folder
from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from service.assess import Assessor
from service.clock import clock
from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.domain.vocabulary import FindingDefinition
from service.knowledge.load import load_rulebase

RESULTS = Path(__file__).parent / "results" / "http.json"
SAFE = {"age_years": 40, "pain_onset": "insidious", "walk_4_steps_now": "yes"}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--clients", type=int, default=8)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2.0)
    options.add_argument("--workers", type=int, default=2)
    asked = options.parse_args()
    print(f"{'':46}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'cpu ms':>10}")
    measured = [_measured(name, exam, asked) for name, exam in _exams().items()]
    RESULTS.parent.mkdir(exist_ok=True)
    written = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "asked": vars(asked)}
    RESULTS.write_text(json.dumps(written | {"exams": measured}, indent=2) + "\n")


def _exams() -> dict[str, dict[str, Any]]:
    """A first look, a whole visit, and as much as anybody will post."""
    examples = CHECKOUT / "examples"
    return {
        "first look": json.loads((examples / "four-findings.json").read_bytes()),
        "whole visit": json.loads((examples / "full-chain.json").read_bytes()),
        "everything": posted_exam(load_rulebase(CHECKOUT / "rules"), 140),
    }


def _measured(name: str, exam: dict[str, Any], asked: argparse.Namespace) -> dict[str, Any]:
    """Both servers' medians on one exam, printed as they come."""
    body = json.dumps(exam).encode()
    answer = one_answer(body)
    rounds: dict[str, list[Round]] = {"kneechain": [], "echo": []}
    with (
        temporary_folder() as folder,
        serving("kneechain", asked.workers, answer, folder) as ours,
        serving("echo", asked.workers, answer, folder) as echo,
    ):
        for _ in range(asked.rounds):
            for server, measured in (("kneechain", ours), ("echo", echo)):
                rounds[server].append(measured.round(body, asked.clients, asked.seconds))
    medians = {server: median(taken) for server, taken in rounds.items()}
    sizes = f"{name}: {len(exam['findings'])} findings, {len(body)} → {len(answer)} bytes"
    for server, m in medians.items():
        title = sizes if server == "kneechain" else "  echo of the same bytes"
        print(f"{title:46}{m['rate']:12.0f}{m['p50_ms']:10.2f}{m['p99_ms']:10.2f}{m['cpu_ms']:10.3f}")
    share = medians["kneechain"]["rate"] / medians["echo"]["rate"]
    print(f"  {share:.0%} of the echo's rate")
    sent = {"exam": name, "findings": len(exam["findings"]), "sent": len(body), "answered": len(answer)}
    return {**sent, "median": medians, "share_of_echo": round(share, 4)}


def posted_exam(rulebase: RuleBase, count: int, seed: int = 1) -> dict[str, Any]:
    """An exam of `count` findings of a left knee, then its other side; every safety answer reassuring."""
    chance = random.Random(seed)
    reassuring = {**dict.fromkeys(rulebase.gates, "no"), **SAFE}
    findings = [_posted(rulebase.findings[name], "left", value) for name, value in reassuring.items()]
    others = [d for d in rulebase.findings.values() if d.safety is None and d.use != "safety"]
    for side in ("left", "right"):
        for definition in others if side == "left" else [d for d in others if d.sided]:
            findings.append(_posted(definition, side, _value(definition, chance)))
    return {"knees": ["left"], "findings": findings[:count]}


def _posted(definition: FindingDefinition, side: str, value: object) -> dict[str, object]:
    where = {"side": side} if definition.sided else {}
    return {"id": definition.id, **where, "value": value}


def _value(definition: FindingDefinition, chance: random.Random) -> object:
    if definition.numeric:
        assert definition.minimum is not None and definition.maximum is not None and definition.step
        steps = int((definition.maximum - definition.minimum) / definition.step)
        number = definition.minimum + chance.randint(0, steps) * definition.step
        return int(number) if number == int(number) else float(number)
    values = sorted(set(definition.values) - definition.exclusive_values)
    return [chance.choice(values)] if definition.type == "set" else chance.choice(values)


def one_answer(body: bytes) -> bytes:
    """What the service answers, for an echo to send back."""
    assessor = Assessor.of(load_rulebase(CHECKOUT / "rules"))
    now = clock()
    exam = ExamReader(assessor.rulebase).read_bytes(body, now)
    assessment = assessor.assess(exam, now=now, assessment_id=str(uuid.uuid4()), recorded=True)
    return orjson.dumps(write_assessment(assessment, assessor.rulebase))


if __name__ == "__main__":
    main()
