"""What became of the seed text: each claim is represented by something that exists, no sentence is copied.

The seed itself is not part of the project. `tests/data/seed_shingles.txt` holds the truncated
SHA-256 of every six words of it that follow each other, in the order of the hashes. Who has the
text can compare: KNEECHAIN_SEED=seed.txt names it; `shingles` over it, sorted, one to a line,
is the file. `tests/data/seed_claims.txt` is from the clinical specification.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.knowledge.problems import Problem
from service.knowledge.source import plain, read_source

TOPICS = {"introduction", "whole_body", "hip", "foot", "conclusion"}
RUN = 6
NAMES = {"the ball of the big toe", "tensor fasciae latae rectus femoris or"}
"""Six words in a row that only name parts of the body; nobody can call them otherwise."""
SHINGLES = CHECKOUT / "tests" / "data" / "seed_shingles.txt"
OURS = (
    "README.md", "CHANGELOG.md", "openapi.yaml", "rules/**/*.md", "rules/**/*.yaml", "examples/*",
    "tests/cases/**/*.yaml", "service/**/*.py", "service/decisions/*.md", "schemas/**/*.py",
)  # fmt: skip


@pytest.fixture(scope="module")
def coverage() -> Mapping[str, Any]:
    problems: list[Problem] = []
    source = read_source(CHECKOUT / "rules" / "seed_coverage.yaml", "seed_coverage.yaml", problems)
    assert source is not None
    assert not problems
    read = plain(source)
    assert isinstance(read, dict)
    return read


@pytest.fixture(scope="module")
def claims(coverage: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    found = coverage["claims"]
    assert isinstance(found, dict)
    return found


def known_ids(rulebase: RuleBase) -> set[str]:
    """Everything a claim may be represented by."""
    return {
        *rulebase.findings,
        *rulebase.derived,
        *rulebase.states,
        *rulebase.contributors,
        *rulebase.rule_by_code,
        *(convention.code for convention in rulebase.conventions.values()),
        *rulebase.recommendations,
        *rulebase.red_flags,
    }


def test_the_seed_has_seventy_claims_in_order(claims: Mapping[str, Any]) -> None:
    assert list(claims) == [f"S{number}" for number in range(1, 71)]


def test_each_claim_is_told_and_represented(claims: Mapping[str, Mapping[str, Any]]) -> None:
    required, optional = {"topic", "claim", "represented_by"}, {"contested", "note"}
    for code, claim in claims.items():
        assert required <= claim.keys() <= required | optional
        assert claim["topic"] in TOPICS, code
        assert claim["claim"], code
        assert isinstance(claim["represented_by"], list), code
        assert claim["represented_by"], code


def test_whatever_represents_a_claim_exists(claims: Mapping[str, Any], rulebase: RuleBase) -> None:
    unknown = {
        code: sorted(set(claim["represented_by"]) - known_ids(rulebase)) for code, claim in claims.items()
    }
    assert {code: ids for code, ids in unknown.items() if ids} == {}


def test_each_claim_is_represented_by_what_the_specification_names(claims: Mapping[str, Any]) -> None:
    lines = (CHECKOUT / "tests" / "data" / "seed_claims.txt").read_text(encoding="utf-8").splitlines()[1:]
    specified = dict(line.split(": ") for line in lines)
    assert specified.keys() == claims.keys()
    for code, named in specified.items():
        ids = set(claims[code]["represented_by"])
        assert [name for name in named.split() if ids.isdisjoint(name.split("|"))] == [], code


def test_nothing_represents_a_claim_twice(claims: Mapping[str, Any]) -> None:
    for code, claim in claims.items():
        named = claim["represented_by"]
        assert len(set(named)) == len(named), code


def test_each_source_named_beside_a_claim_is_in_the_bibliography(
    coverage: Mapping[str, Any], rulebase: RuleBase
) -> None:
    beside = (claim.get(key, "") for claim in coverage["claims"].values() for key in ("note", "contested"))
    texts = [*coverage["notes"], *beside]
    cited = set(re.findall(r"\b[a-z]+(?:-[a-z]+)*-(?:\d{4}|ng\d+|hallux|foot-pain)\b", " ".join(texts)))
    assert {"hott-2020", "nice-ng226"} <= cited
    assert cited - set(rulebase.sources) == set()


def test_a_contested_claim_of_the_seed_is_marked(claims: Mapping[str, Any]) -> None:
    """The overclaims that the clinical specification lists (section 1)."""
    listed = {"S5", "S6", "S9", "S23", "S39", "S57", "S63", "S64", "S69"}
    assert [code for code in sorted(listed) if "contested" not in claims[code]] == []


# -- nothing is copied --------------------------------------------------------------------------


def words(text: str) -> list[str]:
    """Lower-case words, however they are wrapped, quoted or marked up."""
    return re.findall(r"[a-z0-9]+", re.sub(r"['’]", "", text.casefold()))


def shingles(text: str) -> dict[str, str]:
    """Each run of six words by its hash."""
    listed = words(text)
    runs = (" ".join(listed[start : start + RUN]) for start in range(len(listed) - RUN + 1))
    return {hashlib.sha256(run.encode()).hexdigest()[:16]: run for run in runs}


def copied(texts: Iterable[str], seed: set[str]) -> list[str]:
    runs = [run for text in texts for digest, run in shingles(text).items() if digest in seed]
    return [run for run in runs if run not in NAMES]


@pytest.fixture(scope="module")
def seed() -> set[str]:
    return set(SHINGLES.read_text(encoding="ascii").split())


def test_a_run_of_six_words_is_found_and_one_of_five_is_not() -> None:
    invented = set(shingles("The cat’s kittens slept, all seven, on the warm stove."))
    assert copied(["# They say the *cat's* kittens\n#   slept all seven times."], invented) == [
        "the cats kittens slept all seven"
    ]
    assert copied(["the cat's kittens slept all day; seven on the warm oven"], invented) == []


def test_the_hashes_are_of_the_whole_seed(seed: set[str]) -> None:
    assert len(seed) > 850
    assert all(re.fullmatch(r"[0-9a-f]{16}", digest) for digest in seed)
    listed = SHINGLES.read_text(encoding="ascii").split()
    assert listed == sorted(listed)


def test_no_six_words_of_the_seed_stand_in_a_file_of_ours(seed: set[str]) -> None:
    paths = {path for pattern in OURS for path in CHECKOUT.glob(pattern) if path.is_file()}
    assert len(paths) > 250
    found = [(path.name, run) for path in paths for run in copied([path.read_text(encoding="utf-8")], seed)]
    assert found == []


def test_the_hashes_are_those_of_the_text_where_it_is_at_hand(seed: set[str]) -> None:
    named = os.environ.get("KNEECHAIN_SEED")
    if not named:
        pytest.skip("KNEECHAIN_SEED does not name the seed text")
    assert set(shingles(Path(named).read_text(encoding="utf-8"))) == seed
