"""The digest names the knowledge: every byte of every YAML file, and nothing else."""

import re
from pathlib import Path

import pytest

from service.knowledge.files import digest_of, read_files
from tests.unit.knowledge.workbench import Workbench


def test_the_rule_base_carries_the_digest_of_its_folder(bench: Workbench) -> None:
    assert bench.load().digest == digest_of(read_files(bench.folder))
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest_of(read_files(bench.folder)))


def test_any_byte_of_any_file_changes_it(bench: Workbench) -> None:
    before = digest_of(read_files(bench.folder))
    seen = {before}
    files = sorted(path.relative_to(bench.folder).as_posix() for path in bench.folder.rglob("*.yaml"))
    for place, name in enumerate(files):
        content = bytearray((bench.folder / name).read_bytes())
        content[place * 31 % len(content)] ^= 1
        bench.write(name, bytes(content))
        seen.add(digest_of(read_files(bench.folder)))
        bench.restore()
    assert len(seen) == len(files) + 1
    assert digest_of(read_files(bench.folder)) == before


@pytest.mark.parametrize("name", ["README.md", "safety/README.md", "CHANGELOG.md"])
def test_what_is_no_yaml_does_not_change_it(bench: Workbench, name: str) -> None:
    before = digest_of(read_files(bench.folder))
    bench.write(name, "Words about the rules.\n")
    assert digest_of(read_files(bench.folder)) == before


def test_a_file_more_or_less_or_renamed_changes_it(bench: Workbench) -> None:
    name, other = "next-tests/ask-for-effusion.yaml", "next-tests/ask-for-effusions.yaml"
    digests = [digest_of(read_files(bench.folder))]
    bench.write(other, bench.read(name))
    digests.append(digest_of(read_files(bench.folder)))
    bench.remove(name)
    digests.append(digest_of(read_files(bench.folder)))
    bench.remove(other)
    digests.append(digest_of(read_files(bench.folder)))
    assert len(set(digests)) == 4


def test_moving_bytes_from_one_file_to_the_next_changes_it(tmp_path: Path) -> None:
    for folder, one, two in (("x", "ab", "c"), ("y", "a", "bc")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.yaml").write_text(one)
        (tmp_path / folder / "2.yaml").write_text(two)
    assert digest_of(read_files(tmp_path / "x")) != digest_of(read_files(tmp_path / "y"))


def test_where_the_folder_stands_does_not_matter(bench: Workbench, rulebase: object) -> None:
    assert digest_of(read_files(bench.folder)) == getattr(rulebase, "digest")  # noqa: B009
