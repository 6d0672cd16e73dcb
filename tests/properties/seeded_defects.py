"""Defects planted in the rules, ten or more of each class, drawn from a seed; many of them in one rule base.

A class is one row of CLASSES: what verify calls it, and a generator of changes. What is changed is chosen
among all rules and findings that allow it, so the corpus grows with the rule base. Defects go into one rule
base together where none changes what another one rests on.
"""

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from service.knowledge.fields import NUMBER
from service.knowledge.source import plain, read_source

PER_CLASS = 11
SEED = 2026
Files = dict[str, Any]
"""Nested data by file name."""


@dataclass(frozen=True)
class Defect:
    """One planted mistake: how verify should call it, and of what it should speak."""

    kind: str
    about: str
    said: str
    plant: Callable[[Files], None]
    """Changes the files' data in place."""
    changes: frozenset[str]
    """The files, findings and formulas that it changes."""
    rests_on: frozenset[str] = frozenset()
    """The files that must stay as they are, or it would not be a mistake of this kind, or not be shown."""
    refused: bool = False
    """The loader refuses the file, and `about` names that."""

    def __str__(self) -> str:
        return f"{self.kind}: {self.said}"

    def goes_with(self, other: "Defect") -> bool:
        """Whether both can be planted in one rule base."""
        return (
            self.refused == other.refused
            and "circle" not in (self.kind, other.kind)  # of two circles the first found is told
            and self.changes.isdisjoint(other.changes | other.rests_on)
            and other.changes.isdisjoint(self.rests_on)
        )


class Rules:
    """The rule files as nested data, and what each rests on."""

    def __init__(self, folder: Path) -> None:
        self.files: Files = {
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
        self._added = count(1)

    # -- defects ----------------------------------------------------------------------------------

    def in_rule(
        self, kind: str, name: str, said: str, change: Callable[[Any], None], refused: bool = False
    ) -> Defect:
        """A change of one rule."""
        about = name if refused else self.rules[name]["code"]
        plant = partial(_change, name=name, change=change)
        return Defect(kind, about, said, plant, frozenset({name}), self.behind(name), refused)

    def new_rule(self, kind: str, file: Any, said: str, folder: str, rests_on: Iterable[str]) -> Defect:
        """A rule more, with a name and a code of its own."""
        number = next(self._added)
        rule = {**file, "rule": f"planted-{number}", "code": f"ZZ{number}"}
        name = f"{folder}/planted-{number}.yaml"

        def plant(files: Files) -> None:
            files[name] = rule

        return Defect(kind, rule["code"], said, plant, frozenset({name}), self.behind(*rests_on))

    def planted(self, defects: Iterable[Defect]) -> dict[str, str]:
        """New contents, by name, of the files in which something is planted."""
        files = copy.deepcopy(self.files)
        for defect in defects:
            defect.plant(files)
        return {name: written(file) for name, file in files.items() if file != self.files.get(name)}

    # -- what rests on what -----------------------------------------------------------------------

    def behind(self, *names: str) -> frozenset[str]:
        """These rule files, and those that have a say in what they read."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.sayers(name)
        return frozenset(found)

    def sayers(self, name: str) -> list[str]:
        """The rule files that conclude what this one reads."""
        read = json.dumps([self.rules[name]["when"], self.rules[name].get("unless")])
        words = ("state", "flag", "supports", "opposes")
        return [
            other
            for other, file in self.rules.items()
            if any(f'"{effect[word]}"' in read for effect in file["then"] for word in words if word in effect)
        ]

    def readers(self, finding: str) -> list[str]:
        """The rule files that name a finding, or a formula that does."""
        formulas = self.files["vocabulary/derived.yaml"]["derived"]
        named = [
            finding,
            *(id_ for id_, formula in formulas.items() if f'"{finding}"' in json.dumps(formula)),
        ]
        said = {name: json.dumps([file["when"], file.get("unless")]) for name, file in self.rules.items()}
        return [name for name, text in said.items() if any(f'"{word}"' in text for word in named)]

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

    def scored(self, target: str, *words: str) -> list[str]:
        return [
            name for name, file in self.rules.items()
            if any(effect.get(word) == target for effect in file["then"] for word in words)
        ]  # fmt: skip

    def file_of(self, code: str) -> str:
        return next(name for name, file in self.rules.items() if file["code"] == code)

    @property
    def targets(self) -> list[str]:
        base = self.files["vocabulary/contributors.yaml"]
        return [*base["contributors"], *base["mechanisms"]]


def _change(files: Files, name: str, change: Callable[[Any], None]) -> None:
    change(files[name])


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


def also(criterion: Any) -> Callable[[Any], None]:
    """A rule asks for one thing more."""
    return lambda file: file["when"]["all"].append(criterion)


def instead(place: int, criterion: Any) -> Callable[[Any], None]:
    """A rule asks for something else in one place."""

    def change(file: Any) -> None:
        file["when"]["all"][place] = criterion

    return change


OPPOSITE = {"at_least": "below", "below": "at_least", "at_most": "above", "above": "at_most"}
TOWARDS = {"at_least": 0, "above": 0, "at_most": 1, "below": 1}
"""The end of the range at which a threshold would be always passed."""
Plant = Callable[[Rules], Iterator[Defect]]


# -- within one rule ---------------------------------------------------------------------------


def contradiction(rules: Rules) -> Iterator[Defect]:
    for name, _, finding, word, limit in rules.thresholds("contributors", "safety", "recommendations"):
        said = f"{rules.rules[name]['code']} also asks for {finding} {OPPOSITE[word]} {limit}"
        yield rules.in_rule("contradiction", name, said, also({finding: {OPPOSITE[word]: limit}}))


def always_true(rules: Rules) -> Iterator[Defect]:
    for name, place, finding, word, _ in rules.thresholds("contributors", "safety", "recommendations"):
        closed = word.replace("above", "at_least").replace("below", "at_most")
        whole = {closed: rules.at_end(finding, TOWARDS[word])}
        said = f"{rules.rules[name]['code']}: {finding} {whole} is every value"
        yield rules.in_rule("always_true", name, said, instead(place, {finding: whole}))


def redundant(rules: Rules) -> Iterator[Defect]:
    for name, _, finding, word, _ in rules.thresholds("contributors", "safety", "recommendations"):
        if word in ("at_least", "at_most"):
            said = f"{rules.rules[name]['code']} also asks that {finding} is observed"
            yield rules.in_rule("redundant", name, said, also({finding: "observed"}))


def swallowed(rules: Rules) -> Iterator[Defect]:
    for name, place, finding, word, _ in rules.thresholds("contributors", "safety"):
        same = asked_for(rules.rules[name])[place]
        said = f"{rules.rules[name]['code']}: unless {finding} {word}, as its when"
        yield rules.in_rule("swallowed", name, said, lambda file, c=same: file.update(unless=[c]))


def idle_unless(rules: Rules) -> Iterator[Defect]:
    for name, _, finding, word, limit in rules.thresholds("contributors", "safety"):
        opposed = {finding: {OPPOSITE[word]: limit}}
        said = f"{rules.rules[name]['code']}: unless {finding} {OPPOSITE[word]} {limit}"
        yield rules.in_rule("idle_unless", name, said, lambda file, c=opposed: file.update(unless=[c]))


# -- between rules -----------------------------------------------------------------------------


def never_fires(rules: Rules) -> Iterator[Defect]:
    """A state is asked for together with the opposite of the one thing that sets it."""
    for name, _, finding, word, limit in rules.thresholds("contributors", "alternatives"):
        states = [effect["state"] for effect in rules.rules[name]["then"] if "state" in effect]
        for state in states:
            setters = [n for n, f in rules.rules.items() if any(e.get("state") == state for e in f["then"])]
            if setters == [name]:
                when = {"all": [{"state": state}, {finding: {OPPOSITE[word]: limit}}]}
                yield _noting(rules, when, f"{state} with {finding} {OPPOSITE[word]} {limit}", [name])
    for target, name in OUT_OF_REACH:
        when = {"all": [{"class": {target: {"is": name}}}]}
        scored = rules.scored(target, "supports", "opposes")
        yield _noting(rules, when, f"{target} is {name}", scored)


OUT_OF_REACH = [
    ("high_body_mass", "conflicting"), ("high_body_mass", "possible"), ("high_body_mass", "suggested"),
    ("knee_extensor_deficit", "suggested"), ("training_load_error", "suggested"),
    ("ankle_dorsiflexion_restriction", "suggested"), ("biarticular_dominance", "conflicting"),
    ("patellofemoral_mobility_impairment", "suggested"),
]  # fmt: skip
"""Classes that accepted.yaml says no exam gives."""


def _noting(rules: Rules, when: Any, said: str, rests_on: list[str]) -> Defect:
    """A rule that can never fire; if it did, it would note something."""
    rule = {
        "title": "Planted", "version": 1, "status": "draft", "origin": ["expert"], "when": when,
        "then": [{"note": "exam", "text": "Planted."}], "because": "Planted.",
        "evidence": [{"cite": "expert-opinion", "shows": "Nothing.", "level": "none"}],
        "examples": [{"name": "None", "given": {}, "expect": "silent"}],
    }  # fmt: skip
    return rules.new_rule("never_fires", rule, said, "chains", rests_on)


def subsumed(rules: Rules) -> Iterator[Defect]:
    """A copy of a rule that asks for more."""
    for name, file in rules.rules.items():
        scores = [e for e in file["then"] if {"supports", "opposes"} & e.keys()]
        if name.startswith("contributors") and len(scores) == len(file["then"]) and asked_for(file):
            more = {"all": [*asked_for(file), {"age_years": {"at_least": "40 a"}}]}
            said = f"a copy of {file['code']} from 40 years on"
            yield rules.new_rule("subsumed", {**file, "when": more}, said, name.rpartition("/")[0], [name])


def circle(rules: Rules) -> Iterator[Defect]:
    """A rule that sets a state comes to ask for what a reader of that state concludes."""
    for file in rules.rules.values():
        read = [criterion["state"] for criterion in asked_for(file) if "state" in criterion]
        concluded = [e["state"] for e in file["then"] if "state" in e]
        for state in read:
            for setter, other in rules.rules.items():
                sets = any(e.get("state") == state for e in other["then"])
                if sets and concluded and concluded[0] != state and asked_for(other):
                    said = f"{other['code']} waits for {concluded[0]}"
                    yield rules.in_rule("circle", setter, said, also({"state": concluded[0]}))


# -- contributors ------------------------------------------------------------------------------


def unreachable_class(rules: Rules) -> Iterator[Defect]:
    """What is argued against is argued against by nothing."""
    for target in rules.targets:
        said = f"all that opposes {target} is retired"
        yield _retired(rules, "unreachable_class", target, "opposes", said)


def one_sided(rules: Rules) -> Iterator[Defect]:
    for target in rules.targets:
        for word in ("supports", "opposes"):
            yield _retired(rules, "one_sided", target, word, f"all that {word} {target} is retired")


def _retired(rules: Rules, kind: str, target: str, word: str, said: str) -> Defect:
    names = rules.scored(target, word)
    rests_on = rules.behind(*rules.scored(target, "supports", "opposes"))

    def plant(files: Files) -> None:
        for name in names:
            files[name]["status"] = "retired"

    return Defect(kind, target, said, plant, frozenset({*names, target}), rests_on)


# -- findings ----------------------------------------------------------------------------------


def unread(rules: Rules) -> Iterator[Defect]:
    for finding, (_, entry) in rules.findings.items():
        if entry["use"] == "recorded_only":
            said = f"{finding} is optional, and nothing reads it"
            yield _used(rules, "unread", finding, "optional", said, [])


def recorded_only_read(rules: Rules) -> Iterator[Defect]:
    read = {finding for _, _, finding, _, _ in rules.thresholds("contributors")}
    for finding in sorted(read):
        said = f"{finding} is for the record only"
        yield _used(rules, "recorded_only_read", finding, "recorded_only", said, rules.readers(finding))


def _used(rules: Rules, kind: str, finding: str, use: str, said: str, readers: list[str]) -> Defect:
    def change(file: Any) -> None:
        file["findings"][finding]["use"] = use

    plant = partial(_change, name=rules.findings[finding][0], change=change)
    return Defect(kind, finding, said, plant, frozenset({finding}), rules.behind(*readers))


def wrong_side(rules: Rules) -> Iterator[Defect]:
    for name, place, finding, _, _ in rules.thresholds("contributors"):
        sided = rules.findings[finding][1]["side"] == "sided"
        code = rules.rules[name]["code"]
        said = f"{code} reads {finding} of the other side{'' if sided else ', which it has not'}"
        other = {"other": asked_for(rules.rules[name])[place]}
        yield rules.in_rule("wrong_side", name, said, instead(place, other), refused=not sided)


def unit(rules: Rules) -> Iterator[Defect]:
    for name, place, finding, word, limit in rules.thresholds("contributors", "safety"):
        if "unit" in rules.findings[finding][1]:
            number = str(limit).partition(" ")[0]
            wrong = {finding: {word: f"{number} kg" if len(name) % 2 else number}}
            said = f"{rules.rules[name]['code']}: {wrong}"
            yield rules.in_rule("unit", name, said, instead(place, wrong), refused=True)
    yield from _units_of_formulas(rules)
    share = [{"hip_er_side_ratio_pct": {"below": "0.9 %"}}]
    said = "H04: below 0.9 % instead of 90 %"
    yield rules.in_rule("unit", rules.file_of("H04"), said, lambda file: file["when"].update(all=share))


def _units_of_formulas(rules: Rules) -> Iterator[Defect]:
    for formula, key, value, said in (
        ("wblt_cm_side_difference", "minus", "wblt_deg", "cm minus degrees"),
        ("wblt_deg_side_difference", "minus", "wblt_cm", "degrees minus cm"),
        ("hip_add_abd_ratio", "to", "hip_abd_hhd_pct_bw", "newton over per cent"),
    ):

        def change(file: Any, formula: str = formula, key: str = key, value: str = value) -> None:
            file["derived"][formula][key] = value

        plant = partial(_change, name="vocabulary/derived.yaml", change=change)
        yield Defect("unit", formula, said, plant, frozenset({formula, *rules.readers(formula)}))


def out_of_range(rules: Rules) -> Iterator[Defect]:
    for name, place, finding, word, limit in rules.thresholds("contributors", "safety"):
        unit = str(limit).partition(" ")[2]
        beyond = f"{int(float(rules.findings[finding][1]['range'][1])) + 7}{f' {unit}' if unit else ''}"
        said = f"{rules.rules[name]['code']}: {finding} {beyond}"
        change = instead(place, {finding: {word: beyond}})
        yield rules.in_rule("out_of_range", name, said, change, refused=True)
    for code, criterion in (
        ("A02", {"wblt_cm_side_difference": {"at_least": "25.1 cm"}}),
        ("A02", {"wblt_deg_side_difference": {"at_least": "71 deg"}}),
        ("Z04", {"wells_score": {"at_least": "10"}}),
        ("Z04d", {"wells_score": {"below": "10"}}),
    ):

        def change_formula(file: Any, criterion: Any = criterion) -> None:
            file["when"] = _with(file["when"], criterion)

        said = f"{code}: {criterion} is beyond the formula"
        yield rules.in_rule("out_of_range", rules.file_of(code), said, change_formula)


def _with(when: Any, criterion: Any) -> Any:
    """The condition with one criterion over the same formula in place of the one it had."""
    key = next(iter(when))
    name = next(iter(criterion))
    return {**when, key: [criterion if isinstance(c, dict) and name in c else c for c in when[key]]}


def undefined(rules: Rules) -> Iterator[Defect]:
    for name, file in rules.rules.items():
        for place, criterion in enumerate(asked_for(file)):
            (word, test), *_ = criterion.items()
            if word in rules.findings or word == "state":
                renamed = {"state": f"{test}_x"} if word == "state" else {f"{word}_x": test}
                said = f"{file['code']} reads {renamed}"
                yield rules.in_rule("undefined", name, said, instead(place, renamed), refused=True)


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


def corpus(rules: Rules) -> Iterator[Defect]:
    """PER_CLASS defects of each class, the same for the same seed and rules."""
    for kind in CLASSES:
        yield from drawn(rules, kind)[:PER_CLASS]


def drawn(rules: Rules, kind: str) -> list[Defect]:
    """All defects of a class, each once, in an order drawn from the seed."""
    found = list({str(defect): defect for defect in CLASSES[kind](rules)}.values())
    Random(f"{SEED} {kind}").shuffle(found)
    return found


def handful(rules: Rules) -> list[Defect]:
    """One defect of each class, the first drawn that goes with those before it, so that few bases do."""
    chosen: list[Defect] = []
    for kind in CLASSES:
        found = drawn(rules, kind)
        alike = [other for other in chosen if found[0].refused == other.refused and other.kind != "circle"]
        chosen.append(next((d for d in found if all(map(d.goes_with, alike))), found[0]))
    return chosen


def together(defects: Iterable[Defect]) -> list[list[Defect]]:
    """The defects in as many rule bases as they need."""
    bases: list[list[Defect]] = []
    for defect in defects:
        room = next((base for base in bases if all(map(defect.goes_with, base))), None)
        if room is None:
            bases.append(room := [])
        room.append(defect)
    return bases
