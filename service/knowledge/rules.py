"""Reads rule files: one rule a file, every key known, every word checked."""

from pathlib import PurePosixPath

from service.domain.rule import (
    NEVER,
    Ask,
    Citation,
    Condition,
    Convention,
    Effect,
    Example,
    Forbid,
    MakeDue,
    Note,
    RaiseFlag,
    Recommend,
    Review,
    Rule,
    Score,
    SetState,
    ShowAlternative,
    SwitchedOff,
)
from service.knowledge.conditions import ConditionReader
from service.knowledge.fields import Fields
from service.knowledge.source import Mapping, Scalar, Source, plain
from service.knowledge.vocabulary import ORIGINS, Vocabulary

FAMILIES = (
    "safety", "alternatives", "history", "contributors", "chains", "both-sides", "next-tests",
    "recommendations",
)  # fmt: skip
"""The folders rules live in, in reading order."""

STATUSES = ("draft", "reviewed", "disabled", "retired")
IN_FORCE = STATUSES[:2]
"""The engine keeps every convention, so none can be disabled."""
CONVENTIONS = {
    "unknown_never_fires": ("finding",),
    "low_coverage_never_excludes": (),
    "region_not_assessed": ("region",),
    "pain_limited_test": ("finding",),
    "nothing_assessed": (),
    "stale_finding": ("finding",),
    "out_of_range_refused": ("finding",),
    "unknown_age_or_sex": ("finding",),
    "better_method_counts": ("counts", "beside"),
    "each_knee_by_itself": (),
    "only_on_pain_free_side": ("findings", "side"),
    "same_on_pain_free_side": ("findings", "side"),
    "different_signs_at_both_knees": (),
}
"""The promises the engine keeps, each in one file of `rules/conventions/`, and what its text may name."""

SAFETY_ONLY = ("flag", "due", "forbid")
NOT_SAFETY = ("supports", "opposes", "alternative", "recommend", "ask")
"""Effects that the screen, which runs first, cannot have."""

OUTCOMES = ("fires", "silent", "suppressed", "undetermined")
EXPECTED = frozenset({
    "outcome", "gaps", "assumed", "value", "net", "class", "coverage", "state", "note",
    "alternative", "flag", "due", "forbid", "recommend", "ask",
})  # fmt: skip
"""What an example may expect."""


class RuleReader:
    """Reads the rules of one rule base over its vocabulary."""

    def __init__(self, vocabulary: Vocabulary, classes: tuple[str, ...], strengths: dict[str, int]) -> None:
        self.vocabulary = vocabulary
        self.classes = classes
        self.strengths = strengths
        self._taken: dict[tuple[str, str], str] = {}

    def read(self, fields: Fields, family: str) -> Rule:
        name = self._name(fields)
        status = fields.one_of("status", STATUSES)
        effects = tuple(self._effect(item, family) for item in fields.each("then"))
        reader = ConditionReader(
            self.vocabulary,
            self.classes,
            fields.problems,
            safety=family == "safety",
            scores=any(isinstance(effect, Score) for effect in effects),
        )
        rule = Rule(
            id=name,
            code=self._unique(fields, "code"),
            title=fields.text("title"),
            version=fields.integer("version", at_least=1),
            status=status,  # type: ignore[arg-type]
            family=family,
            origin=fields.ids("origin", ORIGINS, "origin"),
            when=self._when(fields, reader),
            unless=self._unless(fields, reader),
            effects=effects,
            because=fields.text("because"),
            caution=fields.optional_text("caution"),
            evidence=self._evidence(fields),
            examples=tuple(self._example(item) for item in fields.each("examples")),
            file=fields.file,
            line=fields.line,
            always_known=fields.flag("always_known"),
            reviewed=self._review(fields, status),
            not_monotone=self._not_monotone(fields),
            disabled=self._disabled(fields, status),
        )
        if not effects:
            fields.problem("a rule without effects does nothing", fields.line_of("then"))
        if any(isinstance(e, Forbid) and e.until_answered for e in effects) and not any(
            isinstance(e, MakeDue) for e in effects
        ):
            fields.problem(
                "'until_answered' waits for what this rule makes due: nothing", fields.line_of("then")
            )
        fields.done()
        return rule

    def read_convention(self, fields: Fields) -> Convention:
        status = fields.one_of("status", IN_FORCE)
        read = Convention(
            id=self._name(fields),
            code=self._unique(fields, "code"),
            title=fields.text("title"),
            version=fields.integer("version", at_least=1),
            status=status,  # type: ignore[arg-type]
            convention=(convention := fields.one_of("convention", CONVENTIONS)),
            text=fields.template("text", CONVENTIONS.get(convention, ())),
            because=fields.text("because"),
            caution=fields.optional_text("caution"),
            evidence=self._evidence(fields),
            origin=fields.ids("origin", ORIGINS, "origin"),
            file=fields.file,
            findings=fields.ids("findings", self.vocabulary.findings, "finding", required=False),
            reviewed=self._review(fields, status),
        )
        fields.done()
        return read

    def _name(self, fields: Fields) -> str:
        name = self._unique(fields, "rule")
        if name and name != PurePosixPath(fields.file).stem:
            fields.problem(f"rule '{name}' must stand in a file of that name", fields.line_of("rule"))
        return name

    def _unique(self, fields: Fields, key: str) -> str:
        """The text under a key that no two rules may share."""
        text = fields.text(key)
        first = self._taken.setdefault((key, text), fields.file)
        if text and first != fields.file:
            fields.problem(f"{key} '{text}' is used in {first} already", fields.line_of(key))
        return text

    def _when(self, fields: Fields, reader: ConditionReader) -> Condition:
        node = fields.node("when")
        return reader.read(node) if node else NEVER

    def _unless(self, fields: Fields, reader: ConditionReader) -> Condition:
        node = fields.node("unless", required=False)
        return reader.read_unless(node) if node else NEVER

    def _review(self, fields: Fields, status: str) -> Review | None:
        if fields.node("reviewed", required=status == "reviewed") is None:
            return None
        reviewed = fields.section("reviewed")
        by, on, due = reviewed.text("by"), reviewed.day("on"), reviewed.day("due")
        reviewed.done()
        return Review(by, on, due) if on and due else None

    def _not_monotone(self, fields: Fields) -> dict[str, str]:
        """The findings of which a worse value may lower the net by this rule, each with its reason."""
        reasons = fields.words("not_monotone", required=False)
        for finding in reasons:
            definition = self.vocabulary.findings.get(finding)
            if definition is None or definition.worse is None:
                said = f"'{finding}' is no finding that says which of its values are worse"
                fields.problem(said, fields.line_of("not_monotone"))
        return reasons

    def _disabled(self, fields: Fields, status: str) -> SwitchedOff | None:
        """Required exactly while the rule is disabled: none is switched off without a name and a reason."""
        off = status == "disabled"
        if fields.node("disabled", required=off) is None:
            return None
        if not off:
            fields.problem(f"'disabled' stands in a rule that is {status}", fields.line_of("disabled"))
        disabled = fields.section("disabled")
        by, on, reason = disabled.text("by"), disabled.day("on"), disabled.text("reason")
        was = disabled.one_of("was", IN_FORCE)
        disabled.done()
        return SwitchedOff(by, on, reason, was) if on else None  # type: ignore[arg-type]

    def _evidence(self, fields: Fields) -> tuple[Citation, ...]:
        citations = []
        for item in fields.each("evidence"):
            cite = item.id("cite", self.vocabulary.sources, "source in evidence.yaml")
            citations.append(Citation(cite, item.text("shows"), item.text("level")))
            item.done()
        if not citations:
            fields.problem("a rule cites at least one source", fields.line_of("evidence"))
        return tuple(citations)

    # -- effects -------------------------------------------------------------------

    def _effect(self, item: Fields, family: str) -> Effect:
        readers = {
            "state": self._state,
            "supports": self._score,
            "opposes": self._score,
            "note": self._note,
            "alternative": self._alternative,
            "flag": self._flag,
            "due": self._due,
            "forbid": self._forbid,
            "recommend": self._recommend,
            "ask": self._ask,
        }
        for key, reader in readers.items():
            if item.has(key):
                if key in SAFETY_ONLY and family != "safety":
                    item.problem(f"'{key}' may only be used in safety rules")
                if key in NOT_SAFETY and family == "safety":
                    item.problem(f"'{key}' may not be used in safety rules: the screen runs first")
                effect = reader(item)
                if family == "safety" and isinstance(effect, Note) and effect.about != "exam":
                    item.problem("a safety note is about the exam: it is shown under a hold")
                item.done()
                return effect
        item.problem(f"an effect is one of {', '.join(readers)}")
        return SetState("")

    def _state(self, item: Fields) -> Effect:
        return SetState(item.id("state", self.vocabulary.states, "state"))

    def _score(self, item: Fields) -> Effect:
        word = "supports" if item.has("supports") else "opposes"
        strength = item.one_of("strength", self.strengths)
        return Score(
            target=item.id(word, self.vocabulary.contributors, "contributor or mechanism"),
            supports=word == "supports",
            strength=strength,
            points=self.strengths.get(strength, 0),
            cluster=item.text("cluster"),
            combination=item.flag("combination"),
        )

    def _note(self, item: Fields) -> Effect:
        about = item.id("note", {*self.vocabulary.contributors, "exam"}, "contributor")
        return Note(about, item.text("text"))

    def _alternative(self, item: Fields) -> Effect:
        return ShowAlternative(item.id("alternative", self.vocabulary.alternatives, "alternative"))

    def _flag(self, item: Fields) -> Effect:
        flag = item.id("flag", self.vocabulary.red_flags, "red flag")
        return RaiseFlag(flag, item.template("text", self.vocabulary.counted_names()))

    def _due(self, item: Fields) -> Effect:
        findings = item.ids("due", self.vocabulary.findings, "finding")
        for finding in findings:
            definition = self.vocabulary.findings.get(finding)
            if definition is not None and definition.safety is None:
                item.problem(f"'{finding}' is no safety finding: it cannot be due")
        return MakeDue(findings, item.flag("one_by_one"))

    def _forbid(self, item: Fields) -> Effect:
        known = {*self.vocabulary.recommendations, *self.vocabulary.findings}
        ids = item.ids("forbid", known, "recommendation or finding")
        return Forbid(ids, item.text("reason"), item.flag("until_answered"))

    def _recommend(self, item: Fields) -> Effect:
        return Recommend(item.id("recommend", self.vocabulary.recommendations, "recommendation"))

    def _ask(self, item: Fields) -> Effect:
        node = item.node("ask")
        why, first = item.text("why"), item.flag("first")
        if isinstance(node, Scalar) and node.text == "conflicting":
            return Ask((), why, first)
        return Ask(item.ids("ask", self.vocabulary.findings, "finding"), why, first)

    # -- examples --------------------------------------------------------------------

    def _example(self, item: Fields) -> Example:
        given = item.node("given")
        example = Example(
            name=item.text("name"),
            given=plain(given) if isinstance(given, Mapping) else {},  # type: ignore[arg-type]
            expect=self._expect(item, item.node("expect")),
            file=item.file,
            line=item.line,
        )
        if given is not None and not isinstance(given, Mapping):
            item.problem("'given' must be a mapping; write {} for nothing")
        item.done()
        return example

    def _expect(self, item: Fields, node: Source | None) -> dict[str, object]:
        if isinstance(node, Scalar):
            if node.text not in OUTCOMES:
                item.problem(f"'expect' is '{node.text}', not {', '.join(OUTCOMES)}", node.line)
            return {"outcome": node.text}
        expect = plain(node) if isinstance(node, Mapping) else {}
        assert isinstance(expect, dict)
        if "undetermined" in expect:
            expect = {"outcome": "undetermined", **expect, "gaps": expect["undetermined"]}
            del expect["undetermined"]
        if isinstance(expect.get("fires"), dict):
            expect = {"outcome": "fires", **expect, **expect["fires"]}
            del expect["fires"]
        for key in expect.keys() - EXPECTED:
            item.problem(f"'expect' has an unknown key '{key}'", item.line)
        if expect.get("outcome") not in OUTCOMES:
            item.problem("'expect' must name the outcome", item.line)
        return expect
