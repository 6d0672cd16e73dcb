"""The recorded base rates: written beside the rules, and whether they still are what the rules give."""

import json
from pathlib import Path
from typing import Any

from service.cohort.base_rate import ClassCounts, count_classes, judged
from service.cohort.sample import FILE as SAMPLE
from service.cohort.sample import Sample
from service.domain.rulebase import RuleBase
from service.inference.infer import Inference
from service.knowledge.problems import Problem, RuleBaseError
from service.knowledge.source import plain, read_source
from service.versions.content import Content, fingerprint
from service.versions.lock import Counts

FILE = "base_rates.json"
FIRST = 500
"""So many people are counted apart, so that a check need not count them all."""
RECORD = "'kneechain rules base-rate --record' writes it anew"
Json = dict[str, Any]


def base_rates(
    inference: Inference, sample: Sample, seed: int, people: int, decided_by: str | None = None
) -> Json:
    """The counts as a document. Rules that are switched off must be on in `inference`. Raises NoAnswer."""
    rulebase = inference.rulebase
    counts = count_classes(inference, sample, seed, people, inference.infer)
    first = min(FIRST, people)
    of_first = count_classes(inference, sample, seed, first, judged(inference))
    return {
        "says": sample.says,
        "rule_base": {"name": rulebase.name, "version": rulebase.version, "digest": rulebase.digest},
        **({"decided_by": decided_by} if decided_by else {}),
        "seed": seed,
        "people": people,
        "sample": {
            "file": SAMPLE,
            "findings": [
                {"id": d.finding.id, "says": d.source.says, "cite": d.source.cite,
                 "verification": d.source.verification}
                for d in sample.findings
            ],
            "left_out": [{"id": id_, "reason": reason} for id_, reason in sample.left_out.items()],
        },
        "contributors": _contributors(rulebase, counts),
        "first": {"people": first, "contributors": _contributors(rulebase, of_first)},
    }  # fmt: skip


def _contributors(rulebase: RuleBase, counts: ClassCounts) -> list[Json]:
    return [
        {"id": id_, "label": rulebase.contributors[id_].label, "classes": classes}
        for id_, classes in counts.items()
    ]


def decided_by(folder: Path, rulebase: RuleBase) -> str:
    """A hash of all that decides the counts; texts and layout of the rules are left out."""
    content = Content(rulebase)
    rules = [[rule.code, rule.status == "retired", content.decides(rule)] for rule in rulebase.rules]
    sample = read_source(folder / SAMPLE, SAMPLE, [])
    return fingerprint([rules, content.decisions, plain(sample) if sample else None])


def write_base_rates(folder: Path, document: Json) -> None:
    text = json.dumps(document, ensure_ascii=False, indent=1)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read_base_rates(folder: Path) -> Json:
    """Raises RuleBaseError where they are missing or no such document."""
    try:
        read: Json = json.loads((folder / FILE).read_text(encoding="utf-8"))
        _counts(read["contributors"])
        if isinstance(read["people"], int) and isinstance(read["seed"], int):
            return read
    except FileNotFoundError:
        raise RuleBaseError([Problem(FILE, 1, f"is missing: {RECORD}")]) from None
    except (ValueError, KeyError, TypeError):
        pass
    raise RuleBaseError([Problem(FILE, 1, f"cannot be read: {RECORD}")])


def _counts(contributors: Any) -> ClassCounts:
    return {entry["id"]: dict(entry["classes"]) for entry in contributors}


def watched(document: Json, sample: Sample) -> Counts:
    """Of the recorded counts those that may not rise unsaid."""
    counts = _counts(document["contributors"])
    return {id_: {c: classes[c] for c in sample.watched} for id_, classes in counts.items()}


def stale(folder: Path, inference: Inference, sample: Sample, document: Json) -> list[Problem]:
    """Why the recorded counts are not those of this rule base; nothing where they are.

    Rules that are switched off must be on in `inference`.
    """
    said = None
    if (document["seed"], document["people"]) != (sample.seed, sample.people):
        said = "is not of the declared seed and number of people"
    elif document.get("decided_by") != decided_by(folder, inference.rulebase):
        said = "is of other rules or another sample"
    elif not _same_first(inference, sample, document):
        said = "does not hold what the first people give"
    return [] if said is None else [Problem(FILE, 1, f"{said}: {RECORD}")]


def _same_first(inference: Inference, sample: Sample, document: Json) -> bool:
    first = min(FIRST, sample.people)
    counts = count_classes(inference, sample, sample.seed, first, judged(inference))
    recorded = document.get("first", {})
    return bool(recorded.get("people") == first and _counts(recorded.get("contributors", [])) == counts)
