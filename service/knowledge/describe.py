"""The rule base printed for reading: conditions and effects as plain structures and as sentences."""

from fractions import Fraction
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
    ShowAlternative,
    StateTest,
)
from service.domain.vocabulary import (
    Count,
    Difference,
    FirstUsable,
    Formula,
    KnownTrue,
    ObservedCount,
    Operand,
    Ratio,
    UsableTest,
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
        case Score(target, supports, strength, points, cluster, combination):
            direction = "supports" if supports else "argues against"
            bonus = ", a declared bonus for a complete pattern" if combination else ""
            return f"{direction} {target}, {strength} ({points}), cluster {cluster}{bonus}"
        case Note(about):
            return f"note about {about}"
        case ShowAlternative(alternative):
            return f"shows the alternative {alternative}"
        case RaiseFlag(flag):
            return f"red flag {flag}"
        case MakeDue(findings, one_by_one):
            return f"due{', each by itself' if one_by_one else ''}: {', '.join(findings)}"
        case Forbid(ids, _, until_answered):
            until = " until what it makes due is answered" if until_answered else ""
            return f"not to be suggested{until}: {', '.join(ids)}"
        case Recommend(code):
            return f"offers {code}"
        case Ask(findings, _, first):
            return (
                f"asks {'first ' if first else ''}for {', '.join(findings) or 'the findings that disagree'}"
            )


def effect_says(effect: Effect) -> str | None:
    """What an effect says to people: a note, the text of a flag, the reason or the purpose."""
    match effect:
        case Note(_, text) | RaiseFlag(_, text):
            return text
        case Forbid(reason=said) | Ask(why=said):
            return said
        case _:
            return None


def effect_tree(effect: Effect) -> dict[str, str]:
    """An effect in words, and what it says to people where it says anything."""
    said = effect_says(effect)
    return {"does": effect_line(effect), **({"says": said} if said else {})}


def rule_lines(rule: Rule | Convention) -> list[str]:
    """A whole rule or convention, for a terminal."""
    lines = [f"{rule.code} {rule.title}", f"{rule.id}, version {rule.version}, {status_words(rule)}", ""]
    if isinstance(rule, Convention):
        lines += [rule.text]
    else:
        lines += ["when", *condition_lines(rule.when, 1)]
        if rule.unless != NEVER:
            lines += ["unless", *condition_lines(rule.unless, 1)]
        lines += ["then", *(f"  {line}" for effect in rule.effects for line in _effect_lines(effect))]
    lines += ["", rule.because]
    if rule.caution:
        lines += ["", f"Caution: {rule.caution}"]
    if isinstance(rule, Rule) and rule.not_monotone:
        excepted = [f"  {finding}: {reason}" for finding, reason in rule.not_monotone.items()]
        lines += ["", "A worse value may lower the net:", *excepted]
    return [*lines, "", *(f"{c.cite} ({c.level}): {c.shows}" for c in rule.evidence)]


def status_words(rule: Rule | Convention) -> str:
    """Its status, and who reviewed it and until when if anybody did."""
    if isinstance(rule, Rule) and rule.disabled is not None:
        off = rule.disabled
        return f"disabled (by {off.by} on {off.on}: {off.reason})"
    if rule.reviewed is None:
        return rule.status
    return f"{rule.status} (by {rule.reviewed.by} on {rule.reviewed.on}, due {rule.reviewed.due})"


def _effect_lines(effect: Effect) -> list[str]:
    said = effect_says(effect)
    return [effect_line(effect), *([f"  {said}"] if said else [])]


# -- formulas --------------------------------------------------------------------------------


def formula_tree(formula: Formula) -> dict[str, Any]:
    """A formula as nested JSON; its tests and conditions as those of a rule."""
    match formula:
        case Ratio(of, to, times, per):
            return {
                "kind": "ratio", "of": _operand_tree(of), "to": _operand_tree(to),
                "times": _plain(times), "per": _plain(per),
            }  # fmt: skip
        case Difference(of, minus):
            return {"kind": "difference", "of": _operand_tree(of), "minus": _operand_tree(minus)}
        case FirstUsable(tests):
            return {"kind": "first_usable", "tests": [_first_usable_tree(test) for test in tests]}
        case Count(tests, always_known):
            counted = [{"test": condition_tree(t.test), "points": t.points} for t in tests]
            return {"kind": "count", "tests": counted, "always_known": always_known}
        case KnownTrue(when):
            return {"kind": "known_true", "when": condition_tree(when)}
        case ObservedCount(region):
            return {"kind": "observed_count", "region": region}


def _first_usable_tree(option: UsableTest) -> dict[str, Any]:
    only_if = {} if option.only_if is None else {"only_if": condition_tree(option.only_if)}
    return {"test": condition_tree(option.test), **only_if}


def _operand_tree(operand: Operand) -> dict[str, str]:
    return {"finding": operand.finding, **({"side": "other"} if operand.other else {})}


def formula_words(formula: Formula) -> str:
    """A formula in one sentence."""
    match formula:
        case Ratio(of, to, times, per):
            above = _operand(of) if times == 1 else f"{_plain(times)} × {_operand(of)}"
            below = _operand(to) if per == 1 else f"({_operand(to)} × {_plain(per)})"
            return f"{above} ÷ {below}"
        case Difference(of, minus):
            return f"{_operand(of)} − {_operand(minus)}"
        case FirstUsable(tests):
            return f"the first of these that can be judged: {'; '.join(map(_usable, tests))}"
        case Count(tests, always_known):
            without = "; what is not answered counts nothing" if always_known else ""
            return f"how many hold of: {'; '.join(map(_counted, tests))}{without}"
        case KnownTrue(when):
            heading, *members = [line.strip() for line in condition_lines(when)]
            return f"known to hold: {': '.join([heading, '; '.join(members)] if members else [heading])}"
        case ObservedCount(region):
            return f"how many findings of the region {region} are observed"


def _operand(operand: Operand) -> str:
    return f"{operand.finding} of the other side" if operand.other else operand.finding


def _usable(option: UsableTest) -> str:
    if option.only_if is None:
        return condition_lines(option.test)[0]
    return f"{condition_lines(option.test)[0]} (only if {condition_lines(option.only_if)[0]})"


def _counted(option: UsableTest) -> str:
    points = "" if option.points == 1 else f" ({option.points:+d})"
    return f"{condition_lines(option.test)[0]}{points}"


def _plain(number: Fraction) -> int | float:
    return number.numerator if number.denominator == 1 else float(number)
