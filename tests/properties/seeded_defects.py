"""Defects planted in copies of the rule files, ten or more of each class, drawn from a seed.

A class is one row of CLASSES: what verify calls it, and a generator of edits. An edit is a file and what
becomes of it. What is edited is chosen among all rules and findings that allow it, so the corpus grows
with the rule base.
"""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from service.knowledge.fields import NUMBER
from service.knowledge.source import plain, read_source

PER_CLASS = 11
SEED = 2026
Edits = dict[str, str]
"""New contents by file name."""


@dataclass(frozen=True)
class Defect:
    """One planted mistake: how verify should call it, and of what it should speak."""

    kind: str
    about: str | None
    """None where the loader refuses the file and the report is about that."""
    said: str
    make: Callable[[], Edits]

    def __str__(self) -> str:
        return f"{self.kind}: {self.said}"


class Rules:
    """The rule files as nested data that can be changed and written again."""

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, Any] = {
            path.relative_to(folder).as_posix(): plain(source)
            for path in sorted(folder.rglob("*.yaml"))
            if (source := read_source(path, path.name, [])) is not None
        }
        self.rules = {name: file for name, file in self.files.items() if "code" in file and "when" in file}
        self.findings = {
            id_: (name, entry)
            for name, file in self.files.items() if name.startswith("vocabulary/findings/")
            for id_, entry in file["findings"].items()
        }  # fmt: skip

    def edit(self, name: str, change: Callable[[Any], None], into: str = "") -> Edits:
        """The file with a change, or a changed copy of it under another name."""
        data = copy.deepcopy(self.files[name])
        change(data)
        return {into or name: written(data)}

    # -- where something can be planted -----------------------------------------------------------

    def thresholds(self, *folders: str) -> list[tuple[str, int, str, str, Any]]:
        """Criteria over numbers in an `all`: file, place, finding, word, limit."""
        return [
            (name, place, finding, word, limit)
            for name, file in self.rules.items()
            if name.startswith(folders)
            for place, criterion in enumerate(asked_for(file))
            for finding, test in criterion.items()
            if finding in self.findings and isinstance(test, dict)
            for word, limit in test.items()
            if word in OPPOSITE and self._numeric(finding)
        ]  # fmt: skip

    def _numeric(self, finding: str) -> bool:
        return (
            self.findings[finding][1]["type"] in ("number", "integer")
            and "derive" not in self.findings[finding][1]
        )

    def at_end(self, finding: str, end: int) -> str:
        """The lowest or highest value of a finding, as a threshold is written."""
        entry = self.findings[finding][1]
        unit = f" {entry['unit']}" if "unit" in entry else ""
        return f"{entry['range'][end]}{unit}"

    def scored(self, target: str, word: str) -> list[str]:
        return [n for n, file in self.rules.items() if any(e.get(word) == target for e in file["then"])]

    @property
    def targets(self) -> list[str]:
        base = self.files["vocabulary/contributors.yaml"]
        return [*base["contributors"], *base["mechanisms"]]


def written(data: Any) -> str:
    """Nested data as YAML; numbers, true and false as they are, all else quoted."""
    match data:
        case dict():
            return (
                "{" + ", ".join(f"{json.dumps(key)}: {written(value)}" for key, value in data.items()) + "}"
            )
        case list():
            return "[" + ", ".join(map(written, data)) + "]"
        case str() if not (NUMBER.fullmatch(data) or data in ("true", "false")):
            return json.dumps(data)
        case _:
            return str(data)


def asked_for(file: Any) -> list[Any]:
    """The members of a rule's `all`, where its when is that."""
    when = file["when"]
    return when.get("all", []) if isinstance(when, dict) else []


OPPOSITE = {"at_least": "below", "below": "at_least", "at_most": "above", "above": "at_most"}
TOWARDS = {"at_least": 0, "above": 0, "at_most": 1, "below": 1}
"""The end of the range at which a threshold would be always passed."""
Plant = Callable[[Rules], Iterator[Defect]]


# -- within one rule ---------------------------------------------------------------------------


def contradiction(rules: Rules) -> Iterator[Defect]:
    for name, _, finding, word, limit in rules.thresholds("contributors", "safety", "recommendations"):
        opposed = {finding: {OPPOSITE[word]: limit}}
        edits = partial(rules.edit, name, lambda file, c=opposed: file["when"]["all"].append(c))
        code = rules.rules[name]["code"]
        yield Defect("contradiction", code, f"{code} also asks for {finding} {OPPOSITE[word]} {limit}", edits)


def always_true(rules: Rules) -> Iterator[Defect]:
    for name, place, finding, word, _ in rules.thresholds("contributors", "safety", "recommendations"):
        whole = {
            word.replace("above", "at_least").replace("below", "at_most"): rules.at_end(
                finding, TOWARDS[word]
            )
        }

        def change(file: Any, at: int = place, f: str = finding, test: Any = whole) -> None:
            file["when"]["all"][at] = {f: test}

        code = rules.rules[name]["code"]
        yield Defect(
            "always_true",
            code,
            f"{code}: {finding} {whole} is every value",
            partial(rules.edit, name, change),
        )


def redundant(rules: Rules) -> Iterator[Defect]:
    for name, _, finding, word, _ in rules.thresholds("contributors", "safety", "recommendations"):
        wide = {finding: {word: rules.at_end(finding, TOWARDS[word])}}
        if word in ("above", "below"):
            continue  # the end itself would be left out: another test
        wide = {finding: "observed"}
        edits = partial(rules.edit, name, lambda file, c=wide: file["when"]["all"].append(c))
        code = rules.rules[name]["code"]
        yield Defect("redundant", code, f"{code} also asks that {finding} is observed", edits)


def swallowed(rules: Rules) -> Iterator[Defect]:
    for name, place, finding, word, _ in rules.thresholds("contributors", "safety"):
        file = rules.rules[name]
        same = copy.deepcopy(file["when"]["all"][place])
        edits = partial(rules.edit, name, lambda f, c=same: f.update(unless=[c]))
        yield Defect(
            "swallowed", file["code"], f"{file['code']}: unless {finding} {word}, as its when", edits
        )


def idle_unless(rules: Rules) -> Iterator[Defect]:
    for name, _, finding, word, limit in rules.thresholds("contributors", "safety"):
        opposed = {finding: {OPPOSITE[word]: limit}}
        edits = partial(rules.edit, name, lambda f, c=opposed: f.update(unless=[c]))
        code = rules.rules[name]["code"]
        yield Defect("idle_unless", code, f"{code}: unless {finding} {OPPOSITE[word]} {limit}", edits)


# -- between rules -----------------------------------------------------------------------------


def never_fires(rules: Rules) -> Iterator[Defect]:
    """A state is asked for together with the opposite of the one thing that sets it."""
    for name, _, finding, word, limit in rules.thresholds("contributors", "alternatives"):
        states = [effect["state"] for effect in rules.rules[name]["then"] if "state" in effect]
        for state in states:
            setters = [n for n, f in rules.rules.items() if any(e.get("state") == state for e in f["then"])]
            if setters == [name]:
                when = {"all": [{"state": state}, {finding: {OPPOSITE[word]: limit}}]}
                yield _added("never_fires", rules, when, f"{state} with {finding} {OPPOSITE[word]} {limit}")
    for target, name in OUT_OF_REACH:
        when = {"all": [{"class": {target: {"is": name}}}]}
        yield _added("never_fires", rules, when, f"{target} is {name}")


OUT_OF_REACH = [
    ("high_body_mass", "conflicting"), ("high_body_mass", "possible"), ("high_body_mass", "suggested"),
    ("knee_extensor_deficit", "suggested"), ("training_load_error", "suggested"),
    ("ankle_dorsiflexion_restriction", "suggested"), ("biarticular_dominance", "conflicting"),
    ("patellofemoral_mobility_impairment", "suggested"),
]  # fmt: skip
"""Classes that accepted.yaml says no exam gives."""


def _added(kind: str, rules: Rules, when: Any, said: str, then: Any = None) -> Defect:
    note = [{"note": "exam", "text": "Planted."}]
    rule = {
        "rule": "planted", "code": "ZZ1", "title": "Planted", "version": 1, "status": "draft",
        "origin": ["expert"], "when": when, "then": then or note, "because": "Planted.",
        "evidence": [{"cite": "expert-opinion", "shows": "Nothing.", "level": "none"}],
        "examples": [{"name": "None", "given": {}, "expect": "silent"}],
    }  # fmt: skip
    return Defect(kind, "ZZ1", said, lambda: {"chains/planted.yaml": written(rule)})


def subsumed(rules: Rules) -> Iterator[Defect]:
    """A copy of a rule that asks for more."""
    for name, file in rules.rules.items():
        scores = [e for e in file["then"] if {"supports", "opposes"} & e.keys()]
        if name.startswith("contributors") and len(scores) == len(file["then"]) and asked_for(file):
            more = {"all": [*asked_for(file), {"age_years": {"at_least": "40 a"}}]}
            yield _copied(rules, name, more)


def _copied(rules: Rules, name: str, when: Any) -> Defect:
    code = rules.rules[name]["code"]
    place = f"{name.rpartition('/')[0]}/planted.yaml"

    def change(file: Any) -> None:
        file |= {"rule": "planted", "code": "ZZ1", "when": when}

    said = f"a copy of {code} from 40 years on"
    return Defect("subsumed", "ZZ1", said, partial(rules.edit, name, change, place))


def circle(rules: Rules) -> Iterator[Defect]:
    """A rule that sets a state comes to ask for what a reader of that state concludes."""
    for file in rules.rules.values():
        read = [criterion["state"] for criterion in asked_for(file) if "state" in criterion]
        concluded = [e["state"] for e in file["then"] if "state" in e]
        for state in read:
            for setter, other in rules.rules.items():
                sets = any(e.get("state") == state for e in other["then"])
                if sets and concluded and concluded[0] != state and asked_for(other):
                    edits = partial(
                        rules.edit, setter, lambda f, s=concluded[0]: f["when"]["all"].append({"state": s})
                    )
                    yield Defect("circle", None, f"{other['code']} waits for {concluded[0]}", edits)


# -- contributors ------------------------------------------------------------------------------


def unreachable_class(rules: Rules) -> Iterator[Defect]:
    """What is argued against is argued against by nothing."""
    for target in rules.targets:
        retire = partial(_retired, rules, rules.scored(target, "opposes"))
        yield Defect("unreachable_class", target, f"all that opposes {target} is retired", retire)


def _retired(rules: Rules, names: list[str]) -> Edits:
    edits: Edits = {}
    for name in names:
        edits |= rules.edit(name, lambda file: file.update(status="retired"))
    return edits


def one_sided(rules: Rules) -> Iterator[Defect]:
    for target in rules.targets:
        for word in ("supports", "opposes"):
            retire = partial(_retired, rules, rules.scored(target, word))
            yield Defect("one_sided", target, f"all that {word} {target} is retired", retire)


# -- findings ----------------------------------------------------------------------------------


def unread(rules: Rules) -> Iterator[Defect]:
    for finding, (name, entry) in rules.findings.items():
        if entry["use"] == "recorded_only":
            edits = partial(
                rules.edit, name, lambda file, f=finding: file["findings"][f].update(use="optional")
            )
            yield Defect("unread", finding, f"{finding} is optional, and nothing reads it", edits)


def recorded_only_read(rules: Rules) -> Iterator[Defect]:
    read = {finding for _, _, finding, _, _ in rules.thresholds("contributors")}
    for finding in sorted(read):
        name = rules.findings[finding][0]
        edits = partial(
            rules.edit, name, lambda file, f=finding: file["findings"][f].update(use="recorded_only")
        )
        yield Defect("recorded_only_read", finding, f"{finding} is for the record only", edits)


def wrong_side(rules: Rules) -> Iterator[Defect]:
    for name, place, finding, _, _ in rules.thresholds("contributors"):
        code = rules.rules[name]["code"]

        def change(file: Any, at: int = place) -> None:
            file["when"]["all"][at] = {"other": file["when"]["all"][at]}

        sided = rules.findings[finding][1]["side"] == "sided"
        said = f"{code} reads {finding} of the other side{'' if sided else ', which it has not'}"
        yield Defect("wrong_side", code if sided else None, said, partial(rules.edit, name, change))


def unit(rules: Rules) -> Iterator[Defect]:
    for name, place, finding, word, limit in rules.thresholds("contributors", "safety"):
        if "unit" in rules.findings[finding][1]:
            number = str(limit).partition(" ")[0]
            written = {finding: {word: f"{number} kg" if len(name) % 2 else number}}

            def change(file: Any, at: int = place, c: Any = written) -> None:
                file["when"]["all"][at] = c

            yield Defect(
                "unit", None, f"{rules.rules[name]['code']}: {written}", partial(rules.edit, name, change)
            )
    yield from _units_of_formulas(rules)
    name = next(n for n, f in rules.rules.items() if f["code"] == "H04")
    share = [{"hip_er_side_ratio_pct": {"below": "0.9 %"}}]
    edits = partial(rules.edit, name, lambda file: file["when"].update(all=share))
    yield Defect("unit", "H04", "H04: below 0.9 % instead of 90 %", edits)


def _units_of_formulas(rules: Rules) -> Iterator[Defect]:
    name = "vocabulary/derived.yaml"
    for formula, key, value, said in (
        ("wblt_cm_side_difference", "minus", "wblt_deg", "cm minus degrees"),
        ("wblt_deg_side_difference", "minus", "wblt_cm", "degrees minus cm"),
        ("hip_add_abd_ratio", "to", "hip_abd_hhd_pct_bw", "newton over per cent"),
    ):
        edits = partial(
            rules.edit, name, lambda file, f=formula, k=key, v=value: file["derived"][f].update({k: v})
        )
        yield Defect("unit", formula, said, edits)


def out_of_range(rules: Rules) -> Iterator[Defect]:
    for name, place, finding, word, limit in rules.thresholds("contributors", "safety"):
        unit = str(limit).partition(" ")[2]
        beyond = f"{int(float(rules.findings[finding][1]['range'][1])) + 7}{f' {unit}' if unit else ''}"

        def change(file: Any, at: int = place, c: Any = {finding: {word: beyond}}) -> None:  # noqa: B006
            file["when"]["all"][at] = c

        yield Defect(
            "out_of_range",
            None,
            f"{rules.rules[name]['code']}: {finding} {beyond}",
            partial(rules.edit, name, change),
        )
    for code, criterion in (
        ("A02", {"wblt_cm_side_difference": {"at_least": "25.1 cm"}}),
        ("A02", {"wblt_deg_side_difference": {"at_least": "71 deg"}}),
        ("Z04", {"wells_score": {"at_least": "10"}}),
        ("Z04d", {"wells_score": {"below": "10"}}),
    ):
        name = next(n for n, f in rules.rules.items() if f["code"] == code)
        edits = partial(
            rules.edit, name, lambda file, c=criterion: file["when"].update(_with(file["when"], c))
        )
        yield Defect("out_of_range", code, f"{code}: {criterion} is beyond the formula", edits)


def _with(when: Any, criterion: Any) -> Any:
    """The condition with one criterion over the same formula in place of the one it had."""
    key = next(iter(when))
    name = next(iter(criterion))
    return {key: [criterion if isinstance(c, dict) and name in c else c for c in when[key]]}


def undefined(rules: Rules) -> Iterator[Defect]:
    for name, file in rules.rules.items():
        for place, criterion in enumerate(asked_for(file)):
            (word, test), *_ = criterion.items()
            if word in rules.findings or word == "state":
                renamed = {"state": f"{test}_x"} if word == "state" else {f"{word}_x": test}

                def change(f: Any, at: int = place, c: Any = renamed) -> None:
                    f["when"]["all"][at] = c

                yield Defect(
                    "undefined", None, f"{file['code']} reads {renamed}", partial(rules.edit, name, change)
                )


CLASSES: dict[str, Plant] = {
    "contradiction": contradiction,
    "always_true": always_true,
    "redundant": redundant,
    "swallowed": swallowed,
    "idle_unless": idle_unless,
    "never_fires": never_fires,
    "subsumed": subsumed,
    "circle": circle,
    "unreachable_class": unreachable_class,
    "one_sided": one_sided,
    "unread": unread,
    "recorded_only_read": recorded_only_read,
    "wrong_side": wrong_side,
    "unit": unit,
    "out_of_range": out_of_range,
    "undefined": undefined,
}


def corpus(folder: Path, per_class: int = PER_CLASS, classes: tuple[str, ...] = ()) -> Iterator[Defect]:
    """So many defects of each class, the same for the same seed and rules."""
    rules = Rules(folder)
    for kind in classes or CLASSES:
        found = list({str(defect): defect for defect in CLASSES[kind](rules)}.values())
        Random(f"{SEED} {kind}").shuffle(found)
        yield from found[:per_class]
