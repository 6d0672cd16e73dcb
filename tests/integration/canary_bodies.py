"""The bodies in which the canaries are posted: right ones, and wrong ones of every kind."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from service.domain.question import TARGETS
from tests.canaries import MISPLACED, NUMBERS, REFERENCES, TEXTS

Json = dict[str, Any]
SIDED: Json = {"id": "fpi6", "side": "left", "value": 8}
TARGET_IDS = {
    "contributor": "hip_instability", "mechanism": "hip_stabiliser_deficit", "state": "arch_collapse",
    "flag": "Z15", "rule": "H01",
}  # fmt: skip


def exam(at: datetime, **more: Any) -> Json:
    """An exam of a hot knee that was cleared, with all that can be said of a person."""
    numbers = [{"id": id_, "value": value} for id_, value in NUMBERS.items()]
    sided = [number if number["id"] == "body_mass_kg" else {**number, "side": "left"} for number in numbers]
    told = {**SIDED, "method": TEXTS["method"], "assessor": REFERENCES["assessor"]}
    hot = {"id": "acute_hot_swollen_joint", "side": "left", "value": "yes"}
    clearance = {
        "flag": "Z03", "role": "physician", "at": at.isoformat(), "by": TEXTS["clearance by"],
        "reason": TEXTS["clearance reason"], "evidence": TEXTS["clearance evidence"],
    }  # fmt: skip
    return {
        **{key: REFERENCES[key] for key in ("exam_id", "subject", "encounter")},
        "performed_at": at.isoformat(), "knees": ["left"], "findings": [*sided, told, hot],
        "clearances": [clearance], **more,
    }  # fmt: skip


REVIEW: Json = {
    "review_id": REFERENCES["review_id"], "by": TEXTS["review by"], "decision": "reject",
    "reason": TEXTS["review reason"], "impression": {"text": TEXTS["impression"]},
    "outcomes": {"nprs": 2, "referral_result": TEXTS["referral_result"]},
}  # fmt: skip
DRAFT_BODY: Json = {
    "subject": REFERENCES["subject of a draft"], "name": TEXTS["name in a draft"],
    TEXTS["key of a draft"]: {"findings": [{"id": "body_mass_kg", "value": NUMBERS["body_mass_kg"]}]},
}  # fmt: skip


def right(path: str, at: datetime) -> Json:
    """What an operation takes, by its path in the contract."""
    if path.startswith("/v1/explain/"):
        return question(path.removeprefix("/v1/explain/"), at)
    return {
        "/v1/assessments": exam(at),
        "/v1/assessments/search": {"subject": REFERENCES["subject"], "limit": 5},
        "/v1/assessments/{assessment}/reviews": REVIEW,
        "/v1/drafts/{draft}": DRAFT_BODY,
    }[path]


def question(name: str, at: datetime) -> Json:
    asked = {"exam": exam(at)}
    if name == "what-if":
        return {**asked, "other_exam": exam(at, subject=REFERENCES["subject of another exam"])}
    (kind, *_) = TARGETS[name] or (None,)  # type: ignore[index]
    target = {"target": {"kind": kind, "id": TARGET_IDS[kind]}} if kind else {}
    return {**asked, "side": "left", **target}


# -- wrong ones ------------------------------------------------------------------------------------


def wrong(path: str, at: datetime) -> Iterator[bytes]:
    """Bodies that an operation refuses: what is no JSON, or of no use, and each part wrong by itself."""
    body = right(path, at)
    text = json.dumps(body, ensure_ascii=False)
    yield from (
        text[:-9].encode(),
        text.encode()[:-1] + b"\xff}",
        text.encode("utf-16"),
        f"{{{text}".encode(),
    )
    yield f'{{"subject": "{REFERENCES["subject"]}", "subject": 1, {text[1:]}'.encode()
    deep: Any = body
    for _ in range(15):
        deep = [deep]
    parts = _wrong_question(path, at) if path.startswith("/v1/explain/") else WRONG[path](at)
    for whole in ([body], text, TEXTS["exam that is a text"], {**body, "findings": deep}, *parts):
        yield json.dumps(whole).encode()


def wrong_findings() -> Iterator[Json]:
    for key in ("side", "unit", "status", "painful", "value"):
        yield {**SIDED, key: MISPLACED[key]}
    yield {**SIDED, "id": MISPLACED["finding"]}
    yield {**SIDED, "observed_at": MISPLACED["time"]}
    yield {**SIDED, MISPLACED["key"]: TEXTS["method"]}
    yield {**SIDED, "assessor": REFERENCES["assessor that is none"]}
    yield {**SIDED, "assessor": [REFERENCES["assessor"]]}
    yield {**SIDED, "method": TEXTS["method, too long"]}
    yield {"id": "hip_er_mmt", "side": "left", "value": [MISPLACED["value"]]}
    yield {"id": "body_mass_kg", "value": NUMBERS["body_mass_kg"], "unit": "stone"}


def _wrong_exams(at: datetime) -> Iterator[Json]:
    for key in ("exam_id", "subject", "encounter"):
        for value in (REFERENCES[f"{key} that is none"], [REFERENCES[key]], {"is": REFERENCES[key]}):
            yield exam(at, **{key: value})
    yield exam(at, corrects=REFERENCES["corrects"])
    yield exam(at, performed_at=MISPLACED["time"])
    yield exam(at, **{MISPLACED["key"]: TEXTS["method"]})
    for text in (TEXTS["exam that is a text"], {"of": TEXTS["exam that is a text"]}):
        for key in ("findings", "knees", "clearances"):
            yield exam(at, **{key: text})
            yield exam(at, **{key: [text]} if key != "knees" else {"knees": [MISPLACED["side"]]})
    yield from (exam(at, findings=[item]) for item in wrong_findings())
    (cleared,) = exam(at)["clearances"]
    for change in (
        {"by": TEXTS["clearance by, not printable"]}, {"reason": TEXTS["reason, too long"]},
        {"evidence": [TEXTS["clearance evidence"]]}, {"flag": MISPLACED["flag"]}, {"role": MISPLACED["role"]},
        {"role": "physiotherapist"}, {"at": MISPLACED["time"]}, {MISPLACED["key"]: TEXTS["clearance reason"]},
    ):  # fmt: skip
        yield exam(at, clearances=[cleared | change])


def _wrong_reviews(_: datetime) -> Iterator[Json]:
    for change in (
        {"review_id": REFERENCES["review_id that is none"]}, {"by": TEXTS["clearance by, not printable"]},
        {"reason": TEXTS["reason, too long"]}, {"impression": TEXTS["impression that is no text"]},
        {"impression": {"text": [TEXTS["impression"]]}}, {"decision": MISPLACED["word"]},
        {"disputes": {"rules": [MISPLACED["word"]]}}, {"disputes": TEXTS["review reason"]},
        {"outcomes": {"nprs": MISPLACED["value"]}}, {"outcomes": {"measured_at": MISPLACED["time"]}},
        {"outcomes": {"referral_result": [TEXTS["referral_result"]]}}, {MISPLACED["key"]: 1},
    ):  # fmt: skip
        yield REVIEW | change


def _wrong_searches(_: datetime) -> Iterator[Json]:
    for change in (
        {"subject": REFERENCES["subject that is none"]}, {"subject": [REFERENCES["subject"]]},
        {"rule": TEXTS["method"]}, {"digest": TEXTS["method"]}, {"cursor": REFERENCES["subject"]},
        {"since": MISPLACED["time"]}, {"outcome": MISPLACED["word"]}, {"limit": MISPLACED["value"]},
        {MISPLACED["key"]: 1},
    ):  # fmt: skip
        yield {"subject": REFERENCES["subject of nobody"], **change}


def _wrong_drafts(_: datetime) -> Iterator[Json]:
    for subject in (REFERENCES["subject that is none"], [REFERENCES["subject"]], 1):
        yield {**DRAFT_BODY, "subject": subject}


def _wrong_question(path: str, at: datetime) -> Iterator[Json]:
    asked = right(path, at)
    yield {
        **asked,
        "exam": exam(at, subject=REFERENCES["subject that is none"], findings=[*wrong_findings()]),
    }
    yield {**asked, "changes": [*wrong_findings()]}
    for change in (
        {"exam": TEXTS["exam that is a text"]}, {"changes": TEXTS["exam that is a text"]},
        {"side": MISPLACED["side"]}, {"target": TEXTS["method"]}, {MISPLACED["key"]: 1},
        {"target": {"kind": MISPLACED["word"], "id": MISPLACED["word"]}}, {"page": MISPLACED["value"]},
        {"target": {"kind": "rule", "id": MISPLACED["word"]}}, {"class": MISPLACED["word"]},
        {"other_exam": exam(at, subject=REFERENCES["subject that is none"])},
    ):  # fmt: skip
        yield asked | change


WRONG = {
    "/v1/assessments": _wrong_exams,
    "/v1/assessments/search": _wrong_searches,
    "/v1/assessments/{assessment}/reviews": _wrong_reviews,
    "/v1/drafts/{draft}": _wrong_drafts,
}
