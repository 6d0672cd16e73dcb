"""Replies to questions as trees and tables for a terminal."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from service.answer.sentences import capital, class_said, name_of
from service.cli.compared import by_gate, comparison
from service.domain.exam import Key
from service.domain.explanation import Bounds, Counterfactuals, NextTests, TestValue
from service.domain.reasons import (
    BoundShown,
    ClassShown,
    ContributorProof,
    CriterionShown,
    Found,
    GroupShown,
    Miss,
    Proof,
    RuleShown,
    Why,
    WhyNot,
)
from service.domain.reasons import ConditionShown as Shown
from service.domain.reply import Answer, Reply
from service.domain.rulebase import RuleBase
from service.terminal import notices, rule_base_line, safety_tree

CONCLUSIONS = ("state", "flag", "assessed")
CONCLUDED = {"yes": "holds", "no": "does not hold", "unknown": "not known"}
"""How an earlier conclusion stands, which nobody sees."""
MARKS = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[yellow]?[/]"}


def reply_tree(reply: Reply, rulebase: RuleBase) -> RenderableType:
    """Headline, notices, safety screen, then the answer, or by which flags it is withheld."""
    parts: list[RenderableType] = [Text(reply.assessment.summary.headline, style="bold")]
    parts += notices(rulebase)
    parts.append(safety_tree(reply.assessment, rulebase))
    if reply.withheld:
        parts.append(Text(f"Withheld: {', '.join(reply.withheld)}", style="bold red"))
    if reply.answer is not None:
        parts += _answer(reply.answer, rulebase)
    return Group(*parts, rule_base_line(rulebase))


def _answer(answer: Answer, rulebase: RuleBase) -> Iterator[RenderableType]:
    match answer:
        case Why():
            yield Text(answer.text)
            if answer.proof is not None:
                tree = Tree("[bold]Proof")
                _proof(tree, answer.proof, rulebase)
                yield tree
        case WhyNot():
            yield Text(answer.text)
            yield from _why_not(answer, rulebase)
        case Bounds():
            yield from _bounds(answer, rulebase)
        case NextTests():
            yield from _next_tests(answer, rulebase)
        case Counterfactuals():
            yield from _counterfactuals(answer, rulebase)
        case _:
            yield from comparison(answer, rulebase)


# -- why -----------------------------------------------------------------------------------------


def _proof(tree: Tree, proof: Proof, rulebase: RuleBase) -> None:
    if isinstance(proof, ContributorProof):
        _contributor(tree, proof, rulebase)
    for rule in proof.rules:
        _rule(tree, rule, rulebase)


def _contributor(tree: Tree, proof: ContributorProof, rulebase: RuleBase) -> None:
    standing = proof.standing
    branch = tree.add(escape(class_said(rulebase, standing.id, standing.name)))
    for shown in proof.classes:
        _class(branch, shown)
    for cluster in proof.clusters:
        sign = "+" if cluster.supports else "−"
        beside = f" [dim]beside {', '.join(cluster.not_counted)}" if cluster.not_counted else ""
        branch.add(f"{sign}{cluster.points} cluster {cluster.cluster}: {cluster.counted}{beside}")
    for group in proof.key_groups:
        found = "; ".join(f"{found.label}: {found.words}" for found in group.found)
        branch.add(f"{MARKS[bool(group.found)]} examined: {group.label} [dim]{escape(found)}")


def _class(tree: Tree, shown: ClassShown) -> None:
    bounds = "; ".join(map(_bound, shown.bounds)) or "whatever is left"
    if shown.decides or shown.failing:
        tree.add(f"{MARKS[shown.decides]} {shown.words}: {bounds}")
    else:
        tree.add(f"· {shown.words}: {bounds} [dim]not tried: a class above decides already")


def _bound(bound: BoundShown) -> str:
    ends = (("at least", bound.lowest), ("at most", bound.highest))
    needed = " and ".join(f"{word} {end}" for word, end in ends if end is not None)
    fails = ""
    if bound.short_by:
        over = bound.highest is not None and bound.value > bound.highest
        fails = f", {'over' if over else 'short'} by {bound.short_by}"
    of = f" of {bound.of}" if bound.of else ""
    return f"{bound.quantity.replace('_', ' ')} {needed}{of} (is {bound.value}{fails})"


def _rule(tree: Tree, shown: RuleShown, rulebase: RuleBase) -> None:
    points = f" ({'+' if shown.score.supports else '−'}{shown.score.points})" if shown.score else ""
    branch = tree.add(f"[bold]{shown.rule.code}[/]{points} {escape(shown.rule.title)}")
    _condition(branch, shown.when, rulebase)
    if shown.unless is not None:
        _condition(branch.add("unless"), shown.unless, rulebase)
    for gap in shown.assumed:
        named = name_of(rulebase.findings[gap.finding], gap.side)
        branch.add(f"[yellow]assumed without[/] {escape(named)} [dim]{gap.status}")
    if shown.caution:
        branch.add(f"[dim]{escape(shown.caution)}")


def _condition(tree: Tree, shown: Shown, rulebase: RuleBase) -> None:
    if isinstance(shown, GroupShown):
        words = shown.kind.replace("_n", f" {shown.n} of").replace("_", " ")
        branch = tree.add(f"{MARKS[shown.truth]} {words}")
        for member in shown.members:
            _condition(branch, member, rulebase)
        return
    branch = tree.add(f"{MARKS[shown.verdict.truth]} {escape(_criterion(shown, rulebase))}")
    if shown.formula is not None:
        branch.add(f"[dim]{escape(shown.formula.words)}")
    for found in shown.found:
        _found(branch, found)
    if shown.conclusion is not None and shown.conclusion.proof is not None:
        _proof(branch, shown.conclusion.proof, rulebase)
    elif shown.conclusion is not None and shown.conclusion.shown_above:
        branch.add("[dim]shown above")


def _criterion(shown: CriterionShown, rulebase: RuleBase) -> str:
    """What is read, needed and seen; a class in words and never without its link certainty."""
    verdict, read = shown.verdict, shown.conclusion
    if verdict.reads.startswith("class ") and read is not None:
        words = " or ".join(rulebase.class_words[name] for name in verdict.needed.split(" or "))
        return f"{class_said(rulebase, read.target.id, str(verdict.seen))}: {_needed(words, shown.change)}"
    return f"{shown.label}: {_needed(verdict.needed, shown.change)}, {_seen(shown, rulebase)}"


def _needed(needed: str, change: bool | None) -> str:
    """What is needed; its opposite where the criterion would have to become false."""
    if needed in ("observed", "not_observed"):
        return "not examined" if (needed == "observed") is (change is False) else "examined"
    return f"not {needed}" if change is False else needed


def _seen(shown: CriterionShown, rulebase: RuleBase) -> str:
    """What was seen, and by which gate where none asked; or whether the conclusion it reads holds."""
    verdict = shown.verdict
    if verdict.seen in CONCLUDED and not shown.found and verdict.reads.partition(" ")[0] in CONCLUSIONS:
        return CONCLUDED[str(verdict.seen)]
    if verdict.seen is None:
        return "not known"
    words = "" if shown.formula else "; ".join(found.words for found in shown.found)
    return f"seen {words or verdict.seen}{by_gate(verdict.through_gate, rulebase)}"


def _found(tree: Tree, found: Found) -> None:
    beside = [str(found.seen.observed_at.isoformat()), *filter(None, (found.method, found.formula))]
    branch = tree.add(f"{escape(found.label)}: {escape(found.words)} [dim]{escape('; '.join(beside))}")
    for each in found.rests_on:
        _found(branch, each)


# -- why not -------------------------------------------------------------------------------------


def _why_not(answer: WhyNot, rulebase: RuleBase) -> Iterator[RenderableType]:
    if answer.misses:
        table = Table("rule", "", "lacks", "what would have to change", box=None)
        for miss in answer.misses:
            table.add_row(miss.rule.code, escape(miss.rule.title), _lacks(miss), _nearest(miss, rulebase))
        yield table
    if answer.standing is not None:
        certainty = rulebase.contributors[answer.standing.id].link_certainty.words
        tree = Tree(f"[bold]Classes[/] (link certainty {certainty})")
        for shown in answer.classes:
            _class(tree, shown)
        yield tree


def _lacks(miss: Miss) -> str:
    if miss.distance is None:
        return miss.outcome
    kinds = (("unknown", miss.distance.unknown), ("otherwise", miss.distance.known))
    return ", ".join(f"{count} {kind}" for kind, count in kinds if count)


def _nearest(miss: Miss, rulebase: RuleBase) -> str:
    return escape("; ".join(_criterion(criterion, rulebase) for criterion in miss.nearest))


# -- bounds, next tests, counterfactuals -------------------------------------------------------------


def _bounds(answer: Bounds, rulebase: RuleBase) -> Iterator[RenderableType]:
    yield Text(answer.text)
    yield Text(f"net {answer.lowest} to {answer.highest}, now {answer.now}")
    tree = Tree(f"{len(answer.unknown)} findings not known; these would narrow it most")
    for driver in answer.drivers:
        branch = tree.add(escape(_name(rulebase, driver.key)))
        for cell, width in driver.widths:
            branch.add(f"{escape(cell.words)}: width {width}")
    yield tree


def _next_tests(answer: NextTests, rulebase: RuleBase) -> Iterator[RenderableType]:
    if answer.due:
        yield _listed("Safety questions first", (_name(rulebase, key) for key in answer.due))
    yield Text(f"{answer.text} Over all contributors {answer.classes} classes can be reached.")
    narrowing = [test for test in answer.tests if test.drop_on_average]
    if narrowing:
        tree = Tree("[bold]Examine next[/], what rules out most classes for its time first")
        for test in narrowing:
            _test(tree, test, rulebase)
        yield tree
    idle = [_name(rulebase, test.key) for test in answer.tests if not test.drop_on_average]
    if idle:
        yield Text(f"{len(idle)} more that by themselves rule out none: {'; '.join(idle)}")
    if answer.not_to_ask:
        yield _listed("Not suggested", (f"{_name(rulebase, key)}: {why}" for key, why in answer.not_to_ask))


def _test(tree: Tree, test: TestValue, rulebase: RuleBase) -> None:
    """A test with its worth, who asks for it, and what each of its answers would settle."""
    named = f"[bold]{escape(_name(rulebase, test.key))}[/] [dim]{test.key[0]}[/]"
    worth = f"rules out at least {test.drop}, {float(test.drop_on_average):.2g} on average"
    branch = tree.add(f"{named}: {worth}; {test.burden_seconds} s")
    for code, says in test.words:
        branch.add(f"asked by {code}: {escape(says)}")
    for answer in test.answers:
        settles = "; ".join(class_said(rulebase, id_, name) for id_, name in answer.settles)
        settled = f"; settles {settles}" if settles else ""
        branch.add(escape(f"{answer.cell.words}: {answer.classes_left} left{settled}"))


def _counterfactuals(answer: Counterfactuals, rulebase: RuleBase) -> Iterator[RenderableType]:
    yield Text(capital(class_said(rulebase, answer.contributor, answer.class_now)))
    certainty = rulebase.contributors[answer.contributor].link_certainty.words
    yield Text(answer.text)
    if answer.total:
        groups = "1 group" if answer.total == 1 else f"{answer.total} groups"
        yield Text(f"page {answer.page} of {answer.pages}, {groups} of changes")
    if answer.more_can_change:
        yield Text("Larger sets were not searched.")
    for group in answer.groups:
        named = "; ".join(_name(rulebase, key) for key in group.findings)
        tree = Tree(f"[bold]{escape(named)}[/] ({group.burden_seconds} s)")
        for option in group.options:
            to = "; ".join(f"{_name(rulebase, c.key)}: {c.cell.words}" for c in option.changes)
            then = f"{rulebase.class_words[option.class_then]} (link certainty {certainty})"
            tree.add(f"{escape(to)} → {then}")
        yield tree


def _name(rulebase: RuleBase, key: Key) -> str:
    return name_of(rulebase.findings[key[0]], key[1])


def _listed(heading: str, items: Iterable[str]) -> Tree:
    tree = Tree(f"[bold]{heading}")
    for item in items:
        tree.add(escape(item))
    return tree
