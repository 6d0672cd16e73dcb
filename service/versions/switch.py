"""The kill-switch: takes one rule out of force, or puts it back, and leaves the rest of its file alone."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from shutil import copymode

from service.domain.rule import Rule, StateTest, SwitchedOff
from service.domain.rulebase import RuleBase
from service.inference.dark import dark_clusters, dark_groups
from service.knowledge.load import load_rulebase
from service.knowledge.problems import RuleBaseError
from service.versions.changelog import CLINICAL_IMPACT, Changelog
from service.versions.changelog import FILE as CHANGELOG
from service.versions.lock import FILE as LOCK
from service.versions.lock import Lock

IN_FORCE = re.compile(rb"^status:([ \t]+)(draft|reviewed)\b([^\n]*\n)", re.M)
OFF = re.compile(rb"^status:([ \t]+)disabled\b([^\n]*\n)", re.M)
BLOCK = re.compile(rb"^disabled:[^\n]*\n(?:[ \t]+[^\n]*\n)*", re.M)
NEW = ".new"
"""Ends the name of a file that is to take the place of another; the loader passes it over."""
Files = Mapping[str, bytes]
"""New contents, by name within the rule base's folder."""


class CannotSwitch(Exception):
    """The rule cannot be switched so; the text says why."""


def switch_off(folder: Path, rulebase: RuleBase, code: str, off: SwitchedOff) -> RuleBase:
    """Disables the rule and says so in the changelog; returns the rule base as it now is.

    `off.was` is ignored: it is the status that the rule has. Raises CannotSwitch, RuleBaseError.
    """
    rule = rulebase.rule_by_code[code]
    if not rule.active:
        raise CannotSwitch(f"{code} is {rule.status} already")
    before = (folder / rule.file).read_bytes()
    found = _only(IN_FORCE, before, rule)
    ending = b"\r\n" if found.group(3).endswith(b"\r\n") else b"\n"
    block = ending.join(line.encode() for line in _lines(replace(off, was=rule.status)))
    line = b"status:" + found.group(1) + b"disabled" + found.group(3)
    after = _spliced(before, {found.span(): line + block + ending})
    said = f"{code} was switched off on {off.on} by {off.by}: {off.reason}"
    return _write(folder, rule, after, said, "off")


def switch_on(folder: Path, rulebase: RuleBase, code: str, by: str, on: date) -> RuleBase:
    """Puts the rule back in force, its file as it was before. Raises CannotSwitch, RuleBaseError."""
    rule = rulebase.rule_by_code[code]
    if rule.disabled is None:
        raise CannotSwitch(f"{code} is not disabled but {rule.status}")
    before = (folder / rule.file).read_bytes()
    found, block = _only(OFF, before, rule), _only(BLOCK, before, rule)
    line = b"status:" + found.group(1) + rule.disabled.was.encode() + found.group(2)
    after = _spliced(before, {found.span(): line, block.span(): b""})
    return _write(folder, rule, after, f"{code} was switched on again on {on} by {by}.", "on")


def _spliced(content: bytes, changes: Mapping[tuple[int, int], bytes]) -> bytes:
    """The content with something else in these places, which do not overlap."""
    for (start, end), new in sorted(changes.items(), reverse=True):
        content = content[:start] + new + content[end:]
    return content


def _only(pattern: re.Pattern[bytes], content: bytes, rule: Rule) -> re.Match[bytes]:
    found = list(pattern.finditer(content))
    if len(found) != 1:
        raise CannotSwitch(
            f"{rule.file} is not written as usual: set its status by hand, as rules/README.md says"
        )
    return found[0]


def _lines(off: SwitchedOff) -> Iterator[str]:
    yield "disabled:"
    yield f"  by: {json.dumps(off.by, ensure_ascii=False)}"
    yield f"  on: {off.on}"
    yield f"  reason: {json.dumps(off.reason, ensure_ascii=False)}"
    yield f"  was: {off.was}"


def _write(folder: Path, rule: Rule, after: bytes, said: str, force: str) -> RuleBase:
    """Writes changelog, lock and rule; all as before where the rules then cannot be loaded."""
    files = {CHANGELOG: Changelog.of(folder).adding(CLINICAL_IMPACT, said).text.encode()}
    if (lock := Lock.read(folder)) is not None and rule.code in lock.rules:
        entry = replace(lock.rules[rule.code], force=force)  # type: ignore[arg-type]
        files[LOCK] = replace(lock, rules={**lock.rules, rule.code: entry}).text().encode()
    files[rule.file] = after  # last: until then the rule is in force as it was
    before = {name: path.read_bytes() for name in files if (path := folder / name).is_file()}
    try:
        _replace(folder, files)
        return load_rulebase(folder)
    except (RuleBaseError, OSError):
        _replace(folder, before)
        raise


def _replace(folder: Path, files: Files) -> None:
    """Puts whole files in the place of others, in this order; none is ever seen half written."""
    written = {folder / name: folder / f"{name}{NEW}" for name in files}
    try:
        for (path, new), content in zip(written.items(), files.values(), strict=True):
            new.write_bytes(content)
            if path.exists():
                copymode(path, new)
        for path, new in written.items():
            new.replace(path)
    finally:
        for new in written.values():
            new.unlink(missing_ok=True)


# -- what it leaves in the dark ------------------------------------------------------------------


def left_dark(rulebase: RuleBase, code: str) -> Iterator[str]:
    """What a rule that is switched off leaves unknown, in words."""
    for state, codes in rulebase.dark_states.items():
        if code in codes:
            setters = [rulebase.rules[index].code for index in rulebase.setters.get(state, ())]
            unless = f" unless {' or '.join(setters)} fires" if setters else ""
            readers = ", ".join(r.code for r in rulebase.rules if StateTest(state) in r.criteria())
            yield f"the state {state} is unknown{unless}" + (f"; {readers} read it" if readers else "")
    for flag, codes in rulebase.dark_flags.items():
        if code in codes:
            yield f"the red flag {flag} is not raised by it"
    for contributor, clusters in dark_clusters(rulebase).items():
        for dark in clusters:
            if code in dark.rules:
                speaks = "for" if dark.supports else "against"
                yield f"nothing in cluster {dark.cluster} speaks {speaks} {contributor}"
    for contributor, places in dark_groups(rulebase).items():
        for place in sorted(places):
            group = rulebase.contributors[contributor].key_groups[place].label
            yield f"the key group '{group}' of {contributor} does not count as assessed"
