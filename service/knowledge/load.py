"""Loads a rule base from its folder, or says everything that is wrong with it."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from service.domain.exam import Level
from service.domain.rule import Convention, FindingTest, MakeDue, RaiseFlag, Rule, SetState, ShowAlternative
from service.domain.rulebase import (
    Approval,
    Bound,
    ClassRule,
    RecommendationPolicy,
    RuleBase,
)
from service.domain.source_attributes import SourceSheet
from service.knowledge import vocabulary as read_vocabulary
from service.knowledge.conditions import SET_WORDS, ConditionReader
from service.knowledge.derived import check_operands, read_derived
from service.knowledge.fields import Fields
from service.knowledge.files import Files, digest_of, read_files
from service.knowledge.problems import Kind, Problem, RuleBaseError
from service.knowledge.rules import CONVENTIONS, FAMILIES, RuleReader
from service.knowledge.source import Mapping, Scalar, Sequence, parse_source
from service.knowledge.source_sheet import read_source_sheet
from service.knowledge.vocabulary import Vocabulary

BOUNDS = {"at_least": 1, "at_most": 1, "above": 1, "below": 1, "between": 2}
QUANTITIES = ("support", "against", "net", "supporting_clusters", "coverage")
WORDING = {
    "headline_flags": ("urgency", "flags"),
    "headline_referral": ("urgency", "flags"),
    "headline_hold": (),
    "headline_hold_open": ("left",),
    "headline_cleared": ("role", "flags"),
    "headline_out_of_scope": ("flags",),
    "headline_out_of_scope_only": (),
    "headline_outside": ("flags",),
    "headline_incomplete": ("left",),
    "headline_switched_off": ("rules",),
    "headline_knee": ("side", "contributors"),
    "headline_more": ("count",),
    "headline_none": (),
    "headline_none_so_far": (),
    "headline_open": ("count", "of"),
    "headline_nothing": (),
    "headline_regions": ("regions",),
    "headline_regions_of": ("side", "regions"),
    "headline_knee_out": (),
    "headline_not_excluded": (),
    "seen": ("list",),
    "not_examined": ("list",),
    "concluded": ("list",),
    "screen": ("list",),
    "unanswered_counts": ("list",),
    "unknown_not_counted": ("list",),
    "exception_not_made": ("list",),
    "pain_limited": (),
    "classed": ("label", "words", "certainty"),
    "coverage": ("label", "assessed", "of"),
    "flag": ("code", "label"),
    "no_open_flag": (),
    "combination": (),
    "seen_in_pain_free": ("says",),
    "not_strongest": (),
    "suggested_prefix": (),
    "reason_incomplete": (),
    "reason_referral": (),
    "reason_outside": (),
    "reason_switched_off": (),
    "derived_differs": ("sent", "inputs", "computed"),
    "derived_out_of_range": ("finding", "value", "inputs", "lowest", "highest"),
    "cell_any": (),
    "cell_at_most": ("value",),
    "cell_at_least": ("value",),
    "cell_between": ("lowest", "highest"),
    "gate_answers": ("finding", "status", "gate", "value"),
    "clearance_unused": ("flag",),
    "clearance_too_old": ("flag",),
    "assessed": ("side",),
    "why_class": ("side", "classed", "support", "against", "assessed", "of"),
    "why_for": ("list",),
    "why_against": ("list",),
    "why_not_counted": ("list",),
    "why_open": ("list",),
    "why_link": ("text",),
    "why_caution": ("list",),
    "why_state": ("label", "list"),
    "why_screen": ("label", "status"),
    "why_flag": ("flag", "list", "text"),
    "why_flag_cleared": ("role",),
    "why_assumed": ("list",),
    "why_holds": ("label",),
    "why_absent": ("label",),
    "why_flag_absent": ("label",),
    "why_unknown": ("label",),
    "why_fires": ("label",),
    "why_without_effect": ("list",),
    "why_ask_why_not": (),
    "why_rule": ("title", "code", "list"),
    "why_rule_alone": ("title", "code"),
    "bounds_nothing": ("now",),
    "bounds_settled": ("now", "count"),
    "bounds_open": ("now", "count", "classes"),
    "next_stop": (),
    "next_some": (),
    "next_none": (),
    "changes_some": ("most",),
    "changes_none": ("most", "wanted"),
    "changes_any": (),
    "why_not_nearest": ("title", "code", "list"),
    "why_not_lacking": ("list",),
    "why_not_lacks": ("label", "needed", "seen"),
    "why_not_seen": ("value",),
    "why_not_class": ("words", "certainty"),
    "why_not_unseen": (),
    "why_not_denied": ("needed",),
    "why_not_suppressed": ("list",),
    "why_not_none": (),
    "why_not_out_of_force": (),
}
"""The fixed sentences, and what each may name."""

BASE = "rulebase.yaml"
MOST_MEMBERS = 10
"""More members of one set than that, read by the rules, would be thousands of combinations."""
READ_ELSEWHERE = {
    "seed_coverage.yaml", "accepted.yaml", "surviving_mutants.yaml", "base_rate_sample.yaml",
}  # fmt: skip


def load_rulebase(folder: Path) -> RuleBase:
    """The rule base in `folder`.

    Raises RuleBaseError with every problem found, each with file and line.
    """
    return load_files(read_files(folder))


def load_files(files: Files) -> RuleBase:
    """The rule base that these files are. Raises RuleBaseError."""
    if BASE not in files:
        raise RuleBaseError([Problem(BASE, 1, "is missing")])
    loader = _Loader(files)
    rulebase = loader.load()
    if loader.problems:
        raise RuleBaseError(loader.problems)
    return rulebase


class _Loader:
    def __init__(self, files: Files) -> None:
        self.files = files
        self.problems: list[Problem] = []
        self.vocabulary = Vocabulary()
        self._read: set[str] = set()

    def load(self) -> RuleBase:
        base = self._file(BASE)
        strengths = {name: base.section("strengths").integer(name) for name in base.words("strengths")}
        class_rules = self._class_rules(base)
        ranking = base.section("ranking")
        certainties = ranking.texts("link_certainty_order")
        classes = tuple(dict.fromkeys(rule.name for rule in class_rules))
        class_order = ranking.ids("class_order", classes, "class")
        if set(class_order) != set(classes):
            ranking.problem("'class_order' must name every class", ranking.line_of("class_order"))
        ranking.done()
        self.vocabulary.never_to_patients = _beginnings(base)
        self._read_vocabulary(classes, certainties)
        rules, conventions = self._read_rules(classes, strengths)
        self._read_chains(rules)
        self._check(rules, conventions)
        rulebase = RuleBase(
            name=base.text("name"),
            version=base.text("version"),
            digest=digest_of(self.files),
            approval=self._approval(base),
            strengths=strengths,
            class_rules=class_rules,
            class_order=class_order,
            undecided_classes=frozenset(base.ids("undecided_classes", classes, "class")),
            link_certainty_order=certainties,
            recommendation_policy=self._policy(base, classes),
            knee_pain=self._knee_pain(base),
            answers_last=timedelta(hours=base.integer("answers_last_hours", at_least=1)),
            regions=base.ids("regions", read_vocabulary.REGIONS, "region"),
            chain_ends_seen_while=frozenset(base.ids("chain_ends_seen_while", classes, "class")),
            wording=self._wording(),
            source_sheet=self._source_sheet(),
            never_to_patients=self.vocabulary.never_to_patients,
            units=self.vocabulary.units,
            urgencies=tuple(self.vocabulary.urgencies.values()),
            roles=self.vocabulary.roles,
            findings=self.vocabulary.findings,
            gates=self.vocabulary.gates,
            derived=self.vocabulary.derived,
            states=self.vocabulary.states,
            contributors=self.vocabulary.contributors,
            alternatives=self.vocabulary.alternatives,
            chains=tuple(self.vocabulary.chains),
            red_flags=self.vocabulary.red_flags,
            recommendations=self.vocabulary.recommendations,
            sources=self.vocabulary.sources,
            rules=tuple(rules),
            conventions={convention.convention: convention for convention in conventions},
        )
        base.done()
        self._check_sides(rulebase)
        self._check_all_read()
        return rulebase

    # -- rulebase.yaml ---------------------------------------------------------------

    def _approval(self, base: Fields) -> Approval:
        status = base.one_of("status", ("draft", "reviewed"))
        approved_by = base.optional_text("approved_by")
        approved_on = base.day("approved_on", required=status == "reviewed")
        if status == "reviewed" and approved_by is None:
            base.problem("a reviewed rule base names who approved it", base.line_of("status"))
        review_by = base.day("review_by")
        assert review_by is not None or self.problems
        return Approval(
            status,
            approved_by,
            approved_on,
            review_by,  # type: ignore[arg-type]
            base.text("intended_use"),
            base.text("draft_notice"),
        )

    def _class_rules(self, base: Fields) -> tuple[ClassRule, ...]:
        rules = []
        for item in base.each("classes"):
            when = item.section("when")
            bounds = tuple(bound for key in when.names() for bound in self._bounds(when, key))
            rules.append(ClassRule(item.text("class"), item.text("words"), bounds))
            item.done()
        if not rules or rules[-1].bounds:
            base.problem("the last class must have no conditions", base.line_of("classes"))
        return tuple(rules)

    def _bounds(self, when: Fields, quantity: str) -> Iterator[Bound]:
        if quantity not in QUANTITIES:
            when.problem(f"there is no quantity '{quantity}'", when.line_of(quantity), "undefined")
        node = when.node(quantity)
        entries = node.entries if isinstance(node, Mapping) else {}
        if not entries:
            when.problem(f"'{quantity}' needs a bound such as {{at_least: 2}}", when.line_of(quantity))
        for word, operand in entries.items():
            scalars = operand.items if isinstance(operand, Sequence) else (operand,)
            numbers = [s.text.removesuffix(" %") for s in scalars if isinstance(s, Scalar)]
            if len(numbers) != BOUNDS.get(word) or not all(re.fullmatch(r"-?\d+", n) for n in numbers):
                when.problem(f"'{word}' is no bound of {quantity}", when.line_of(quantity))
                continue
            yield Bound(quantity, word, tuple(int(number) for number in numbers))  # type: ignore[arg-type]

    def _policy(self, base: Fields, classes: tuple[str, ...]) -> RecommendationPolicy:
        section = base.section("recommendations")
        codes = self.vocabulary.recommendations
        policy = RecommendationPolicy(
            order_first=section.ids("order_first", codes, "recommendation"),
            given_while=section.ids("given_while", classes, "class"),
            when_incomplete=section.ids("when_incomplete", codes, "recommendation"),
            when_referral_first=section.ids("when_referral_first", codes, "recommendation"),
            outside_intended_use=section.ids("outside_intended_use", codes, "recommendation"),
        )
        section.done()
        return policy

    def _knee_pain(self, base: Fields) -> str:
        named = base.id("knee_pain", self.vocabulary.findings, "finding")
        definition = self.vocabulary.findings.get(named)
        if definition is not None and not (definition.sided and definition.type == "yes_no"):
            base.problem(f"'{named}' is no yes/no finding with a side", base.line_of("knee_pain"))
        return named

    def _wording(self) -> dict[str, str]:
        fields = self._file("wording.yaml")
        wording = {key: fields.template(key, names) for key, names in WORDING.items()}
        fields.done()
        return wording

    def _source_sheet(self) -> SourceSheet:
        return read_source_sheet(self._file("source_attributes.yaml"), self.vocabulary.findings)

    # -- vocabulary --------------------------------------------------------------------

    def _read_vocabulary(self, classes: tuple[str, ...], certainties: tuple[str, ...]) -> None:
        into = self.vocabulary
        evidence = self._file("evidence.yaml")
        read_vocabulary.read_sources(evidence.section("evidence"), into)
        evidence.done()
        self._vocabulary_file("units", lambda fields: read_vocabulary.read_units(fields, into))
        self._vocabulary_file("scales", lambda fields: read_vocabulary.read_scales(fields, into))
        for name in self._names("vocabulary/findings"):
            fields = self._file(name)
            read_vocabulary.read_findings(fields, into)
            fields.done()
        self._vocabulary_file("gates", lambda fields: read_vocabulary.read_gates(fields, into))
        reader = ConditionReader(into, classes, self.problems, safety=True)
        self._vocabulary_file("derived", lambda fields: self._read_derived(fields, reader))
        self._vocabulary_file("states", lambda fields: read_vocabulary.read_states(fields, into))
        self._vocabulary_file(
            "contributors",
            lambda fields: read_vocabulary.read_contributors(fields, into, certainties),
        )
        self._vocabulary_file("red_flags", lambda fields: read_vocabulary.read_red_flags(fields, into))
        self._vocabulary_file(
            "recommendations",
            lambda fields: read_vocabulary.read_recommendations(fields, into, classes),
        )
        self._vocabulary_file("alternatives", lambda fields: read_vocabulary.read_alternatives(fields, into))

    def _read_derived(self, fields: Fields, reader: ConditionReader) -> None:
        read_derived(fields, self.vocabulary, reader)
        check_operands(self.vocabulary, self.problems)

    def _vocabulary_file(self, name: str, read: Callable[[Fields], None]) -> None:
        fields = self._file(f"vocabulary/{name}.yaml")
        read(fields)
        fields.done()

    def _read_chains(self, rules: list[Rule]) -> None:
        codes = {rule.code for rule in rules}
        self._vocabulary_file(
            "chains", lambda fields: read_vocabulary.read_chains(fields, self.vocabulary, codes)
        )

    # -- rules ---------------------------------------------------------------------------

    def _read_rules(
        self, classes: tuple[str, ...], strengths: dict[str, int]
    ) -> tuple[list[Rule], list[Convention]]:
        reader = RuleReader(self.vocabulary, classes, strengths)
        rules = [reader.read(self._file(name), family) for family in FAMILIES for name in self._names(family)]
        conventions = [reader.read_convention(self._file(name)) for name in self._names("conventions")]
        order = {family: position for position, family in enumerate(FAMILIES)}
        rules.sort(key=lambda rule: (order[rule.family], _natural(rule.code)))
        return rules, conventions

    def _names(self, folder: str) -> list[str]:
        return [name for name in self.files if name.startswith(f"{folder}/") and name.endswith(".yaml")]

    def _check(self, rules: list[Rule], conventions: list[Convention]) -> None:
        for name in CONVENTIONS:
            if sum(convention.convention == name for convention in conventions) != 1:
                self._problem("conventions", 1, f"the convention '{name}' needs exactly one file")
        self._check_names()
        self._check_states(rules)
        self._check_due(rules)
        self._check_alternatives(rules)
        self._check_sets(rules)

    def _check_names(self) -> None:
        """An alias stands for one finding only; what one is only found by is no name of any."""
        names: dict[str, str] = {}
        for definition in self.vocabulary.findings.values():
            for name in (definition.id, *definition.aliases):
                first = names.setdefault(name.casefold(), definition.id)
                if first != definition.id:
                    self._name_taken(definition.id, name, first)
        for definition in self.vocabulary.findings.values():
            for word in definition.found_by:
                if word.casefold() in names:
                    self._name_taken(definition.id, word, names[word.casefold()])

    def _name_taken(self, finding: str, name: str, by: str) -> None:
        self._problem(*self.vocabulary.places[finding], f"'{name}' is a name of {by} already")

    def _check_states(self, rules: list[Rule]) -> None:
        """Every state is set by a rule, and read only where it can have been."""
        setters: dict[str, set[bool]] = {}
        for rule in rules:
            for effect in rule.effects:
                if isinstance(effect, SetState):
                    setters.setdefault(effect.state, set()).add(rule.safety)
        for state in self.vocabulary.states.values():
            if state.given_by_screen and state.id in setters:
                said = f"the state '{state.id}' is given by the screen: no rule may set it"
                self._problem(*self.vocabulary.places[state.id], said)
            elif not state.given_by_screen and state.id not in setters:
                said = f"the state '{state.id}' is set by no rule"
                self._problem(*self.vocabulary.places[state.id], said, "undefined")
        for scalar, safety in self.vocabulary.states_read:
            definition = self.vocabulary.states.get(scalar.text)
            if definition is not None:
                known = {False} if definition.given_by_screen else setters.get(scalar.text, {safety})
                if safety not in known:
                    said = "is not known to the screen" if safety else "is known to safety rules only"
                    self._problem(scalar.file, scalar.line, f"the state '{scalar.text}' {said}")

    def _check_sides(self, rulebase: RuleBase) -> None:
        """A flag that withholds a knee must say which."""
        for rule in rulebase.rules:
            for effect in rule.effects if rule.active else ():
                flag = rulebase.red_flags.get(effect.flag) if isinstance(effect, RaiseFlag) else None
                sided = rule.code in rulebase.sided_rules
                if flag is not None and flag.withholds == "knee" and not sided:
                    said = f"{flag.code} withholds a knee, but this rule reads no side"
                    self._problem(rule.file, rule.line, said, "wrong_side")

    def _check_due(self, rules: list[Rule]) -> None:
        """A safety question that nothing ever makes due would never be asked."""
        asked = {item for gate in self.vocabulary.gates.values() for item in gate.items}
        asked |= {f for rule in rules for e in rule.effects if isinstance(e, MakeDue) for f in e.findings}
        for definition in self.vocabulary.findings.values():
            role = definition.safety
            if role is not None and role.due in ("gate", "conditional") and definition.id not in asked:
                place = self.vocabulary.places[definition.id]
                self._problem(*place, f"nothing makes '{definition.id}' due")

    def _check_alternatives(self, rules: list[Rule]) -> None:
        """An alternative that no rule points to would never be shown."""
        shown = {e.alternative for rule in rules for e in rule.effects if isinstance(e, ShowAlternative)}
        for id_ in self.vocabulary.alternatives:
            if id_ not in shown:
                self._problem(*self.vocabulary.places[id_], f"the alternative '{id_}' is shown by no rule")

    def _check_sets(self, rules: list[Rule]) -> None:
        """Every combination of the members that rules name is looked at where something is explained."""
        named: dict[str, set[Level]] = {}
        for rule in rules:
            for test in rule.criteria():
                if isinstance(test, FindingTest) and test.word in SET_WORDS:
                    members = named.setdefault(test.finding, set())
                    members.update(test.levels)
                    if len(members) > MOST_MEMBERS:
                        said = f"the rules name more than {MOST_MEMBERS} members of '{test.finding}'"
                        self._problem(rule.file, rule.line, said)

    def _check_all_read(self) -> None:
        """A file in the wrong folder would be a rule that silently does not count."""
        for name in self.files:
            if name not in self._read and name not in READ_ELSEWHERE:
                self._problem(name, 1, "is read by nobody: wrong folder or ending")

    def _problem(self, file: str, line: int, message: str, kind: Kind = "refused") -> None:
        self.problems.append(Problem(file, line, message, kind))

    # -- files -----------------------------------------------------------------------------

    def _file(self, name: str) -> Fields:
        self._read.add(name)
        if name not in self.files:
            self._problem(name, 1, "is missing")
            return Fields(Mapping({}, {}, name, 1), [], name)
        source = parse_source(self.files[name], name, self.problems)
        return Fields(source or Mapping({}, {}, name, 1), self.problems if source else [], name)


def _beginnings(base: Fields) -> tuple[str, ...]:
    """How the words begin that no text for patients may use; an empty one would forbid every word."""
    beginnings = base.texts("never_to_patients")
    if not all(re.fullmatch(r"[a-z]+", beginning) for beginning in beginnings):
        base.problem("'never_to_patients' holds beginnings of words", base.line_of("never_to_patients"))
    return tuple(beginning for beginning in beginnings if beginning)


def _natural(code: str) -> tuple[str, int, str]:
    """H2 before H10, Q01 before Q01b."""
    match = re.fullmatch(r"([A-Z]+)(\d*)(.*)", code)
    letters, digits, rest = match.groups() if match else (code, "", "")
    return letters, int(digits or 0), rest
