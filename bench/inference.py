"""How long one knee's inference takes: ours, a naive loop, CLIPS and GoRules Zen, side by side.

    python -m bench.inference

One run, one process, the same exams for all, in interleaved rounds: each round
gives every contender all exams once, and each round begins with another
contender. Before that all must have fired the same rules on at least as many
exams as are timed, from empty to full, or nothing is timed.
"""

import argparse
import gc
import json
import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from random import Random
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from bench.cases import Case, Cases, inferred_rules
from bench.contenders import ZEN_TRACED, Contender, check_agreement, contenders
from bench.exams import FINDINGS, ExamMaker
from service.inference.infer import Inference
from service.knowledge.load import load_rulebase

ROOT = Path(__file__).parent.parent
RESULT = Path(__file__).parent / "results" / "inference.json"
LEAST_CHECKED = 200
PACKAGES = ("durable_rules", "clipspy", "zen-engine")

Row = dict[str, object]


def main(arguments: Sequence[str] | None = None) -> None:
    """Checks that all agree, times them, prints the table and writes the result."""
    asked = _parser().parse_args(arguments)
    inference = Inference(load_rulebase(ROOT / "rules"))
    maker = ExamMaker(inference.rulebase, asked.seed)
    cases = Cases(inference)
    chosen = contenders(inference)

    screen = Random(asked.seed)
    checked = [cases.case(exam, _given(inference, screen)) for exam in maker.mixed(asked.checks)]
    timed = [cases.case(exam) for exam in maker.exams(asked.exams, asked.findings)]
    times_fired = check_agreement(chosen, [*checked, *timed], inference)

    rows = table_rows(measure(chosen, timed, asked.rounds))
    result = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "asked": {key: value for key, value in vars(asked).items() if key != "out"},
        "machine": machine(),
        "rule_base": _rule_base(inference),
        "agreement": _agreement(len(checked) + len(timed), times_fired),
        "fired_per_knee": _spread([len(_fired(chosen[-1], case)) for case in timed]),
        "compared_with": ZEN_TRACED,
        "contenders": rows,
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(result, indent=2) + "\n")
    print(_heading(result))
    print("\n".join(aligned(rows)))


def measure(chosen: list[Contender], cases: list[Case], rounds: int) -> dict[str, list[float]]:
    """Seconds per knee of every contender: one for each case and round, after one round unmeasured."""
    seconds: dict[str, list[float]] = {contender.name: [] for contender in chosen}
    for number in range(-1, rounds):
        first = number % len(chosen)
        for contender in (*chosen[first:], *chosen[:first]):
            taken = list(_turn(contender, cases))
            if number >= 0:
                seconds[contender.name] += taken
    return seconds


def _turn(contender: Contender, cases: list[Case]) -> Iterator[float]:
    run = contender.run
    ready = [contender.ready(case) for case in cases]
    gc.collect()
    for each in ready:
        start = perf_counter()
        run(each)
        yield perf_counter() - start


# -- the table ---------------------------------------------------------------------------


def table_rows(seconds: dict[str, list[float]]) -> list[Row]:
    """Median and 95th percentile of each in milliseconds, and the medians against Zen with trace."""
    compared_with = median(seconds[ZEN_TRACED])
    return [
        {
            "name": name,
            "median_ms": round(median(taken) * 1e3, 4),
            "p95_ms": round(quantiles(taken, n=20)[-1] * 1e3, 4),
            "fastest_ms": round(min(taken) * 1e3, 4),
            "against_zen_with_trace": round(median(taken) / compared_with, 3),
            "measured": len(taken),
        }
        for name, taken in seconds.items()
    ]


def aligned(rows: list[Row]) -> list[str]:
    """The rows as lines of text."""
    width = max(len(str(row["name"])) for row in rows)
    lines = [f"{'per knee':{width}}  {'median ms':>9}  {'p95 ms':>8}  {'× Zen with trace':>16}"]
    for row in rows:
        lines.append(
            f"{row['name']:{width}}  {row['median_ms']:9.3f}  {row['p95_ms']:8.3f}"
            f"  {row['against_zen_with_trace']:16.2f}"
        )
    return lines


def _heading(result: dict[str, Any]) -> str:
    asked, rule_base = result["asked"], result["rule_base"]
    agreement, fired = result["agreement"], result["fired_per_knee"]
    return (
        f"{rule_base['rules']} rules in {len(rule_base['strata'])} strata, "
        f"{asked['findings']} findings a knee, {fired['median']:.0f} rules fire; "
        f"{asked['exams']} exams, {asked['rounds']} rounds. "
        f"All agree on {agreement['exams']} exams; "
        f"{len(agreement['never_fired'])} rules fired in none of them.\n"
    )


# -- what was measured -------------------------------------------------------------------


def _given(inference: Inference, random: Random) -> dict[str, bool]:
    """States of the screen, now and then present."""
    states = [s.id for s in inference.rulebase.states.values() if s.given_by_screen]
    return {state: random.random() < 0.2 for state in states}


def _fired(contender: Contender, case: Case) -> set[str]:
    assert contender.fired is not None
    return contender.fired(contender.run(contender.ready(case)))


def _agreement(exams: int, times_fired: dict[str, int]) -> dict[str, object]:
    return {
        "exams": exams,
        "differing": 0,
        "firings_compared": sum(times_fired.values()),
        "never_fired": sorted(code for code, times in times_fired.items() if not times),
    }


def _spread(counts: list[int]) -> dict[str, float]:
    return {"least": min(counts), "median": median(counts), "most": max(counts)}


def _rule_base(inference: Inference) -> dict[str, object]:
    return {
        "version": inference.rulebase.version,
        "digest": inference.rulebase.digest,
        "rules": len(inferred_rules(inference)),
        "strata": [len(stratum.rules) for stratum in inference.strata],
    }


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.inference")
    add = parser.add_argument
    add("--findings", type=int, default=FINDINGS, help="findings of the knee in each exam")
    add("--exams", type=int, default=200, help="exams that are timed")
    add("--rounds", type=int, default=10, help="times each exam is timed for each contender")
    add("--checks", type=_checks, default=300, help="further exams all must agree on")
    add("--seed", type=int, default=1, help="the same seed makes the same exams")
    add("--out", type=Path, default=RESULT, help="where the result is written")
    return parser


def _checks(text: str) -> int:
    if int(text) < LEAST_CHECKED:
        raise argparse.ArgumentTypeError(f"at least {LEAST_CHECKED}")
    return int(text)


if __name__ == "__main__":
    main()
