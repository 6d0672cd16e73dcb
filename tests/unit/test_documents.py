"""The documents keep to the truth: what they show runs, what they name is there, what is there they name."""

import dataclasses
import fnmatch
import json
import os
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

import service.handbook.document
from service import cli
from service.audit.store import Store
from service.cohort.sample import SIDED
from service.config import CHECKOUT, SETTINGS, Config
from service.domain.assessment import SafetyStatus
from service.domain.rule import SwitchedOff, Word
from service.domain.rulebase import RuleBase
from service.knowledge import derived, load, rules, vocabulary
from service.knowledge.conditions import COMPARISONS, SET_WORDS, ConditionReader
from service.knowledge.fields import Fields
from service.knowledge.load import load_rulebase
from service.knowledge.problems import Problem
from service.knowledge.rules import RuleReader
from service.knowledge.source import Mapping, Sequence, plain, read_source
from service.knowledge.vocabulary import Vocabulary
from service.verify.examples import WORDS as GIVEN_WORDS
from tests.unit.handbook.reading import Document

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
RULES_README = (CHECKOUT / "rules" / "README.md").read_text(encoding="utf-8")
CONTRACT = CHECKOUT / "openapi.yaml"
DECISIONS = CHECKOUT / "service" / "decisions"

FENCE = re.compile(r"```(\w+)\n(.*?)```", re.S)


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [body for named, body in FENCE.findall(text) if named == language]


def code(text: str) -> str:
    """All that a document sets as code, in blocks and in lines."""
    return "\n".join([*(body for _, body in FENCE.findall(text)), *inline_code(text)])


def inline_code(text: str) -> list[str]:
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", FENCE.sub("", text))]


def named(word: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def missing(words: Any, text: str) -> list[str]:
    return sorted(word for word in set(words) if not named(word, text))


# -- excerpts: … stands for what was left out, and nothing else is left out ----------------


def read_excerpt(text: str) -> Any:
    """JSON in which … may stand for members, items or a part of a string."""
    written, opened = [], []
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|.', text, re.S):
        if token in "{[":
            opened.append(token)
        elif token in "}]":
            opened.pop()
        written.append({"[": '"…"', "{": '"…": 0'}[opened[-1]] if token == "…" else token)
    return json.loads("".join(written))


def difference(shown: Any, real: Any, at: str = "") -> str | None:
    """Where the excerpt says something else than the answer; None where it nowhere does."""
    if isinstance(shown, dict) and isinstance(real, dict):
        return _of_objects(shown, real, at)
    if isinstance(shown, list) and isinstance(real, list):
        return _of_lists(shown, real, at)
    if isinstance(shown, str) and isinstance(real, str):
        pattern = ".*".join(re.escape(part) for part in shown.split("…"))
        return None if re.fullmatch(pattern, real, re.S) else f"{at}: {real!r}"
    return None if type(shown) is type(real) and shown == real else f"{at}: {real!r}"


def _of_objects(shown: dict[str, Any], real: dict[str, Any], at: str) -> str | None:
    members = {key: value for key, value in shown.items() if key != "…"}
    if "…" not in shown and real.keys() - members.keys():
        return f"{at}: leaves out {sorted(real.keys() - members.keys())} without …"
    for key, value in members.items():
        if key not in real:
            return f"{at}/{key}: is not there"
        found = difference(value, real[key], f"{at}/{key}")
        if found:
            return found
    return None


def _of_lists(shown: list[Any], real: list[Any], at: str) -> str | None:
    """Items in their order; only where … stands may some be passed over."""
    place, may_skip = 0, False
    for item in shown:
        if item == "…":
            may_skip = True
            continue
        places = range(place, len(real) if may_skip else min(place + 1, len(real)))
        found = [difference(item, real[index], f"{at}/{index}") for index in places]
        if None not in found:
            nearest = max((str(said) for said in found), key=lambda said: said.index(":"), default="no more")
            return f"{at}: shows {str(item)[:60]}, but {nearest}"
        place, may_skip = place + found.index(None) + 1, False
    return None if may_skip or place == len(real) else f"{at}: leaves out items without …"


def test_an_excerpt_may_leave_out_only_where_it_says_so() -> None:
    real = {"a": 1, "b": [1, 2, 3], "c": "one two three"}
    assert difference(read_excerpt('{"a": 1, "b": [1, …, 3], "c": "one … three"}'), real) is None
    assert difference(read_excerpt('{"b": [1, …], …}'), real) is None
    for wrong in (
        '{"a": 1}', '{"a": 2, …}', '{"a": true, …}', '{"d": 1, …}', '{"b": [1, 2], …}',
        '{"b": [2, …], …}', '{"b": [3, …, 1], …}', '{"c": "two …", …}', '{"b": [1, …, 4], …}',
    ):  # fmt: skip
        assert difference(read_excerpt(wrong), real), wrong


# -- the README's commands -------------------------------------------------------------------


def shell_lines() -> list[list[str]]:
    joined = "\n".join(blocks(README, "sh")).replace("\\\n", " ")
    lines = [shlex.split(line, comments=True) for line in joined.splitlines()]
    return [line for line in lines if line]


Curl = tuple[str, dict[str, str], bytes | None]


def curls() -> list[Curl]:
    """Path, headers and body of each curl of the README."""
    return [curl(line) for line in shell_lines() if line[0] == "curl"]


def curl(line: list[str]) -> Curl:
    url = next(word for word in line if word.startswith("http://"))
    given = dict(pairwise(line))
    name, _, value = given.get("-H", "").partition(": ")
    data = given.get("-d")
    body = data and ((CHECKOUT / data[1:]).read_bytes() if data.startswith("@") else data.encode())
    return url.removeprefix("http://127.0.0.1:8000"), {name: value} if name else {}, body or None


def test_each_request_of_the_readme_gets_the_answer_shown(client: FlaskClient) -> None:
    excerpts = blocks(README, "json")
    shown = [one for one in curls() if one[2] is not None and "$ID" not in one[0] and "search" not in one[0]]
    assert len(shown) == len(excerpts) == 3
    for (path, headers, body), excerpt in zip(shown, excerpts, strict=True):
        answer = client.post(path, data=body, headers=headers).get_json()
        assert difference(read_excerpt(excerpt), answer) is None


def test_each_request_of_the_readme_about_a_record_is_answered(client: FlaskClient) -> None:
    (path, headers, body), *others = curls()
    recorded = client.post(path, data=body, headers=headers).get_json()["assessment_id"]
    about = [one for one in others if "$ID" in one[0] or "search" in one[0]]
    assert len(about) == 4
    for path, headers, body in about:
        address = path.replace("$ID", recorded)
        answer = client.post(address, data=body, headers=headers) if body else client.get(address)
        assert answer.status_code in (200, 201), (address, answer.text)


def commands() -> list[list[str]]:
    """Every `kneechain …` the README shows, in a block or in a line, that needs nothing put in: no NAME."""
    inline = re.findall(r"`(?:\.venv/bin/)?kneechain ([^`]+)`", README)
    in_blocks = [line[1:] for line in shell_lines() if line[0].endswith("bin/kneechain")]
    shown = [*in_blocks, *(shlex.split(words) for words in inline)]
    return [words for words in shown if not any(word.isalpha() and word.isupper() for word in words)]


@pytest.fixture
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)


@pytest.mark.usefixtures("at_the_root")
@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_each_command_line_of_the_readme_works(
    words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, store: Store
) -> None:
    """Over the decision log of `store`, which is there."""
    if words[:2] == ["rules", "lock"]:  # it writes
        shutil.copytree(CHECKOUT / "rules", tmp_path / "rules")
        monkeypatch.setenv("KNEECHAIN_RULES", str(tmp_path / "rules"))
    started = []
    monkeypatch.setattr("service.server.run", lambda app, config, host, port, link: started.append(link))
    result = CliRunner().invoke(cli.main, words)
    assert result.exit_code == 0, result.output
    assert bool(started) == (words[0] == "serve")


@pytest.mark.usefixtures("at_the_root")
def test_the_tree_of_the_readme_is_what_the_command_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Line by line; … stands for what was left out, and nothing else is left out."""
    monkeypatch.setenv("COLUMNS", "10000")  # no line is folded
    (block,) = blocks(README, "text")
    (words,) = [line[1:] for line in shell_lines() if line[0].endswith("bin/kneechain")]
    printed = [line.rstrip() for line in CliRunner().invoke(cli.main, words).output.splitlines()]
    assert difference(block.splitlines(), printed) is None
    assert difference([line for line in block.splitlines() if "F13" not in line], printed)


def leaf_commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaf_commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def test_every_command_and_option_is_in_the_readme() -> None:
    leaves = dict(leaf_commands(cli.main, "kneechain"))
    assert missing(leaves, README) == []
    parameters = [parameter for leaf in leaves.values() for parameter in leaf.params]
    options = {name for option in parameters if isinstance(option, click.Option) for name in option.opts}
    assert {"--json", "--port"} <= options
    assert missing(options, README) == []


def test_the_commands_of_the_operations_exist_with_their_options() -> None:
    text = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")
    leaves = dict(leaf_commands(cli.main, "kneechain"))
    shown = re.findall(r"kneechain ([a-z][^`\n#]*)", text)
    assert len(shown) > 15
    for line in shown:
        words = [f"kneechain {line}".split()[:3], line.split()[2:]]
        command = leaves[" ".join(words[0]).rstrip(".,;:")]
        options = {name for option in command.params for name in option.opts}
        assert {word for word in words[1] if word.startswith("--")} <= options, line
    of_audit = {path for path in leaves if path.startswith("kneechain audit ")}
    assert missing(of_audit - {"kneechain audit show", "kneechain audit report"}, text) == []


def test_every_make_target_is_in_the_readme_and_every_target_there_exists() -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.M))
    shown = set(re.findall(r"`make ([a-z]+)`|^make ([a-z]+)", README, re.M))
    assert {one or other for one, other in shown} == targets


def test_every_setting_is_in_the_readme_and_every_setting_there_is_read() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "service").rglob("*.py"))
    setting = re.compile(r"\bKNEECHAIN_[A-Z_]+\b")
    assert set(setting.findall(README)) == set(setting.findall(sources))


def test_the_readme_tells_of_each_setting_what_the_code_tells() -> None:
    rows = re.findall(r"^\| `(KNEECHAIN_\w+)` \| (.*?) \| (.*?) \|$", README, re.M)
    told = {variable: (default.replace("`", ""), says) for variable, default, says in rows}
    assert told == {variable: (setting.default, setting.says) for variable, setting in SETTINGS.items()}
    assert {setting.name for setting in SETTINGS.values()} == {
        field.name for field in dataclasses.fields(Config)
    }


def test_every_address_is_in_the_readme_and_in_the_contract(client: FlaskClient) -> None:
    addresses = {re.sub(r"<[\w:]+>", "{}", rule.rule) for rule in client.application.url_map.iter_rules()}
    assert len(addresses) > 12
    for text in (README, CONTRACT.read_text(encoding="utf-8")):
        assert missing(addresses - {"/static/{}"}, re.sub(r"\{\w+\}", "{}", text)) == []


def test_the_handbook_in_a_file_tells_of_every_command_option_and_setting(tmp_path: Path) -> None:
    target = tmp_path / "handbook.html"
    result = CliRunner().invoke(cli.main, ["rules", "handbook", "--output", str(target)])
    assert result.exit_code == 0, result.output
    assert f"{len(target.read_bytes()):,} bytes" in result.output
    page = Document(target.read_text(encoding="utf-8"))
    leaves = dict(leaf_commands(cli.main, "kneechain"))
    commands, settings = page.text_of("commands"), page.text_of("settings")
    assert missing(leaves, commands) == []
    for path, command in leaves.items():
        assert " ".join((command.help or "").split()) in commands, path
        options = [option for option in command.params if isinstance(option, click.Option)]
        assert missing({name for option in options for name in option.opts}, commands) == []
        assert all(option.help and option.help in commands for option in options), path
    for variable, setting in SETTINGS.items():
        assert f"{variable}{setting.default}{setting.says}" in settings


def test_a_place_where_the_handbook_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.handbook.document, "SECTIONS", {"about": "What this is"})
    result = CliRunner().invoke(cli.main, ["rules", "handbook", "--output", str(tmp_path / "no" / "x.html")])
    assert result.exit_code == 2
    assert "cannot be written" in result.output


def test_every_safety_status_is_in_the_readme() -> None:
    assert missing(get_args(SafetyStatus), code(README)) == []


# -- the rule shown ----------------------------------------------------------------------------


def test_the_rule_of_the_readme_is_the_file_itself() -> None:
    (shown,) = blocks(README, "yaml")
    links = re.findall(r"\]\((rules/contributors/[\w/-]+\.yaml)\)", README)
    assert shown == (CHECKOUT / links[0]).read_text(encoding="utf-8")


def test_the_rule_of_the_rules_readme_says_what_its_file_says(tmp_path: Path) -> None:
    sample = tmp_path / "sample.yaml"
    sample.write_text(blocks(RULES_README, "yaml")[0], encoding="utf-8")
    shown = read_plain(sample)
    real = read_plain(next((CHECKOUT / "rules").rglob(f"{shown['rule']}.yaml")))
    assert shown.keys() == real.keys()
    for key in ("code", "title", "version", "status", "when", "unless", "then"):
        assert shown[key] == real[key]


def read_plain(path: Path) -> Any:
    problems: list[Problem] = []
    source = read_source(path, path.name, problems)
    assert source is not None
    assert not problems
    return plain(source)


# -- every word of the rules is explained ------------------------------------------------------


def condition_words() -> set[str]:
    reader = ConditionReader(Vocabulary(), (), [])
    groups = {"always", "at_least_n", "exactly_n", "present", "absent", "is"}
    return {*groups, *get_args(Word), *COMPARISONS, *SET_WORDS, *reader._words()}


def effect_words() -> list[str]:
    """As the loader names them to someone who writes an effect it does not know."""
    at = ("rule.yaml", 1)
    effects = Sequence((Mapping({}, {}, *at),), *at)
    problems: list[Problem] = []
    fields = Fields(Mapping({"then": effects}, {}, *at), problems, "rule")
    RuleReader(Vocabulary(), (), {}).read(fields, "contributors")
    (said,) = [p.message for p in problems if p.message.startswith("an effect is one of ")]
    return said.removeprefix("an effect is one of ").split(", ")


def test_every_word_of_a_condition_is_explained() -> None:
    assert {"not_known", "coverage", "includes_all", "between"} <= condition_words()
    assert missing(condition_words(), code(RULES_README)) == []


def test_every_effect_is_explained() -> None:
    assert {"state", "supports", "forbid", "ask"} <= set(effect_words())
    assert missing(effect_words(), code(RULES_README)) == []


def test_the_readme_says_which_effects_may_stand_where() -> None:
    rows = re.findall(r"^\| (safety|all other) rules.*?\| (.*) \|$", RULES_README, re.MULTILINE)
    said = {where: set(re.findall(r"`(\w+)", effects)) for where, effects in rows}
    every = set(effect_words())
    assert said == {"safety": every - set(rules.NOT_SAFETY), "all other": every - set(rules.SAFETY_ONLY)}


@pytest.mark.parametrize(
    "words",
    [
        rules.FAMILIES, rules.CONVENTIONS, rules.STATUSES, rules.OUTCOMES, vocabulary.ORIGINS,
        vocabulary.VERIFICATIONS, vocabulary.REGIONS, vocabulary.TYPES, derived.KINDS, load.QUANTITIES,
        GIVEN_WORDS,
    ],
    ids=[
        "families", "conventions", "statuses", "outcomes", "origins", "verifications", "regions",
        "types of finding", "kinds of formula", "quantities of a class", "words of an example",
    ],
)  # fmt: skip
def test_every_word_the_loader_knows_is_explained(words: tuple[str, ...]) -> None:
    assert missing(words, code(RULES_README)) == []


def keys_asked_for(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every key that the loader asks for by name while it reads the rules as they stand."""
    asked: list[tuple[Fields, str]] = []
    listed: set[Fields] = set()
    """Mappings whose keys are ids, which the loader lists and does not ask for by name."""
    node, has, names = Fields.node, Fields.has, Fields.names

    def noted_node(self: Fields, key: str, required: bool = True) -> Any:
        asked.append((self, key))
        return node(self, key, required)

    def noted_has(self: Fields, key: str) -> bool:
        asked.append((self, key))
        return has(self, key)

    def noted_names(self: Fields) -> Iterator[str]:
        listed.add(self)
        return names(self)

    monkeypatch.setattr(Fields, "node", noted_node)
    monkeypatch.setattr(Fields, "has", noted_has)
    monkeypatch.setattr(Fields, "names", noted_names)
    load_rulebase(CHECKOUT / "rules")
    sentences = "wording.yaml"  # its keys are the names of its sentences
    return {key for fields, key in asked if fields not in listed and fields.file != sentences}


def test_every_key_the_loader_asks_for_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = keys_asked_for(monkeypatch)
    assert {"supports", "gate_no", "target_if_state", "until_answered"} <= keys
    assert missing(keys, code(RULES_README)) == []


def test_the_readme_explains_no_key_that_the_loader_does_not_know(
    rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first cell of a row names what the row explains; its words must be there to be explained."""
    known = {*keys_asked_for(monkeypatch), *condition_words(), *effect_words(), *GIVEN_WORDS, *derived.KINDS}
    known |= {*rules.OUTCOMES, *rules.FAMILIES, "exam", "safety_incomplete"}
    known |= {key for rule in rulebase.rules for example in rule.examples for key in example.expect}
    told_elsewhere = (
        r"## (?:base_rate_sample.yaml|Verify|Changing a rule|How the rules are proved)\n.*?(?=\n## |\Z)"
    )
    text = re.sub(told_elsewhere, "", RULES_README, flags=re.S)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    first = [span for row in rows for span in re.findall(r"`([^`]+)`", re.split(r"(?<!\\)\|", row)[1])]
    words = {match[1] for span in first if (match := re.fullmatch(r"(\w+)(?:: .*)?", span))}
    assert {"at_least_n", "supports", "abnormal", "never_to_patients", "reads", "ratio"} <= words
    assert words - known == set()


def test_every_key_of_an_example_is_explained(rulebase: RuleBase) -> None:
    expected = {key for rule in rulebase.rules for example in rule.examples for key in example.expect}
    assert {"outcome", "net"} <= expected
    assert missing(expected - {"gaps"}, code(RULES_README)) == []  # gaps are written `undetermined: [...]`


def test_every_key_of_the_sample_is_explained() -> None:
    sample = read_plain(CHECKOUT / "rules" / "base_rate_sample.yaml")
    drawn = sample["findings"].values()
    numbers = {key for entry in drawn for key in entry.get("normal", {})}
    keys = {*sample, *(key for entry in drawn for key in entry), *numbers, *SIDED}
    assert {"shares", "between_sides", "left_out", "alike"} <= keys
    assert missing(keys, code(RULES_README)) == []


def test_the_keys_of_a_rule_that_is_switched_off_are_explained() -> None:
    assert missing([field.name for field in fields(SwitchedOff)], code(RULES_README)) == []


def test_every_key_of_the_seed_coverage_is_explained() -> None:
    claims = read_plain(CHECKOUT / "rules" / "seed_coverage.yaml")["claims"]
    assert missing({key for claim in claims.values() for key in claim}, code(RULES_README)) == []


# -- what the changelogs and decisions say -------------------------------------------------------


def test_the_newest_entry_of_each_changelog_is_the_version_that_stands_there(rulebase: RuleBase) -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for path, version in (("CHANGELOG.md", project["version"]), ("rules/CHANGELOG.md", rulebase.version)):
        text = (CHECKOUT / path).read_text(encoding="utf-8")
        headings = re.findall(r"^## \[?(\d+\.\d+\.\d+)", text, re.M)
        assert headings[0] == version, path


def test_the_newest_entry_of_the_rules_changelog_counts_what_the_rule_base_holds(rulebase: RuleBase) -> None:
    entry = (CHECKOUT / "rules" / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## ")[1]
    by_family = [rule.family for rule in rulebase.rules].count
    for count, of in (
        (len(rulebase.findings), "findings"),
        (len(rulebase.derived), "formulas"),
        (len(rulebase.states), "states"),
        (len(rulebase.alternatives), "alternatives"),
        (len(rulebase.conventions), "conventions"),
        (len(rulebase.rules), "rules"),
        (by_family("contributors"), "at hip, foot"),
        (by_family("safety"), "of the\n  safety screen"),
        (len(rulebase.red_flags), "red flags"),
        (by_family("alternatives"), "alternative explanations"),
        (by_family("both-sides"), "that compare both sides"),
        (by_family("next-tests"), "next tests"),
        (len(rulebase.recommendations), "recommendations, each"),
        (len(rulebase.sources), "sources"),
    ):
        assert f"{count} {of}" in entry


def test_every_code_in_the_rules_changelog_exists(rulebase: RuleBase) -> None:
    entry = (CHECKOUT / "rules" / "CHANGELOG.md").read_text(encoding="utf-8")
    decisions = entry[entry.index("### Decisions of interpretation") :]
    codes = set(re.findall(r"\b[A-Z]{1,2}\d+[a-z]?\b", decisions))
    known = {*rulebase.readable, *rulebase.red_flags, *rulebase.recommendations}
    assert codes - known == set()


def test_decision_records_are_numbered_without_gaps_and_take_one_page() -> None:
    records = sorted(DECISIONS.glob("*.md"))
    numbers = [int(path.name[:4]) for path in records]
    assert numbers == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)
        assert text.startswith(f"# {path.name[:4]} ")
        assert 10 < len(text.splitlines()) < 90, "one page"


# -- links, paths, hosts ---------------------------------------------------------------------------


def project_files() -> Iterator[Path]:
    """What belongs to the project: all but what .gitignore names."""
    lines = (CHECKOUT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [".git", *(line.strip("/") for line in lines if line and not line.startswith("#"))]
    for folder, folders, files in os.walk(CHECKOUT):
        folders[:] = [name for name in folders if not matches(name, ignored)]
        yield from (Path(folder, name) for name in files if not matches(name, ignored))


def matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the project by its name, but not what others wrote and is only kept here."""
    for path in project_files():
        if path.is_relative_to(CHECKOUT / "service" / "web" / "static" / "swagger-ui"):
            continue
        try:
            yield path.relative_to(CHECKOUT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def markdown() -> list[Path]:
    return [path for path in project_files() if path.suffix == ".md"]


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_relative_link_leads_somewhere() -> None:
    documents, followed = markdown(), 0
    assert CHECKOUT / "README.md" in documents
    for document in documents:
        for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
            path, _, anchor = target.partition("#")
            if re.match(r"\w+:", target):
                continue
            linked = (document.parent / path).resolve() if path else document
            assert linked.exists(), f"{document.name}: {target}"
            assert linked.is_relative_to(CHECKOUT), f"{document.name}: {target}"
            assert not anchor or anchor in anchors(linked), f"{document.name}: {target}"
            followed += 1
    assert followed > 10


PATH = re.compile(r"[\w.*<>-]+(?:/[\w.*<>-]+)*(?:/|\.(?:yaml|json|md|toml|py|txt))")


def test_every_path_the_readmes_name_exists() -> None:
    """From the root, from the document's folder, or from where the rules keep their vocabulary."""
    checked = 0
    for document in (path for path in markdown() if path.name == "README.md"):
        for name in inline_code(document.read_text(encoding="utf-8")):
            if PATH.fullmatch(name):
                pattern = re.sub(r"<\w+>", "*", name).rstrip("/")
                places = (CHECKOUT, document.parent, document.parent / "vocabulary")
                assert any([*place.glob(pattern)] for place in places), f"{document.parent.name}: {name}"
                checked += 1
    assert checked > 50


def split(*parts: str) -> str:
    """A text that must not itself stand in this file."""
    return "".join(parts)


FOLDERS = (split("wo", "rk"), split("ro", "ot"), split("ho", r"me/\w+"), split("Us", r"ers/\w+"))
MACHINE_PATH = re.compile(rf"(?<![\w.)>}}])/(?:{'|'.join(FOLDERS)})(?:/|\b)")
REGISTRY = re.compile(
    "|".join(
        (
            split("py", r"pi\.org"), split("python", r"hosted\.org"), split("npm", r"js\.(?:org|com)"),
            split("crates", r"\.io"), split("ruby", r"gems\.org"), split("registry", r"\.\w+\.\w+"),
            split("index", r"-url[ =]\S*//"), split("trusted", "-host"),
        )
    )
)  # fmt: skip


def test_what_counts_as_a_machine_path_or_a_registry() -> None:
    assert MACHINE_PATH.search(split("see /wo", "rk/main"))
    assert MACHINE_PATH.search(split('"/ro', 'ot/.pyenv"'))
    assert MACHINE_PATH.search(split("/ho", "me/someone/x"))
    assert not MACHINE_PATH.search("walk/work, ./work and /path/to/python")
    assert REGISTRY.search(split("https://py", "pi.org/simple"))
    assert REGISTRY.search(split("--index", "-url https://mirror/simple"))


def test_no_file_names_a_path_of_some_machine() -> None:
    found = [f"{name}: {match.group()}" for name, text in texts() for match in MACHINE_PATH.finditer(text)]
    assert found == []


def test_no_file_names_a_package_registry() -> None:
    found = [f"{name}: {match.group()}" for name, text in texts() for match in REGISTRY.finditer(text)]
    assert found == []


def test_the_check_of_all_files_sees_the_files_that_matter() -> None:
    seen = {path.relative_to(CHECKOUT).as_posix() for path in project_files()}
    assert {"Makefile", "requirements/base.txt", ".ci/run", "service/app.py", "rules/rulebase.yaml"} <= seen
    assert not any(name.startswith((".git/", ".venv/")) for name in seen)
