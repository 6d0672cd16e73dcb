"""How long the six questions about an exam take, beside the goals: in process, through Flask's test client.

    python -m bench.explanations

Reading the posted question, screening, inferring, answering and writing JSON are all within the
clock; only the network is not. The exams are of one knee, its screen answered and no flag open, and
leave a given number of findings of that knee unknown that are no safety questions. What is asked
about goes round the contributors.
"""

import argparse
import gc
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from flask.testing import FlaskClient

from bench.exams import PERFORMED_AT, ExamMaker
from bench.http_rate import SAFE
from bench.inference import machine
from bench.serving import temporary_folder
from schemas.exam import ExamReader
from service.answer.case import shown
from service.app import create_app
from service.assess import Assessor
from service.config import CHECKOUT, MOST_PER_MINUTE, Config
from service.domain.exam import Exam, Observation
from service.domain.question import TARGETS, QuestionName
from service.domain.rulebase import RuleBase
from service.knowledge.load import load_rulebase

RESULT = Path(__file__).parent / "results" / "explanations.json"
UNKNOWN = 40
GOALS_MS: dict[QuestionName, int] = {
    "why": 50, "why-not": 50, "bounds": 50, "next-tests": 100, "counterfactuals": 150
}  # fmt: skip
"""At the 95th percentile; what-if has none of its own."""

Body = dict[str, Any]
Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> None:
    """Times every question, prints the table and writes the result."""
    asked = _parser().parse_args(arguments)
    rulebase = load_rulebase(CHECKOUT / "rules")
    assessor = Assessor.of(rulebase)
    exams = made_exams(assessor, asked.exams, asked.unknown, asked.seed)
    with temporary_folder() as folder:
        config = Config(
            database_url=f"sqlite:///{folder}/log.db", keys=folder / "keys.json",
            checkpoints=folder / "checkpoints.ndjson", requests_per_minute=MOST_PER_MINUTE,
        )  # fmt: skip
        client = create_app(config, assessor, now=lambda: PERFORMED_AT).test_client()
        rows = [row(question, list(_times(client, question, exams, rulebase))) for question in TARGETS]
    result = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "asked": {key: value for key, value in vars(asked).items() if key != "out"},
        "machine": machine(),
        "rule_base": {"version": rulebase.version, "digest": rulebase.digest, "rules": len(rulebase.rules)},
        "questions": rows,
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(result, indent=2) + "\n")
    print("\n".join(aligned(rows)))


def _times(
    client: FlaskClient, question: QuestionName, exams: list[Exam], rulebase: RuleBase
) -> Iterator[float]:
    """Seconds for each exam, after a few unmeasured."""
    bodies = [json.dumps(b).encode() for b in questions(question, exams, rulebase)]
    for body in bodies[:5]:
        _post(client, question, body)
    gc.collect()
    for body in bodies:
        start = perf_counter()
        _post(client, question, body)
        yield perf_counter() - start


def _post(client: FlaskClient, question: QuestionName, body: bytes) -> None:
    response = client.post(f"/v1/explain/{question}", data=body, content_type="application/json")
    if response.status_code != 200:
        raise RuntimeError(f"{question}: {response.text[:300]}")


# -- what is asked -------------------------------------------------------------------------


def made_exams(assessor: Assessor, how_many: int, unknown: int, seed: int) -> list[Exam]:
    """Exams that are not under a hold, nor of a knee out of scope."""
    maker = ExamMaker(assessor.rulebase, seed)
    reader = ExamReader(assessor.rulebase)
    made: list[Exam] = []
    while len(made) < how_many:
        body = json.dumps(posted(maker.exam(maker.most - unknown), assessor.rulebase)).encode()
        exam = reader.read_bytes(body, PERFORMED_AT)
        if assessor.case(exam).screen.shows(exam.knees[0]):
            made.append(exam)
    return made


def questions(question: QuestionName, exams: list[Exam], rulebase: RuleBase) -> Iterator[Body]:
    contributors = [c.id for c in rulebase.ranked_contributors]
    for number, exam in enumerate(exams):
        body: Body = {"exam": posted(exam, rulebase)}
        if question == "what-if":
            yield {**body, "changes": [_taken_away(exam)]}
            continue
        target = {"kind": "contributor", "id": contributors[number % len(contributors)]}
        yield {**body, "side": exam.knees[0], **({"target": target} if TARGETS[question] else {})}


def posted(exam: Exam, rulebase: RuleBase) -> Body:
    """The exam as a client posts it, with every safety answer reassuring."""
    found = {(o.finding, o.side): _item(o) for o in exam.observations.values()}
    for name, value in {**dict.fromkeys(rulebase.gates, "no"), **SAFE, rulebase.knee_pain: "yes"}.items():
        side = exam.knees[0] if rulebase.findings[name].sided else None
        found[name, side] = {"id": name, "value": value, **({"side": side} if side else {})}
    return {
        "performed_at": exam.performed_at.isoformat(),
        "knees": list(exam.knees),
        "findings": [*found.values()],
    }


def _item(observation: Observation) -> Body:
    side = {"side": observation.side} if observation.side else {}
    if not observation.observed:
        return {"id": observation.finding, **side, "status": observation.status}
    value = shown(observation.value)
    return {"id": observation.finding, **side, "value": list(value) if isinstance(value, tuple) else value}


def _taken_away(exam: Exam) -> Body:
    """The first observed finding of the exam, refused."""
    observed = next(o for o in exam.observations.values() if o.observed and o.side)
    side = {"side": observed.side} if observed.side else {}
    return {"id": observed.finding, **side, "status": "refused"}


# -- the table -----------------------------------------------------------------------------


def row(question: QuestionName, seconds: list[float]) -> Row:
    """Median and 95th percentile in milliseconds, and whether the goal is met."""
    p95, goal = quantiles(seconds, n=20)[-1] * 1e3, GOALS_MS.get(question)
    return {
        "question": question,
        "p50_ms": round(median(seconds) * 1e3, 2),
        "p95_ms": round(p95, 2),
        "goal_ms": goal,
        "met": None if goal is None else p95 <= goal,
        "measured": len(seconds),
    }


def aligned(rows: list[Row]) -> list[str]:
    """The rows as lines of text."""
    lines = [f"{'question':16}  {'p50 ms':>8}  {'p95 ms':>8}  {'goal':>6}"]
    for each in rows:
        goal = "" if each["goal_ms"] is None else each["goal_ms"]
        missed = "  missed" if each["met"] is False else ""
        lines.append(
            f"{each['question']:16}  {each['p50_ms']:8.1f}  {each['p95_ms']:8.1f}  {goal:>6}{missed}"
        )
    return lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.explanations")
    add = parser.add_argument
    add("--exams", type=int, default=200, help="exams each question is asked of")
    add("--unknown", type=int, default=UNKNOWN, help="findings of the knee that are unknown in each exam")
    add("--seed", type=int, default=1, help="the same seed makes the same exams")
    add("--out", type=Path, default=RESULT, help="where the result is written")
    return parser


if __name__ == "__main__":
    main()
