"""Reads `rules/vocabulary/`: what can be observed and what can be concluded."""

import re
from collections.abc import Collection
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from service.domain.exam import Level, Value
from service.domain.vocabulary import (
    SCREEN_STATES,
    AlternativeDefinition,
    Arrow,
    Chain,
    ContributorDefinition,
    Count,
    DerivedDefinition,
    FindingDefinition,
    FirstUsable,
    Gate,
    KeyGroup,
    KnownTrue,
    LinkCertainty,
    ObservedCount,
    Operand,
    Ratio,
    RecommendationDefinition,
    RedFlag,
    SafetyRole,
    Source,
    SourcedText,
    StateDefinition,
    UnitWords,
    Urgency,
)
from service.knowledge.fields import NUMBER, Fields
from service.knowledge.problems import did_you_mean
from service.knowledge.source import Mapping, Scalar

ORIGINS = ("seed", "seed_inferred", "literature", "expert", "convention")
VERIFICATIONS = (
    "read_in_full", "abstract_seen", "secondary_source", "from_memory", "project_convention",
)  # fmt: skip
REGIONS = ("history", "systemic", "knee", "hip", "ankle", "foot", "core", "safety")
TYPES = ("yes_no", "choice", "grade", "set", "number", "integer")
YES_NO = {"yes": "yes", "no": "no"}
NO_URGENCY = Urgency("", "", 0, False, False, False, False, ())
"""Stands in where none is declared."""


@dataclass
class Vocabulary:
    """Filled file by file while loading; each reader may refer to what was read before."""

    findings: dict[str, FindingDefinition] = field(default_factory=dict)
    gates: dict[str, Gate] = field(default_factory=dict)
    derived: dict[str, DerivedDefinition] = field(default_factory=dict)
    states: dict[str, StateDefinition] = field(default_factory=dict)
    contributors: dict[str, ContributorDefinition] = field(default_factory=dict)
    chains: list[Chain] = field(default_factory=list)
    red_flags: dict[str, RedFlag] = field(default_factory=dict)
    urgencies: dict[str, Urgency] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    never_to_patients: tuple[str, ...] = ()
    recommendations: dict[str, RecommendationDefinition] = field(default_factory=dict)
    alternatives: dict[str, AlternativeDefinition] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    units: dict[str, UnitWords] = field(default_factory=dict)
    scales: dict[str, tuple[dict[str, str], dict[str, str]]] = field(default_factory=dict)
    operands: list[tuple[Scalar, bool]] = field(default_factory=list)
    """What formulas compute with, and whether of the other side; checked once all is read."""
    states_read: list[tuple[Scalar, bool]] = field(default_factory=list)
    """The states that rules read, and whether the rule is one of safety; checked once all is read."""
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    """The file and line of each finding, state and alternative."""

    def counted_names(self) -> set[str]:
        """What the fixed text of a flag may name: a count without side, and its bounds."""
        counted = [d.id for d in self.derived.values() if isinstance(d.formula, Count) and not d.sided]
        return {f"{id_}{bound}" for id_ in counted for bound in ("", ".min", ".max")}

    def never_unknown(self, finding: str) -> bool:
        """Whether this is a formula that is known even of an exam in which nothing was observed."""
        derived = self.derived.get(finding)
        match derived.formula if derived else None:
            case KnownTrue() | ObservedCount() | Count(always_known=True):
                return True
            case Count(tests) | FirstUsable(tests):
                return any(
                    option.test.word in ("observed", "not_observed")
                    or self.never_unknown(option.test.finding)
                    for option in tests
                )
            case _:
                return False


def read_sources(fields: Fields, into: Vocabulary) -> None:
    for key, entry in _entries(fields):
        into.sources[key] = Source(
            key=key,
            reference=entry.text("reference"),
            verification=entry.one_of("verification", VERIFICATIONS),
            shows=entry.text("shows"),
            number=entry.optional_text("number"),
            doi=entry.optional_text("doi"),
            verification_note=entry.optional_text("verification_note"),
        )
        entry.done()


def read_units(fields: Fields, into: Vocabulary) -> None:
    for key, entry in _entries(fields.section("units")):
        many = entry.template("many", ("number",))
        one = entry.template("one", ("number",)) if entry.has("one") else None
        for words in filter(None, (many, one)):
            if "{number}" not in words:
                entry.problem(f"'{words}' leaves no place for the {{number}}")
        into.units[key] = UnitWords(many, one)
        entry.done()


def read_unit(entry: Fields, into: Vocabulary) -> str | None:
    """The unit of a finding or formula, which must be one that can be written for people."""
    unit = entry.optional_text("unit")
    if unit is not None and unit not in into.units:
        entry.problem(f"units.yaml has no words for the unit '{unit}'", entry.line_of("unit"), "unit")
    return unit


def read_scales(fields: Fields, into: Vocabulary) -> None:
    for key, entry in _entries(fields.section("scales")):
        grades = entry.texts("grades")
        entry.text("label")
        _read_source_of(entry, into)
        words = entry.words("words", required=False)
        aliases = entry.words("value_aliases", required=False)
        _check_values_known(entry, [*words, *aliases.values()], grades)
        into.scales[key] = ({grade: words.get(grade, grade) for grade in grades}, aliases)
        entry.done()


def read_findings(fields: Fields, into: Vocabulary) -> None:
    for key, entry in _entries(fields.section("findings")):
        if key in into.findings:
            entry.problem(f"finding '{key}' is declared twice")
        into.places[key] = entry.file, entry.line
        into.findings[key] = _read_finding(key, entry, into)
        entry.done()


def _read_finding(key: str, entry: Fields, into: Vocabulary) -> FindingDefinition:
    type_ = entry.one_of("type", TYPES)
    values, value_aliases = _read_values(type_, entry, into)
    numeric = type_ in ("number", "integer")
    minimum, maximum = _read_range(entry) if numeric else (None, None)
    step = _read_step(entry, type_) if numeric else None
    derive, agrees_within = _read_derive(entry, into, step)
    definition = FindingDefinition(
        id=key,
        label=entry.text("label"),
        region=entry.one_of("region", REGIONS),
        sided=entry.one_of("side", ("sided", "none")) == "sided",
        type=type_,  # type: ignore[arg-type]
        use=entry.one_of("use", ("core", "optional", "recorded_only", "safety")),  # type: ignore[arg-type]
        measured=entry.text("measured"),
        unit=read_unit(entry, into),
        minimum=minimum,
        maximum=maximum,
        step=step,
        values=values,
        value_aliases=value_aliases,
        unknown_values=frozenset(entry.ids("unknown_values", values, "value", required=False)),
        exclusive_values=frozenset(entry.ids("exclusive", values, "value", required=False)),
        aliases=entry.texts("aliases", required=False),
        found_by=entry.texts("found_by", required=False),
        cut_offs=_read_sourced(entry, "cut_offs", into),
        reliability=_read_sourced(entry, "reliability", into),
        seen_in_pain_free=_read_pain_free(entry, into, values),
        valid_for_days=_read_validity(entry),
        changeable=entry.flag("changeable"),
        burden_seconds=entry.integer("burden_seconds", at_least=1),
        codes=tuple(_read_code(code) for code in entry.each("codes", required=False)),
        derive=derive,
        agrees_within=agrees_within,
        worse=_read_worse(entry, type_, values),
    )
    if definition.derive is not None and not numeric:
        entry.problem("'derive' computes a number", entry.line_of("derive"))
    return _with_safety(definition, entry)


def _read_worse(
    entry: Fields, type_: str, values: Collection[str]
) -> tuple[Value, ...] | Literal["higher", "lower"] | None:
    """Which way the finding gets worse: a word for an ordered one, else values from best to worst."""
    if not entry.has("worse"):
        return None
    if type_ in ("number", "integer", "grade"):
        return entry.one_of("worse", ("higher", "lower"))  # type: ignore[return-value]
    order = entry.ids("worse", values, "value")
    if type_ == "set" or len(order) < 2 or len(set(order)) < len(order):
        said = "'worse' lists two or more values of a choice or yes/no, from best to worst, each once"
        entry.problem(said, entry.line_of("worse"))
    return order


def _read_step(entry: Fields, type_: str) -> Decimal:
    step = entry.number("step", Decimal(1) if type_ == "integer" else None)
    if step > 0:
        return step
    entry.problem(f"'step' is {step}, not more than 0", entry.line_of("step"))
    return Decimal(1)


def _with_safety(definition: FindingDefinition, entry: Fields) -> FindingDefinition:
    if not entry.has("safety"):
        return definition
    role = entry.section("safety")
    abnormal, above, below = _read_abnormal(definition, role)
    expires = not role.has("expires") or role.flag("expires")
    gate_no = role.text("gate_no", required=False) or "no"
    due = role.one_of("due", ("always", "gate", "conditional", "never"))
    role.done()
    safety = SafetyRole(due, abnormal, above, below, gate_no, expires)  # type: ignore[arg-type]
    return replace(definition, safety=safety)


def _read_abnormal(
    definition: FindingDefinition, role: Fields
) -> tuple[frozenset[str], Level | None, Level | None]:
    """The abnormal values, or the levels above and below which a number is abnormal."""
    node = role.node("abnormal", required=False)
    if isinstance(node, Mapping):
        limits = role.section("abnormal")
        above, below = (_read_limit(definition, limits, word) for word in ("above", "below"))
        limits.done()
        return frozenset(), above, below
    if definition.numeric:
        return frozenset(), None, None
    return frozenset(role.ids("abnormal", definition.values, "value", required=False)), None, None


def _read_limit(definition: FindingDefinition, limits: Fields, word: str) -> Level | None:
    text = limits.optional_text(word)
    if text is None:
        return None
    number, _, unit = text.partition(" ")
    if definition.numeric and NUMBER.fullmatch(number) and unit == (definition.unit or ""):
        return definition.level(Decimal(number))
    limits.problem(f"'{word}' must be a number in {definition.unit}", limits.line_of(word), "unit")
    return None


def _read_values(type_: str, entry: Fields, into: Vocabulary) -> tuple[dict[str, str], dict[str, str]]:
    aliases = entry.words("value_aliases", required=False)
    if type_ == "yes_no":
        values, built_in = dict(YES_NO), {"true": "yes", "false": "no"}
    elif entry.has("scale"):
        values, built_in = into.scales.get(entry.id("scale", into.scales, "scale"), ({}, {}))
    elif type_ == "grade":
        values, built_in = {grade: grade for grade in entry.texts("grades")}, {}
    elif type_ in ("choice", "set"):
        values, built_in = entry.words("values"), {}
    else:
        values, built_in = {}, {}
    _check_values_known(entry, list(aliases.values()), values)
    if type_ in ("grade", "choice", "set") and len(values) < 2:
        entry.problem("a finding of words needs at least two values")
    for alias in aliases:
        if alias in values:
            entry.problem(f"value alias '{alias}' is itself a value", entry.line_of("value_aliases"))
    return values, {**built_in, **aliases}


def _check_values_known(entry: Fields, used: list[str], known: object) -> None:
    for value in used:
        if value not in known:  # type: ignore[operator]
            entry.problem(f"there is no value '{value}'", kind="undefined")


def _read_range(entry: Fields) -> tuple[Decimal, Decimal]:
    texts = entry.texts("range")
    if len(texts) != 2 or not all(NUMBER.fullmatch(text) for text in texts):
        entry.problem("'range' must be two numbers, lowest and highest", entry.line_of("range"))
        return Decimal(0), Decimal(1)
    low, high = map(Decimal, texts)
    if low >= high:
        entry.problem("'range' must run from lowest to highest", entry.line_of("range"))
    return low, high


def _read_validity(entry: Fields) -> int | None:
    if entry.text("valid_for_days") == "forever":
        return None
    return entry.integer("valid_for_days")


def _read_sourced(entry: Fields, key: str, into: Vocabulary) -> tuple[SourcedText, ...]:
    return tuple(_read_sourced_text(item, into) for item in entry.each(key))


def _read_sourced_text(item: Fields, into: Vocabulary) -> SourcedText:
    text = SourcedText(
        says=item.text("says"),
        cite=item.id("cite", into.sources, "source in evidence.yaml"),
        verification=item.one_of("verification", VERIFICATIONS),
    )
    item.done()
    return text


def _read_pain_free(entry: Fields, into: Vocabulary, known: Collection[str]) -> SourcedText | None:
    if not entry.has("seen_in_pain_free"):
        return None
    item = entry.section("seen_in_pain_free")
    cite = item.id("cite", into.sources, "source in evidence.yaml")
    source = into.sources.get(cite)
    default = source.verification if source else "from_memory"
    values = item.texts("values", required=False)
    for value in values:
        if not (value in known if known else NUMBER.fullmatch(value)):
            said = f"there is no value '{value}'.{did_you_mean(value, known)}"
            item.problem(said, item.line_of("values"), "undefined")
    text = SourcedText(
        says=item.text("says"),
        cite=cite,
        verification=item.one_of("verification", VERIFICATIONS, default),
        values=frozenset(values),
    )
    item.done()
    return text


def _read_code(code: Fields) -> MappingType[str, str]:
    read = {"system": code.text("system"), "code": code.text("code"), "display": code.text("display")}
    code.done()
    return read


def _read_derive(entry: Fields, into: Vocabulary, step: Decimal | None) -> tuple[Ratio | None, Fraction]:
    """A finding's own formula, and how far a posted value may be from it: its step, unless said."""
    if not entry.has("derive"):
        return None, Fraction(0)
    formula = entry.section("derive")
    formula.one_of("kind", ("ratio",))
    within = formula.number("agrees_within", step or Decimal(1))
    if within < 0:
        formula.problem("'agrees_within' is below 0", formula.line_of("agrees_within"))
    ratio = read_ratio(formula, into)
    formula.done()
    return ratio, Fraction(within)


def read_ratio(formula: Fields, into: Vocabulary) -> Ratio:
    return Ratio(
        of=read_operand(formula, "of", into),
        to=read_operand(formula, "to", into),
        times=Fraction(formula.number("times", Decimal(1))),
        per=_read_divisor(formula),
    )


def _read_divisor(formula: Fields) -> Fraction:
    per = Fraction(formula.number("per", Decimal(1)))
    if per:
        return per
    formula.problem("'per' is 0: nothing is divided by it", formula.line_of("per"))
    return Fraction(1)


def read_operand(formula: Fields, key: str, into: Vocabulary) -> Operand:
    node = formula.node(key)
    other = isinstance(node, Mapping)
    scalar = node
    if isinstance(node, Mapping):
        scalar = node.entries.get("other")
        if len(node.entries) != 1 or scalar is None:
            formula.problem(f"'{key}' must be a finding, or other: finding", node.line)
    if not isinstance(scalar, Scalar):
        return Operand("")
    into.operands.append((scalar, other))
    return Operand(scalar.text, other)


def read_gates(fields: Fields, into: Vocabulary) -> None:
    """The gates, each of which is a yes/no finding without side as well."""
    valid_for_days = _read_validity(fields)
    burden_seconds = fields.integer("burden_seconds", at_least=1)
    for key, entry in _entries(fields.section("gates")):
        gate = Gate(
            id=key,
            label=entry.text("label"),
            asks=entry.text("asks"),
            items=entry.ids("items", into.findings, "finding"),
        )
        _check_items(entry, gate, into)
        if key in into.findings:
            entry.problem(f"'{key}' is a finding already")
        into.places[key] = entry.file, entry.line
        entry.done()
        into.gates[key] = gate
        into.findings[key] = FindingDefinition(
            id=key,
            label=gate.label,
            region="safety",
            sided=False,
            type="yes_no",
            use="safety",
            measured=gate.asks,
            values=dict(YES_NO),
            value_aliases={"true": "yes", "false": "no"},
            valid_for_days=valid_for_days,
            changeable=False,
            burden_seconds=burden_seconds,
            safety=SafetyRole("always", frozenset({"yes"})),
        )


def _check_items(entry: Fields, gate: Gate, into: Vocabulary) -> None:
    """A gate answered no must be able to answer each of its items."""
    for item in gate.items:
        definition = into.findings.get(item)
        role = definition.safety if definition else None
        if definition and (role is None or role.due != "gate" or role.gate_no not in definition.values):
            entry.problem(f"'{item}' cannot be answered through a gate", entry.line_of("items"))


def read_states(fields: Fields, into: Vocabulary) -> None:
    for key, entry in _entries(fields.section("states")):
        into.places[key] = entry.file, entry.line
        given_by_screen = entry.one_of("given_by", ("screen", "rules"), "rules") == "screen"
        if given_by_screen and key not in SCREEN_STATES:
            given_by_screen = False
            entry.problem(
                f"the screen gives {' and '.join(SCREEN_STATES)}, not '{key}'", entry.line_of("given_by")
            )
        into.states[key] = StateDefinition(
            id=key,
            label=entry.text("label"),
            basis=entry.one_of("basis", ("observed", "inferred")),  # type: ignore[arg-type]
            origin=_read_origin(entry),
            internal=entry.flag("internal"),
            given_by_screen=given_by_screen,
        )
        entry.done()


def read_contributors(fields: Fields, into: Vocabulary, certainties: tuple[str, ...]) -> None:
    for section in ("contributors", "mechanisms"):
        ranked = tuple(into.contributors)
        for key, entry in _entries(fields.section(section)):
            beneath = entry.id("beneath", ranked, "contributor") if section == "mechanisms" else None
            into.contributors[key] = ContributorDefinition(
                id=key,
                label=entry.text("label"),
                for_patients=_read_for_patients(entry, into),
                region=entry.one_of("region", REGIONS),
                origin=_read_origin(entry),
                link_certainty=_read_link(entry.section("link_certainty"), into, certainties),
                key_groups=_read_groups(entry, into),
                primary=entry.flag("primary"),
                beneath=beneath,
            )
            entry.done()


def _read_link(link: Fields, into: Vocabulary, certainties: tuple[str, ...]) -> LinkCertainty:
    certainty = LinkCertainty(
        grade=link.one_of("grade", certainties),
        text=link.text("text"),
        cites=link.ids("cites", into.sources, "source in evidence.yaml"),
        shown_as=link.optional_text("shown_as"),
    )
    link.done()
    return certainty


def _read_groups(entry: Fields, into: Vocabulary) -> tuple[KeyGroup, ...]:
    groups = []
    for group in entry.each("key_groups"):
        groups.append(KeyGroup(group.text("label"), group.ids("any_of", into.findings, "finding")))
        group.done()
    if not groups or not all(group.any_of for group in groups):
        entry.problem("coverage needs key groups, each with a finding", entry.line_of("key_groups"))
    return tuple(groups)


def read_chains(fields: Fields, into: Vocabulary, codes: set[str]) -> None:
    ends = {*into.states, *into.contributors}
    for key, entry in _entries(fields.section("chains")):
        arrows = []
        for arrow in entry.each("arrows"):
            arrows.append(
                Arrow(
                    source=arrow.id("from", ends, "state or contributor"),
                    target=arrow.id("to", ends, "state or contributor"),
                    level=arrow.text("level"),
                    rules=arrow.ids("rules", codes, "rule"),
                    says=arrow.text("says"),
                )
            )
            arrow.done()
        into.chains.append(Chain(key, entry.text("label"), _read_origin(entry), tuple(arrows)))
        entry.done()


def read_red_flags(fields: Fields, into: Vocabulary) -> None:
    into.roles = fields.texts("roles")
    for key, entry in _entries(fields.section("urgencies")):
        into.urgencies[key] = urgency = _read_urgency(key, entry, into.roles)
        place = len(into.urgencies)
        if urgency.order != place:
            entry.problem(f"'{key}' stands in place {place}: gravest first", entry.line_of("order"))
        entry.done()
    for key, entry in _entries(fields.section("red_flags")):
        urgency = into.urgencies.get(entry.one_of("urgency", into.urgencies), NO_URGENCY)
        flag = RedFlag(
            code=key,
            label=entry.text("label"),
            urgency=urgency,
            withholds=entry.one_of("withholds", ("all", "knee", "nothing")),  # type: ignore[arg-type]
            out_of_scope=entry.flag("out_of_scope"),
            outside_intended_use=entry.flag("outside_intended_use"),
        )
        if urgency.withholds_all and flag.withholds != "all" and entry.text("urgency") == urgency.id:
            said = f"a flag of urgency {urgency.id} withholds all, not {flag.withholds}"
            entry.problem(said, entry.line_of("withholds"))
        into.places[key] = entry.file, entry.line_of("withholds")
        into.red_flags[key] = flag
        entry.done()


def _read_urgency(key: str, entry: Fields, roles: tuple[str, ...]) -> Urgency:
    return Urgency(
        id=key,
        words=entry.text("words"),
        order=entry.integer("order"),
        withholds_all=entry.flag("withholds_all"),
        referral_first=entry.flag("referral_first"),
        refers=entry.flag("refers"),
        act_first=entry.flag("act_first"),
        cleared_by=entry.ids("cleared_by", roles, "role", required=False) or roles,
    )


def read_recommendations(fields: Fields, into: Vocabulary, classes: tuple[str, ...]) -> None:
    for key, entry in _entries(fields.section("recommendations")):
        target = entry.id("target", {*into.contributors, "none"}, "contributor or mechanism")
        into.recommendations[key] = RecommendationDefinition(
            code=key,
            id=entry.text("id"),
            label=entry.text("label"),
            text=entry.text("text"),
            for_patients=_read_for_patients(entry, into),
            dose=entry.text("dose"),
            support=entry.text("support"),
            limits=entry.text("limits"),
            target=None if target == "none" else target,
            cites=entry.ids("cites", into.sources, "source in evidence.yaml"),
            verification=entry.one_of("verification", VERIFICATIONS),
            origin=_read_origin(entry),
            given_while=entry.ids("given_while", classes, "class", required=False) or None,
            target_if_state=(entry.id("target_if_state", into.states, "state", required=False) or None),
        )
        entry.done()


def _read_for_patients(entry: Fields, into: Vocabulary) -> str:
    """A text that a patient may read: none of its words begins like one that can do harm."""
    text = entry.text("for_patients")
    for word in re.findall(r"\w+", text.casefold()):
        if word.startswith(into.never_to_patients):
            entry.problem(f"'{word}' is not said to patients", entry.line_of("for_patients"))
    return text


def read_alternatives(fields: Fields, into: Vocabulary) -> None:
    for key, entry in _entries(fields.section("alternatives")):
        into.places[key] = entry.file, entry.line
        into.alternatives[key] = AlternativeDefinition(
            id=key,
            label=entry.text("label"),
            text=entry.text("text"),
            cites=entry.ids("cites", into.sources, "source in evidence.yaml"),
            verification=entry.one_of("verification", VERIFICATIONS),
            origin=_read_origin(entry),
        )
        entry.done()


def _read_origin(entry: Fields) -> tuple[str, ...]:
    return entry.ids("origin", ORIGINS, "origin")


def _read_source_of(entry: Fields, into: Vocabulary) -> None:
    entry.id("cite", into.sources, "source in evidence.yaml")
    entry.one_of("verification", VERIFICATIONS)


def _entries(fields: Fields) -> list[tuple[str, Fields]]:
    return [(key, fields.section(key)) for key in fields.names()]
