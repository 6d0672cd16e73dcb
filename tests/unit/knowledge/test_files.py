"""A rule base is kept whole: what is unpacked is what was packed, and no other rule base passes for it."""

import zlib
from pathlib import Path

import pytest

from service.assess import Assessor
from service.config import CHECKOUT
from service.domain.rulebase import RuleBase
from service.knowledge.files import Files, NotThatRuleBase, digest_of, pack, read_files, unpack
from service.knowledge.load import load_files
from service.knowledge.problems import RuleBaseError
from tests.generators import ExamGenerator, as_json
from tests.integration.answers import NOW, Answers, case_bodies


@pytest.fixture(scope="module")
def files() -> Files:
    return read_files(CHECKOUT / "rules")


def test_it_is_the_yaml_files_of_the_folder_byte_for_byte(files: Files) -> None:
    rules = CHECKOUT / "rules"
    assert list(files) == sorted(path.relative_to(rules).as_posix() for path in rules.rglob("*.yaml"))
    assert all((rules / name).read_bytes() == content for name, content in files.items())


def test_nobody_can_change_it(files: Files) -> None:
    with pytest.raises(TypeError):
        files["rulebase.yaml"] = b""  # type: ignore[index]


def test_what_is_unpacked_was_packed(files: Files) -> None:
    packed = pack(files)
    assert unpack(packed, digest_of(files)) == files
    assert pack(dict(reversed(files.items()))) == packed
    assert len(packed) * 4 < sum(map(len, files.values()))


def test_bytes_that_are_no_text_survive() -> None:
    text = "\ufeff”😀\r\n".encode()
    odd = {"a.yaml": bytes(range(256)), "b.yaml": text, "c.yaml": b"\xed\xa0\xbd\xed\xb8\x80"}
    assert unpack(pack(odd), digest_of(odd)) == odd


def test_another_rule_base_does_not_pass_for_it(files: Files) -> None:
    other = {**files, "README.yaml": b""}
    with pytest.raises(NotThatRuleBase, match=digest_of(other)):
        unpack(pack(other), digest_of(files))


DAMAGED = (b"", b"rules", *map(zlib.compress, (b"", b"[", b"[]", b'{"rulebase.yaml": 1}', b"\xff")))


@pytest.mark.parametrize("packed", DAMAGED)
def test_what_is_damaged_is_none(packed: bytes, files: Files) -> None:
    with pytest.raises(NotThatRuleBase):
        unpack(packed, digest_of(files))


def test_a_packed_rule_base_answers_as_the_folder_does(files: Files, rulebase: RuleBase) -> None:
    """What else stands in the folder (lock, proofs, base rates) has no say in any answer."""
    again = load_files(unpack(pack(files), digest_of(files)))
    assert again.digest == rulebase.digest
    folder, unpacked = Answers(Assessor.of(rulebase)), Answers(Assessor.of(again))
    drawn = ExamGenerator(rulebase, NOW, seed=60).bodies(40)
    for body in map(as_json, (*case_bodies().values(), *drawn)):
        assert unpacked.answer(body, with_ledger=True) == folder.answer(body, with_ledger=True)


def test_files_that_are_no_rule_base_are_refused_with_file_and_line(files: Files) -> None:
    name = "contributors/hip/weak-external-rotators.yaml"
    with pytest.raises(RuleBaseError, match=f"{name}:2: is not YAML"):
        load_files({**files, name: b"rule: [\n"})
    with pytest.raises(RuleBaseError, match=r"rulebase.yaml:1: is missing"):
        load_files({})


def test_a_folder_that_is_not_there_is_no_rule_base(tmp_path: Path) -> None:
    assert read_files(tmp_path / "none") == {}
