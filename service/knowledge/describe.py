"""The rule base printed for reading: conditions and effects as plain structures and as sentences."""

from typing import Any

from service.domain.rule import (
    ALWAYS,
    NEVER,
    AllOf,
    AnyOf,
    Ask,
    AssessedTest,
    AtLeastN,
    ClassTest,
    Condition,
    Convention,
    CoverageTest,
    Effect,
    ExactlyN,
    FindingTest,
    FlagTest,
    Forbid,
    MakeDue,
    Note,
    NotKnown,
    RaiseFlag,
    Recommend,
    Rule,
    Score,
    SetState,
    StateTest,
)


def condition_tree(condition: Condition) -> Any:
    """A condition as nested JSON: groups by name, criteria with what they need."""
    match condition:
        case AllOf(()):
            return "always"
        case AllOf(members):
            return {"all": [condition_tree(member) for member in members]}
        case AnyOf(members):
            return {"any": [condition_tree(member) for member in members]}
        case AtLeastN(n, members):
            return {"at_least_n": n, "of": [condition_tree(member) for member in members]}
        case ExactlyN(n, members):
            return {"exactly_n": n, "of": [condition_tree(member) for member in members]}
        case NotKnown(member):
            return {"not_known": condition_tree(member)}
        case FindingTest(finding, word, _, needed, other):
            tree = {"finding": finding, "needed": needed or word.replace("_", " ")}
            return {**tree, "side": "other"} if other else tree
        case StateTest(state):
            return {"state": state}
        case ClassTest(contributor, classes):
            return {"class": contributor, "is": list(classes)}
        case CoverageTest(contributor, _, _, needed):
            return {"coverage": contributor, "needed": needed}
        case FlagTest(flag):
            return {"flag": flag}
        case AssessedTest():
            return {"assessed": "this_side"}


def condition_lines(condition: Condition, indent: int = 0) -> list[str]:
    """A condition as indented lines a therapist can read."""
    pad = "  " * indent
    if condition == ALWAYS:
        return [f"{pad}always"]
    match condition:
        case AllOf((only,)) | AnyOf((only,)):
            return condition_lines(only, indent)
        case AllOf(members):
            return _group(f"{pad}all of", members, indent)
        case AnyOf(members):
            return _group(f"{pad}any of", members, indent)
        case AtLeastN(n, members):
            return _group(f"{pad}at least {n} of", members, indent)
        case ExactlyN(n, members):
            return _group(f"{pad}exactly {n} of", members, indent)
        case NotKnown(member):
            return _group(f"{pad}not known", (member,), indent)
        case FindingTest(finding, word, _, needed, other):
            side = " on the other side" if other else ""
            return [f"{pad}{finding}{side}: {needed or word.replace('_', ' ')}"]
        case StateTest(state):
            return [f"{pad}state {state}"]
        case ClassTest(contributor, classes):
            return [f"{pad}{contributor} is {' or '.join(classes)}"]
        case CoverageTest(contributor, _, _, needed):
            return [f"{pad}coverage of {contributor}: {needed}"]
        case FlagTest(flag):
            return [f"{pad}red flag {flag}"]
        case AssessedTest():
            return [f"{pad}this knee is assessed"]


def _group(heading: str, members: tuple[Condition, ...], indent: int) -> list[str]:
    return [heading, *(line for member in members for line in condition_lines(member, indent + 1))]


def effect_line(effect: Effect) -> str:
    """An effect in words."""
    match effect:
        case SetState(state):
            return f"state {state}"
        case Score(target, supports, strength, points, cluster):
            direction = "supports" if supports else "argues against"
            return f"{direction} {target}, {strength} ({points}), cluster {cluster}"
        case Note(about):
            return f"note about {about}"
        case RaiseFlag(flag):
            return f"red flag {flag}"
        case MakeDue(findings):
            return f"due: {', '.join(findings)}"
        case Forbid(ids):
            return f"not to be suggested: {', '.join(ids)}"
        case Recommend(code):
            return f"offers {code}"
        case Ask(findings):
            return f"asks for {', '.join(findings) or 'the findings that disagree'}"


def rule_lines(rule: Rule | Convention) -> list[str]:
    """A whole rule or convention, for a terminal."""
    lines = [f"{rule.code} {rule.title}", f"{rule.id}, version {rule.version}", ""]
    if isinstance(rule, Convention):
        lines += [rule.text]
    else:
        lines += ["when", *condition_lines(rule.when, 1)]
        if rule.unless != NEVER:
            lines += ["unless", *condition_lines(rule.unless, 1)]
        lines += ["then", *(f"  {line}" for effect in rule.effects for line in effect_lines(effect))]
    lines += ["", rule.because]
    if rule.caution:
        lines += ["", f"Caution: {rule.caution}"]
    return [*lines, "", *(f"{c.cite} ({c.level}): {c.shows}" for c in rule.evidence)]


def effect_lines(effect: Effect) -> list[str]:
    """An effect in words, and beneath it what it says to people."""
    said = getattr(effect, "text", None) or getattr(effect, "why", None) or getattr(effect, "reason", None)
    return [effect_line(effect), *([f"  {said}"] if said else [])]
