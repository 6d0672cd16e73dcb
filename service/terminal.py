"""An assessment as a readable tree in the terminal."""

import re
from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from schemas.faults import InvalidBody, printable
from service.answer.sentences import capital
from service.domain.assessment import Alternative, Assessment, Contributor, Firing, Flag, Knee
from service.domain.exam import Side
from service.domain.rulebase import RuleBase

COMMANDS = {
    "findings": "findings",
    "contributors": "targets",
    "rulebase": "targets",
    "rules": "rules list",
}
"""By the address of the API that lists the same."""
ADDRESS = re.compile(rf"GET /v1/(?P<list>{'|'.join(COMMANDS)})(?:/(?P<name>\w+))?")


def assessment_tree(assessment: Assessment, rulebase: RuleBase) -> RenderableType:
    """Headline, safety, then each knee with its contributors and the rules behind them."""
    parts: list[RenderableType] = [Text(assessment.summary.headline, style="bold")]
    parts += notices(rulebase)
    parts.append(safety_tree(assessment, rulebase))
    fired = {(firing.rule.code, firing.side): firing for firing in assessment.trace}
    if assessment.safety.status != "hold":
        parts.extend(_knee(knee, fired, rulebase) for knee in assessment.knees)
    if assessment.merged_recommendations:
        parts.append(_merged(assessment))
    if assessment.notes:
        notes = Tree("[bold]Notes")
        for note in assessment.notes:
            about = rulebase.contributors.get(note.about)
            said = f"{capital(about.label)}: {note.text}" if about else note.text
            notes.add(f"{escape(said)} [dim]{note.rule}{f', {note.side}' if note.side else ''}")
        parts.append(notes)
    return Group(*parts, rule_base_line(rulebase))


def _merged(assessment: Assessment) -> Tree:
    """The options for two knees as one list."""
    tree = Tree("[bold]Options for both knees as one list")
    texts = {o.code: o.text for knee in assessment.knees for o in knee.recommendations}
    for merged in assessment.merged_recommendations:
        tree.add(f"{escape(texts[merged.code])} [dim]{merged.code}, {' and '.join(merged.sides)}")
    return tree


def notices(rulebase: RuleBase) -> list[RenderableType]:
    """What a draft must say of itself, and which rules are switched off, by whom and why."""
    draft = rulebase.approval.status == "draft"
    said: list[RenderableType] = [Text(rulebase.approval.draft_notice, style="yellow")] if draft else []
    said.extend(
        Text(f"Switched off: {rule.code} (by {off.by} on {off.on}: {off.reason})", style="bold red")
        for rule in rulebase.switched_off
        if (off := rule.disabled) is not None
    )
    return said


def rule_base_line(rulebase: RuleBase) -> Text:
    """Under which rules an answer was made."""
    return Text(f"{rulebase.name} {rulebase.version}, {rulebase.digest[:19]}…", style="dim")


def safety_tree(assessment: Assessment, rulebase: RuleBase) -> Tree:
    """The status, each flag with what to do, and what is still open."""
    safety = assessment.safety
    tree = Tree(f"[bold]Safety screen: {safety.words}")
    for code in safety.switched_off:
        tree.add(f"[bold red]{code} is switched off: what it looks for was not screened")
    for flag in safety.flags:
        _flag(tree, flag)
    if safety.not_screened:
        findings = rulebase.findings
        left = tree.add(f"not answered: {len(safety.not_screened)}")
        for finding, side in safety.not_screened:
            left.add(f"{escape(findings[finding].label)}{f', {side}' if side else ''} [dim]{finding}")
    return tree


def _flag(tree: Tree, flag: Flag) -> None:
    where = f", {flag.side}" if flag.side else ""
    cleared = f", [green]cleared by {escape(flag.clearance.by)}" if flag.clearance else ""
    urgency = flag.flag.urgency.words
    branch = tree.add(f"[bold red]{flag.flag.code} {escape(flag.flag.label)}{where}[/]: {urgency}{cleared}")
    branch.add(escape(flag.text))
    for because in flag.because:
        branch.add(f"[dim]{escape(because)}")


def _knee(knee: Knee, fired: dict[tuple[str, Side | None], Firing], rulebase: RuleBase) -> Tree:
    said = [word for word, true in (("provisional", knee.provisional), ("secondary", knee.secondary)) if true]
    tree = Tree(f"[bold]{knee.side.capitalize()} knee[/]{', '.join(['', *said])}")
    if not knee.in_scope:
        tree.add("out of scope")
    for contributor in knee.contributors:
        _contributor(tree, contributor, knee, fired, rulebase)
    if knee.alternatives:
        branch = tree.add("[bold]Other explanations, not scored")
        for alternative in knee.alternatives:
            _alternative(branch, alternative)
    if knee.recommendations:
        branch = tree.add("[bold]Options to consider")
        for recommendation in knee.recommendations:
            branch.add(f"{escape(recommendation.text)} [dim]{recommendation.code}")
    if knee.next_tests:
        branch = tree.add("[bold]Examine next")
        for test in knee.next_tests:
            named = "; ".join(rulebase.findings[finding].label for finding in test.findings)
            branch.add(f"{escape(named)} [dim]{test.code}")
    return tree


def _alternative(tree: Tree, alternative: Alternative) -> None:
    definition = alternative.definition
    branch = tree.add(f"{escape(definition.label)}: {escape(definition.text)}")
    for code, because in zip(alternative.rules, alternative.because, strict=True):
        branch.add(f"· {code} {escape(because)}")
    if alternative.caution:
        branch.add(f"[dim]{escape(alternative.caution)}")


def _contributor(
    tree: Tree,
    contributor: Contributor,
    knee: Knee,
    fired: dict[tuple[str, Side | None], Firing],
    rulebase: RuleBase,
) -> None:
    standing, definition = contributor.standing, contributor.definition
    certainty = definition.link_certainty
    rank = f"{standing.rank}. " if standing.rank else ""
    branch = tree.add(
        f"{rank}{definition.label}: [bold]{rulebase.class_words[standing.name]}[/] "
        f"(for {standing.support}, against {standing.against}; "
        f"{standing.assessed} of {standing.of} examined; "
        f"link certainty {certainty.words})"
    )
    codes = (*standing.supporting_rules, *standing.opposing_rules, *contributor.noted_rules)
    for code in codes:
        sign = "+" if code in standing.supporting_rules else "−" if code in standing.opposing_rules else "·"
        branch.add(f"{sign} {code} {escape(fired[code, knee.side].because)}")
    if contributor.less_specific:
        labels = "; ".join(rulebase.findings[finding].label for finding in contributor.less_specific)
        branch.add(f"· less specific: {escape(labels)}")
    for dark in contributor.dark:
        speaks = "for" if dark.supports else "against"
        off = f"{', '.join(dark.rules)} switched off"
        branch.add(f"nothing in cluster {escape(dark.cluster)} can speak {speaks} it: {off}")
    for mechanism in contributor.mechanisms:
        _contributor(branch, mechanism, knee, fired, rulebase)


def fault_table(invalid: InvalidBody, files: Mapping[str, str] | None = None) -> Table:
    """What is wrong with what was sent, one line a fault. `files`: by the first key of a pointer."""
    table = Table("where", "what is wrong", "sent", "what would be right", box=None)
    for fault in invalid.faults:
        hint = f" (did you mean {fault.did_you_mean}?)" if fault.did_you_mean else ""
        file = (files or {}).get(fault.pointer.split("/")[1] if fault.pointer else "")
        where = (printable(fault.pointer) or "/") + (f" ({printable(file)})" if file else "")
        wrong = fault.detail.replace("the body", "the file")
        right = ADDRESS.sub(_command, fault.expected) + hint
        table.add_row(*map(escape, (where, wrong, fault.value or "", right)))
    return table


def _command(address: re.Match[str]) -> str:
    """The command that shows what the API shows at an address."""
    name = f" {address['name']}" if address["name"] else ""
    return f"'kneechain {COMMANDS[address['list']]}{name}'"
