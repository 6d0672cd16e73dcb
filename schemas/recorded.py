"""What is told of recorded assessments beside their answers. In openapi.yaml as `Found`, `Replay`."""

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]


def write_found(id_: str, at: str, words: Sequence[str], about: str | None) -> Json:
    """One line of a search: what names nobody. `words` as the log has them, `about` what it corrects."""
    found: Json = {"assessment_id": id_, "recorded_at": at}
    if about is not None:
        found["corrects"] = about
    classes = sorted(word.removeprefix("class:") for word in words if word.startswith("class:"))
    return found | {
        "outcome": _one(words, "outcome:"),
        "flags": _all(words, "flag:"),
        "cleared": _all(words, "cleared:"),
        "classes": [dict(zip(("contributor", "class"), each.split("="), strict=True)) for each in classes],
        "rule_base": {"digest": _one(words, "rules:"), "version": _one(words, "version:")},
    }


def write_replay(
    answer: Mapping[str, Any], identical: bool, recorded: str, again: str, differing: Sequence[str]
) -> Json:
    """Whether a recorded answer comes out the same again; digests are SHA-256 of its bytes."""
    replay: Json = {
        "assessment_id": answer["assessment_id"],
        "identical": identical,
        "recorded": f"sha256:{recorded}",
        "replayed": f"sha256:{again}",
        "assessed_at": answer["assessed_at"],
        "rule_base": answer["rule_base"],
        "software": answer["software"],
    }
    return replay if identical else replay | {"differing": list(differing)}


def _one(words: Sequence[str], kind: str) -> str:
    (found,) = _all(words, kind)
    return found


def _all(words: Sequence[str], kind: str) -> list[str]:
    return [word.removeprefix(kind) for word in words if word.startswith(kind)]
