"""The loader is strict and kind: every mistake is said, with file, line and what would be right."""

import os
import random
from dataclasses import dataclass
from datetime import date

import pytest

from service.domain.rule import Review
from service.knowledge import load
from service.knowledge.describe import rule_lines
from service.knowledge.problems import Kind, Problem, RuleBaseError
from tests.unit.knowledge.workbench import Workbench

LOADS, EDITS_AT_A_TIME = (3000, 1) if os.environ.get("KNEECHAIN_FULL") == "1" else (60, 5)

ROTATORS = "contributors/hip/weak-external-rotators.yaml"
STABILISERS = "contributors/hip/two-stabilisers-weak.yaml"
LENGTH = "contributors/hip/normal-length-no-take-over.yaml"
DROP = "contributors/foot/large-navicular-drop.yaml"
CONTACT = "contributors/foot/lost-contact-point.yaml"
STRESS = "chains/raised-knee-stress.yaml"
TENSION = "chains/unexplained-knee-tension.yaml"
MENISCUS = "alternatives/meniscal-pattern.yaml"
ALTERNATIVES = "vocabulary/alternatives.yaml"
EFFUSION = "next-tests/ask-for-effusion.yaml"
COMBINED = "recommendations/offer-combined-programme.yaml"
FEVER = "safety/fever-or-unwell.yaml"
NERVES = "safety/ask-about-nerves-when-very-weak.yaml"
YOUNG = "safety/spontaneous-fracture-or-bone-signs-in-the-young.yaml"
CORE = "vocabulary/findings/core.yaml"
HIPS = "vocabulary/findings/hip.yaml"
FINDINGS = "vocabulary/findings/foot.yaml"
KNEE = "vocabulary/findings/knee.yaml"
SAFETY = "vocabulary/findings/safety.yaml"
HISTORY = "vocabulary/findings/history.yaml"
STATES = "vocabulary/states.yaml"
CONTRIBUTORS = "vocabulary/contributors.yaml"
FLAGS = "vocabulary/red_flags.yaml"
DERIVED = "vocabulary/derived.yaml"
GATES = "vocabulary/gates.yaml"
BASE = "rulebase.yaml"


@dataclass(frozen=True)
class Mistake:
    """One edit of one file, and the one problem it gives, in the line that holds `at`."""

    file: str
    old: str
    new: str
    said: str
    at: str = ""

    @property
    def place(self) -> str:
        return self.at or self.new.strip().partition("\n")[0]


M = Mistake
TEST = "hip_er_mmt: {at_most: 4}\n"
WHEN = f"when:\n  all:\n    - {TEST}"
EXAMPLE = "given: {hip_er_mmt: 4}\n    expect: fires\n"

# fmt: off
YAML = {
    "a key given twice": M(ROTATORS, "code: H01\n", "code: H01\ncode: H02\n",
        "'code' is given twice (first in line 2)", "code: H02"),
    "a key given twice in one line": M(ROTATORS, TEST, "hip_er_mmt: {at_most: 4, at_most: 3}\n",
        "'at_most' is given twice (first in line 10)"),
    "an anchor": M(ROTATORS, "code: H01", "code: &h H01",
        "anchors and aliases are not allowed: write it out"),
    "an anchor of a group": M(ROTATORS, "when:\n", "when: &h\n",
        "anchors and aliases are not allowed: write it out"),
    "a tag": M(ROTATORS, "code: H01", "code: !!str H01",
        "tags are not allowed: leave out 'tag:yaml.org,2002:str'"),
    "a tag of one's own": M(ROTATORS, "when:\n", "when: !rule\n", "tags are not allowed: leave out '!rule'"),
    "a key that is no word": M(ROTATORS, "code: H01", "code: H01\n? [a, b]\n: c", "a key must be a word",
        "? [a"),
    "a tab": M(EFFUSION, "code: N13", "\tcode: N13",
        "is not YAML: found a tab character that violates indentation", "\tcode"),
    "an open bracket": M(EFFUSION, "code: N13", "code: [N13",
        "is not YAML: did not find expected ',' or ']'", "title: "),
    "a colon too many": M(EFFUSION, "code: N13", "code: N13: x",
        "is not YAML: mapping values are not allowed in this context"),
    "an alias of nothing": M(EFFUSION, "code: N13", "code: *n",
        "anchors and aliases are not allowed: write it out"),
    "two documents": M(EFFUSION, "code: N13", "---\ncode: N13", "is more than one document"),
    "a control character": M(EFFUSION, "code: N13", "code: N\x0713",
        "is not YAML: control characters are not allowed"),
    "bottomless nesting": M(EFFUSION, "code: N13", f"code: {'[' * 900}{']' * 900}",
        "is nested more than 30 levels deep"),
}

SHAPES = {
    "an unknown key": M(ROTATORS, "because: >", "becuase: x\nbecause: >",
        f"{ROTATORS} has an unknown key 'becuase'. Did you mean 'because'?"),
    "an unknown key of an effect": M(ROTATORS, "    cluster: er\n", "    cluster: er\n    points: 3\n",
        "an item of 'then' has an unknown key 'points'.", "points: 3"),
    "a missing key": M(ROTATORS, "title:", "# title:", f"{ROTATORS} lacks 'title'", "rule: weak"),
    "an empty text": M(EFFUSION, "code: N13\n", "code:\n", "'code' is empty"),
    "a list where a text belongs": M(ROTATORS, "title: ", "title:\n  - ", "'title' must be a single value",
        "  - "),
    "a text where a list belongs": M(ROTATORS, "origin: [seed, literature]", "origin: seed",
        "'origin' must be a list"),
    "a text where a mapping belongs": M(ROTATORS, "  - cite: seed-text\n",
        "  - seed-text\n  - cite: seed-text\n",
        "an item of 'evidence' must be a mapping of keys to values"),
    "yes where true belongs": M(STABILISERS, "combination: true", "combination: yes",
        "'combination' is 'yes', not true or false (yes, no, on and off are words here)"),
    "no where false belongs": M(STATES, "internal: true}", "internal: no}",
        "'internal' is 'no', not true or false (yes, no, on and off are words here)"),
    "on where true belongs": M(FLAGS, "out_of_scope: true", "out_of_scope: on",
        "'out_of_scope' is 'on', not true or false (yes, no, on and off are words here)"),
    "off where false belongs": M(CONTRIBUTORS, "primary: true", "primary: off",
        "'primary' is 'off', not true or false (yes, no, on and off are words here)"),
    "true in quotes": M(CONTRIBUTORS, "primary: true", 'primary: "true"',
        "'primary' is 'true', not true or false"),
    "a version that is a time of day": M(ROTATORS, "version: 1\n", "version: 1:30\n",
        "'version' is '1:30', not a number"),
    "a version in quotes": M(ROTATORS, "version: 1\n", 'version: "1"\n', "'version' is '1', not a number"),
    "half a version": M(ROTATORS, "version: 1\n", "version: 1.5\n", "'version' must be a whole number"),
    "a version before the first": M(ROTATORS, "version: 1\n", "version: 0\n", "'version' is 0, less than 1"),
    "an unknown status": M(ROTATORS, "status: draft", "status: daft",
        "'status' is 'daft', not disabled, draft, retired, reviewed. Did you mean 'draft'?"),
    "reviewed by nobody": M(ROTATORS, "status: draft", "status: reviewed", f"{ROTATORS} lacks 'reviewed'",
        "rule: "),
    "reviewed on no day": M(ROTATORS, "status: draft",
        "status: reviewed\nreviewed: {by: x, on: soon, due: 2027-01-01}",
        "'on' is 'soon', not a date like 2027-05-22", "on: soon"),
    "switched off by nobody": M(ROTATORS, "status: draft", "status: disabled", f"{ROTATORS} lacks 'disabled'",
        "rule: "),
    "switched off for no reason": M(ROTATORS, "status: draft",
        "status: disabled\ndisabled: {by: x, on: 2026-11-20, was: draft}", "'disabled' lacks 'reason'",
        "disabled: {"),
    "switched off on no day": M(ROTATORS, "status: draft",
        "status: disabled\ndisabled: {by: x, on: soon, reason: y, was: draft}",
        "'on' is 'soon', not a date like 2027-05-22", "disabled: {"),
    "switched off from no status": M(ROTATORS, "status: draft",
        "status: disabled\ndisabled: {by: x, on: 2026-11-20, reason: y, was: disabled}",
        "'was' is 'disabled', not draft, reviewed.", "disabled: {"),
    "switched off and in force": M(ROTATORS, "status: draft",
        "status: draft\ndisabled: {by: x, on: 2026-11-20, reason: y, was: draft}",
        "'disabled' stands in a rule that is draft", "disabled: {"),
    "a file named otherwise": M(ROTATORS, "rule: weak-external-rotators", "rule: weak-rotators",
        "rule 'weak-rotators' must stand in a file of that name"),
    "no effects": M(COMBINED, "then:\n  - recommend: R10\n", "then: []\n",
        "a rule without effects does nothing"),
}

NAMES = {
    "an unknown finding": M(ROTATORS, TEST, "hip_er_mt: {at_most: 4}\n",
        "there is no finding 'hip_er_mt'. Did you mean 'hip_er_mmt'?"),
    "no word for a finding": M(ROTATORS, TEST, "hip_er_mmt: weak\n", "'weak' is not a word for hip_er_mmt"),
    "no comparison": M(ROTATORS, TEST, "hip_er_mmt: {atmost: 4}\n",
        "'atmost' with this value is not a test of hip_er_mmt"),
    "two comparisons": M(ROTATORS, TEST, "hip_er_mmt: {at_most: 4, at_least: 2}\n",
        "'hip_er_mmt' needs one word, such as present or {at_most: 4}"),
    "two criteria in one item": M(ROTATORS, TEST, f"{TEST}      bmi: observed\n",
        "one criterion for each item of a list"),
    "an unknown grade": M(ROTATORS, TEST, "hip_er_mmt: {at_most: 4.5}\n",
        "hip_er_mmt has no value '4.5'."),
    "an unknown choice": M(LENGTH, "one_of: [male, intersex]", "one_of: [mail, intersex]",
        "sex_at_birth has no value 'mail'. Did you mean 'male'?"),
    "an unknown state read": M(STRESS, "- state: periarticular_tension", "- state: periarticular_tention",
        "there is no state 'periarticular_tention'. Did you mean 'periarticular_tension'?"),
    "an absent state": M(STRESS, "- state: periarticular_tension\n",
        "- state: {periarticular_tension: absent}\n",
        "write 'state: id'; there is no absent for states"),
    "an unknown contributor": M(ROTATORS, "supports: hip_stabiliser_deficit",
        "supports: hip_stabilizer_deficit",
        "there is no contributor or mechanism 'hip_stabilizer_deficit'. "
        "Did you mean 'hip_stabiliser_deficit'?"),
    "an unknown contributor read": M(COMBINED, "- class: {hip_instability", "- class: {hip_unstable",
        "there is no contributor or mechanism 'hip_unstable'. Did you mean 'hip_instability'?"),
    "an unknown class": M(COMBINED, "- class: {hip_instability: {is: supported}}",
        "- class: {hip_instability: {is: suported}}",
        "there is no class 'suported'. Did you mean 'supported'?"),
    "an unknown strength": M(ROTATORS, "strength: moderate", "strength: moderat",
        "'strength' is 'moderat', not moderate, strong, weak. Did you mean 'moderate'?"),
    "an unknown source": M(ROTATORS, "cite: rathleff-2014", "cite: rathlef-2014",
        "there is no source in evidence.yaml 'rathlef-2014'. Did you mean 'rathleff-2014'?"),
    "an unknown flag": M(FEVER, "- flag: Z15\n", "- flag: Z55\n",
        "there is no red flag 'Z55'. Did you mean 'Z15'?"),
    "an unknown flag read": M("safety/weak-foot-pulses.yaml", "unless:\n  - flag: Z08",
        "unless:\n  - flag: Z088",
        "there is no red flag 'Z088'. Did you mean 'Z08'?", "  - flag: Z088\n"),
    "an unknown recommendation": M(COMBINED, "recommend: R10", "recommend: R100",
        "there is no recommendation 'R100'. Did you mean 'R10'?"),
    "an unknown finding to ask for": M(EFFUSION, "ask: [knee_effusion]", "ask: [knee_efusion]",
        "there is no finding 'knee_efusion'. Did you mean 'knee_effusion'?"),
    "an unknown rule of a chain": M("vocabulary/chains.yaml", "rules: [H01, H02", "rules: [H001, H02",
        "there is no rule 'H001'. Did you mean 'H01'?"),
    "an unknown certainty": M(CONTRIBUTORS, "grade: moderate", "grade: modest",
        "'grade' is 'modest', not low, moderate, very_low. Did you mean 'moderate'?"),
    "an unknown origin": M(ROTATORS, "origin: [seed, literature]", "origin: [sead, literature]",
        "there is no origin 'sead'. Did you mean 'seed'?"),
    "an unknown verification": M(FINDINGS, "verification: secondary_source", "verification: second_hand",
        "'verification' is 'second_hand', not abstract_seen, from_memory, project_convention, read_in_full, "
        "secondary_source."),
    "an unknown urgency": M(FLAGS, "urgency: SAME_DAY", "urgency: SAMEDAY",
        "'urgency' is 'SAMEDAY', not EMERGENCY, NOTE, SAME_DAY, SOON, URGENT. Did you mean 'SAME_DAY'?"),
    "an unknown region": M(FINDINGS, "region: foot", "region: foots",
        "'region' is 'foots', not ankle, core, foot, hip, history, knee, safety, systemic. "
        "Did you mean 'foot'?"),
    "no kind of effect": M(ROTATORS, "- state: external_rotator_underuse",
        "- status: external_rotator_underuse",
        "an effect is one of state, supports, opposes, note, alternative, flag, due, forbid, recommend, ask"),
    "a formula over what does not exist": M(DERIVED, "of: hip_add_hhd_n", "of: hip_add_hhd",
        "'hip_add_hhd' is no numeric finding. Did you mean 'hip_add_hhd_n'?"),
    "a formula over words": M(DERIVED, "of: hip_add_hhd_n", "of: hip_add_strength",
        "'hip_add_strength' is no numeric finding. Did you mean 'hip_add_strength'?"),
    "the other side of what has none": M(DERIVED, "minus: wblt_cm", "minus: {other: bmi}",
        "'bmi' has no other side"),
    "an example that is expected to burn": M(ROTATORS, "expect: fires", "expect: burns",
        "'expect' is 'burns', not fires, silent, suppressed, undetermined"),
    "an unknown key of an expectation": M(ROTATORS, "expect: fires", "expect: {outcome: fires, nett: {}}",
        "'expect' has an unknown key 'nett'", "- name: Dynamometry by another protocol"),
}

VALUES = {
    "a wrong unit": M(DROP, "15 mm}", "15 cm}", "'15 cm' must be written in mm: 15 mm", "15 cm}"),
    "a missing unit": M(DROP, "15 mm}", "15}", "'15' must be written in mm: 15 mm", "15}"),
    "a unit where there is none": M("contributors/foot/highly-pronated-foot-posture.yaml", "{at_least: 10}",
        "{at_least: 10 deg}", "'10 deg' must be written without a unit: 10"),
    "a threshold outside the range": M(DROP, "15 mm}", "31 mm}", "31 is outside the range 0 to 30", "31 mm}"),
    "a threshold off the step": M(DROP, "15 mm}", "15.05 mm}",
        "15.05 mm is off the step of navicular_drop_mm, 0.1", "15.05 mm}"),
    "a threshold that is a time of day": M(DROP, "15 mm}", "'1:30 mm'}", "'1:30 mm' is not a number",
        "'1:30"),
    "a threshold with an exponent": M(DROP, "15 mm}", "1.5e1 mm}", "'1.5e1 mm' is not a number", "1.5e1"),
    "between in the wrong order": M("contributors/movement/drop-jump-valgus-in-adolescent-girls.yaml",
        "[11 a, 17 a]", "[17 a, 11 a]", "'between' needs the lowest and the highest value"),
    "between of one": M("contributors/movement/drop-jump-valgus-in-adolescent-girls.yaml",
        "[11 a, 17 a]", "[11 a]", "'between' needs the lowest and the highest value"),
    "a value that counts as not assessed": M(LENGTH, "one_of: [male, intersex]", "one_of: [male, unknown]",
        "'unknown' counts as not assessed: nothing can equal it"),
    "present for what is no yes or no": M(ROTATORS, TEST, "hip_er_mmt: present\n",
        "'present' is for yes/no findings; hip_er_mmt is not one"),
    "half a per cent of coverage": M(TENSION, "{at_least: 50 %}", "{at_least: 50.5 %}",
        "50.5 % is off the step of coverage, 1 %"),
    "coverage without its unit": M(TENSION, "{at_least: 50 %}", "{at_least: 50}",
        "'50' must be written in %: 50 %"),
    "a value nobody can have": M(CORE, "values: [upper_chest]", "values: [upper_chset]",
        "there is no value 'upper_chset'. Did you mean 'upper_chest'?"),
    "no time to examine it": M(CORE, "burden_seconds: 90", "burden_seconds: 0",
        "'burden_seconds' is 0, less than 1"),
    "a number nobody can have": M(FINDINGS, 'values: ["6", "7"]', 'values: ["6", "few"]',
        "there is no value 'few'."),
    "a range upside down": M(KNEE, "range: [0, 100]", "range: [100, 0]",
        "'range' must run from lowest to highest"),
    "a range of no numbers": M(KNEE, "range: [0, 100]", "range: [nan, 100]",
        "'range' must be two numbers, lowest and highest"),
    "a step of nothing": M(FINDINGS, "range: [0, 30]\n    step: 0.1", "range: [0, 30]\n    step: 0",
        "'step' is 0, not more than 0", "step: 0\n"),
    "an answer above a word": M(HISTORY, "above: 30 min", "above: long min",
        "'above' must be a number in min"),
    "a bound of two for one": M(BASE, "net: {at_least: 4}", "net: {at_least: [4, 5]}",
        "'at_least' is no bound of net"),
    "a bound of one for two": M(BASE, "net: {between: [-1, 1]}", "net: {between: 1}",
        "'between' is no bound of net", "net: {between"),
    "an unknown quantity": M(BASE, "supporting_clusters: {at_least: 2}", "clusters: {at_least: 2}",
        "there is no quantity 'clusters'"),
}

MEANINGS = {
    "absence in a rule that scores": M(ROTATORS, TEST, "hip_er_mmt: not_observed\n",
        "a rule that scores may not read absence: write an unless"),
    "not_known outside safety": M(ROTATORS, TEST, "not_known: {hip_er_mmt: {at_most: 4}}\n",
        "'not_known' may only be used in safety rules"),
    "either outside safety": M(ROTATORS, TEST, "either: {hip_er_mmt: {at_most: 4}}\n",
        "'either' may only be used in safety rules"),
    "a flag read outside safety": M(ROTATORS, TEST, f"{TEST}    - flag: Z03\n",
        "'flag' may only be used in safety rules", "- flag"),
    "a flag that is no word": M(FEVER, "when:\n  any:\n", "when:\n  any:\n    - flag: [Z03]\n",
        "write 'flag: code'", "- flag: [Z03]"),
    "assessed outside safety": M(ROTATORS, TEST, f"{TEST}    - assessed: this_side\n",
        "'assessed' may only be used in safety rules", "- assessed"),
    "a flag raised outside safety": M(ROTATORS, "  - state: ext",
        "  - flag: Z03\n    text: x\n  - state: ext",
        "'flag' may only be used in safety rules"),
    "questions made due outside safety": M(ROTATORS, "  - state: ext", "  - due: [fever]\n  - state: ext",
        "'due' may only be used in safety rules"),
    "a ban outside safety": M(ROTATORS, "  - state: ext", "  - forbid: [R02]\n    reason: x\n  - state: ext",
        "'forbid' may only be used in safety rules"),
    "points in a safety rule": M(FEVER, "then:\n",
        "then:\n  - supports: hip_instability\n    strength: weak\n    cluster: x\n",
        "'supports' may not be used in safety rules: the screen runs first", "- supports"),
    "an offer in a safety rule": M(FEVER, "then:\n", "then:\n  - recommend: R02\n",
        "'recommend' may not be used in safety rules: the screen runs first", "- recommend"),
    "a class read by a safety rule": M(FEVER, "when:\n  any:\n",
        "when:\n  any:\n    - class: {hip_instability: {is: supported}}\n",
        "'class' may not be used in safety rules: the screen runs first", "- class"),
    "a state of the knee read by a safety rule": M(FEVER, "when:\n  any:\n",
        "when:\n  any:\n    - state: arch_collapse\n", "the state 'arch_collapse' is not known to the screen",
        "- state: arch"),
    "a state of the screen read by a rule of the knee": M(ROTATORS, TEST,
        f"{TEST}    - state: acute_injury\n",
        "the state 'acute_injury' is known to safety rules only", "- state: acute"),
    "a state that no rule sets": M(STATES, "  pfp_pattern:", "  patella_alta: {label: x, basis: observed, "
        "origin: [seed]}\n  pfp_pattern:", "the state 'patella_alta' is set by no rule"),
    "an alternative that is not there": M(MENISCUS, "- alternative: meniscal_pattern",
        "- alternative: meniscal_pattern\n  - alternative: meniscal_patern",
        "there is no alternative 'meniscal_patern'. Did you mean 'meniscal_pattern'?",
        "- alternative: meniscal_patern"),
    "an alternative in a safety rule": M(FEVER, "then:\n", "then:\n  - alternative: meniscal_pattern\n",
        "'alternative' may not be used in safety rules: the screen runs first", "- alternative"),
    "an alternative that no rule shows": M(ALTERNATIVES, "  meniscal_pattern:",
        "  plica: {label: x, text: y, cites: [from-memory], verification: from_memory, origin: [expert]}\n"
        "  meniscal_pattern:", "the alternative 'plica' is shown by no rule", "{label: x, text: y"),
    "an alternative without a source": M(ALTERNATIVES, "cites: [nice-ng226]", "cites: [nice]",
        "there is no source in evidence.yaml 'nice'. Did you mean 'nice-ng12'?"),
    "a state that only the screen may give": M(STATES, "arch_collapse: {",
        "arch_collapse: {given_by: screen, ",
        "the screen gives safety_incomplete and referral_first, not 'arch_collapse'"),
    "one name for two findings": M(FINDINGS, "aliases: [navicular drop test,",
        "aliases: [fpi, navicular drop test,", "'fpi' is a name of fpi6 already", "  navicular_drop_mm:"),
    "a word it is found by that is a name": M(FINDINGS, "found_by: [ND test,",
        "found_by: [FPI, ND test,", "'FPI' is a name of fpi6 already", "  navicular_drop_mm:"),
    "more than there are": M(STABILISERS, "at_least_n: 2", "at_least_n: 4",
        "'at_least_n: 4' over 3 criteria"),
    "exactly more than there are": M(CONTACT, "at_least_n: 2", "exactly_n: 4",
        "'exactly_n: 4' over 3 criteria"),
    "exactly none": M(CONTACT, "at_least_n: 2", "exactly_n: 0", "'exactly_n: 0' over 3 criteria"),
    "exactly in unless": M(ROTATORS, "unless:\n",
        "unless:\n  - exactly_n: 1\n    of: [{bmi: observed}, {age_years: observed}]\n",
        "'exactly_n' counts tests of findings, and not in unless or not_known", "- exactly_n"),
    "exactly of states": M(STRESS, "when:\n  any:\n", "when:\n  any:\n    - exactly_n: 1\n      of: [state: "
        "periarticular_tension, state: arch_collapse]\n",
        "'exactly_n' counts tests of findings, and not in unless or not_known", "- exactly_n"),
    "an empty group": M(ROTATORS, f"all:\n    - {TEST}", "all: []\n", "a group needs a list of criteria"),
    "the other side of what has none ": M(ROTATORS, TEST, "other: {bmi: observed}\n",
        "the other side can only be read of a finding that has a side"),
    "a finding that cannot be due": M(NERVES, "      - saddle_numbness\n",
        "      - bmi\n      - saddle_numbness\n",
        "'bmi' is no safety finding: it cannot be due", "  - due:"),
    "a ban until nothing is answered": M("safety/no-single-leg-tests-when-unsafe.yaml",
        "    reason: >-\n", "    until_answered: true\n    reason: >-\n",
        "'until_answered' waits for what this rule makes due: nothing", "then:"),
    "a gate of what no gate can answer": M(GATES, "items:\n      - locked_knee",
        "items: [locked_knee, bmi]\n#",
        "'bmi' cannot be answered through a gate", "items: [locked"),
    "a contributor nobody can examine": M(CONTRIBUTORS, "any_of: [bmi]", "any_of: []",
        "coverage needs key groups, each with a finding", "key_groups:\n      - {label: body mass"),
    "a class without a rank": M(BASE, "class_order: [supported, ", "class_order: [",
        "'class_order' must name every class"),
    "urgencies out of order": M(FLAGS, "order: 2\n", "order: 3\n",
        "'SAME_DAY' stands in place 2: gravest first"),
    "a grave flag that withholds nothing": M(FLAGS, "SAME_DAY\n    withholds: all",
        "SAME_DAY\n    withholds: nothing",
        "a flag of urgency SAME_DAY withholds all, not nothing", "withholds: nothing"),
    "a grave flag that withholds a knee": M(FLAGS, "SAME_DAY\n    withholds: all",
        "SAME_DAY\n    withholds: knee",
        "a flag of urgency SAME_DAY withholds all, not knee", "withholds: knee"),
    "a flag that withholds no certain knee": M("safety/safeguarding-or-falls.yaml", "- flag: Z19",
        "- flag: Z14", "Z14 withholds a knee, but this rule reads no side", "rule:"),
    "an unknown role": M(FLAGS, "cleared_by: [physician]", "cleared_by: [physican]",
        "there is no role 'physican'. Did you mean 'physician'?"),
    "a formula that is never unknown in a rule that scores": M(ROTATORS, TEST,
        f"{TEST}    - usable_er_dynamometry: absent\n",
        "'usable_er_dynamometry' is never unknown: a rule that scores may read it only in its unless",
        "- usable_er_dynamometry: absent"),
    "what was examined in a rule that scores": M(ROTATORS, TEST,
        "hip_findings_observed: {at_least: 3}\n",
        "'hip_findings_observed' is never unknown: a rule that scores may read it only in its unless"),
    "a score of the screen in a rule that scores": M(ROTATORS, TEST, "wells_score: {at_most: 0}\n",
        "'wells_score' is never unknown: a rule that scores may read it only in its unless"),
    "a formula for words": M(HISTORY, "    type: choice\n",
        "    type: choice\n    derive: {kind: ratio, of: bmi, to: bmi}\n",
        "'derive' computes a number", "derive:"),
    "an agreement below nothing": M(HIPS, "of: hip_er_hhd_n, to: body_mass_kg, per: 9.81, agrees_within: 1}",
        "of: hip_er_hhd_n, to: body_mass_kg, per: 9.81, agrees_within: -1}",
        "'agrees_within' is below 0"),
    "knees chosen by what has no side": M(BASE, "knee_pain: knee_pain_present", "knee_pain: fever",
        "'fever' is no yes/no finding with a side"),
    "answers that last no time": M(BASE, "answers_last_hours: 24", "answers_last_hours: 0",
        "'answers_last_hours' is 0, less than 1"),
    "a text that nothing fills in": M("safety/dvt-likely.yaml", "score {wells_score};", "score {wels_score};",
        "nothing fills in '{wels_score}' of 'text'. Did you mean 'wells_score'?", "text: >-"),
    "a sentence that nothing fills in": M("wording.yaml", "{urgency}: {flags}", "{urgncy}: {flags}",
        "nothing fills in '{urgncy}' of 'headline_flags'. Did you mean 'urgency'?", "headline_flags"),
    "a stray brace": M("wording.yaml", "{urgency}: {flags}", "{urgency: {flags}",
        "'headline_flags' has a brace without its fellow", "headline_flags"),
    "a convention that nothing fills in": M("conventions/stale-finding.yaml", "{finding}: too old",
        "{find}: too old", "nothing fills in '{find}' of 'text'. Did you mean 'finding'?", "text: >"),
    "a unit without words": M("vocabulary/findings/core.yaml", "unit: s\n", "unit: sec\n",
        "units.yaml has no words for the unit 'sec'", "unit: sec"),
    "a unit without a number": M("vocabulary/units.yaml", '"{number} N"', '"newton"',
        "'newton' leaves no place for the {number}", "N: {many"),
    "a unit that names something else": M("vocabulary/units.yaml", "{number} mm", "{number} {nmber}",
        "nothing fills in '{nmber}' of 'many'. Did you mean 'number'?", "mm: {many"),
}
# fmt: on
MISTAKES = {**YAML, **SHAPES, **NAMES, **VALUES, **MEANINGS}


KINDS: dict[Kind, tuple[str, ...]] = {
    "undefined": (
        "an unknown finding", "an unknown grade", "an unknown choice", "an unknown state read",
        "an unknown contributor", "an unknown contributor read", "an unknown class", "an unknown source",
        "an unknown flag", "an unknown flag read", "an unknown recommendation",
        "an unknown finding to ask for", "an unknown rule of a chain", "an unknown origin",
        "a formula over what does not exist", "a formula over words", "a value nobody can have",
        "a number nobody can have", "an unknown quantity", "a state that no rule sets",
        "an alternative that is not there", "an alternative without a source", "an unknown role",
        "a text that nothing fills in", "a sentence that nothing fills in",
        "a convention that nothing fills in", "a unit that names something else",
    ),
    "wrong_side": (
        "the other side of what has none", "the other side of what has none ",
        "a flag that withholds no certain knee",
    ),
    "unit": (
        "a wrong unit", "a missing unit", "a unit where there is none", "coverage without its unit",
        "an answer above a word", "a unit without words",
    ),
    "out_of_range": (
        "a threshold outside the range", "a threshold off the step", "a value that counts as not assessed",
        "half a per cent of coverage",
    ),
}  # fmt: skip
"""The mistakes that are more than refused."""
KIND_OF = {name: kind for kind, names in KINDS.items() for name in names}


def test_only_mistakes_have_kinds() -> None:
    assert KIND_OF.keys() <= MISTAKES.keys()


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_said_with_its_file_and_line_and_kind(bench: Workbench, name: str) -> None:
    mistake = MISTAKES[name]
    bench.replace(mistake.file, mistake.old, mistake.new)
    (found,) = bench.problems()
    line = bench.line_of(mistake.file, mistake.place)
    assert (found.file, found.line, found.message) == (mistake.file, line, mistake.said)
    assert found.kind == KIND_OF.get(name, "refused")


def test_each_grave_flag_must_withhold_all_and_names_its_own_line(bench: Workbench) -> None:
    bench.write(FLAGS, bench.read(FLAGS).replace("withholds: all\n", "withholds: nothing\n"))
    problems = bench.problems()
    urgencies = [problem.message.split()[4] for problem in problems]
    assert (urgencies.count("EMERGENCY"), urgencies.count("SAME_DAY"), len(urgencies)) == (5, 12, 17)
    assert len({problem.line for problem in problems}) == 17


def test_no_rule_sets_what_the_screen_gives(bench: Workbench) -> None:
    bench.replace(ROTATORS, "then:\n", "then:\n  - state: referral_first\n")
    said = "the state 'referral_first' is given by the screen: no rule may set it"
    assert bench.problems() == [Problem(STATES, bench.line_of(STATES, "  referral_first:"), said)]


def test_a_rule_speaks_of_a_side_if_any_setter_of_its_state_does(bench: Workbench) -> None:
    """ZD1 reads a side only by way of the acute injury, whichever rule sets it last."""
    assert {"Z00", "ZD1"} <= bench.load().sided_rules
    bench.replace(FEVER, "then:\n", "then:\n  - state: acute_injury\n")
    setting = bench.load()
    assert [setting.rules[index].code for index in setting.setters["acute_injury"]] == ["Z00", "Z15"]
    assert {"Z00", "ZD1"} <= setting.sided_rules
    assert "Z15" not in setting.sided_rules


def test_rules_that_name_many_members_of_a_set_would_be_too_many_combinations(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "MOST_MEMBERS", 5)
    said = "the rules name more than 5 members of 'pain_provokers'"
    assert said in {problem.message for problem in bench.problems()}


def test_states_may_even_go_round_in_a_circle_while_sides_are_looked_for(bench: Workbench) -> None:
    bench.replace(
        "safety/acute-injury.yaml", "    - pain_onset:", "    - state: acute_injury\n    - pain_onset:"
    )
    assert "ZD1" in bench.load().sided_rules


def test_the_rules_as_they_stand_have_no_problem(bench: Workbench) -> None:
    assert bench.problems() == []


# -- whole files ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"# only a comment\n", "is empty"),
        (b"rule: ask-for-effusion\ntitle: \xff\n", "is not UTF-8 text"),
        (b"- a\n- b\n", f"{EFFUSION} must be a mapping of keys to values"),
        (b"just words\n", f"{EFFUSION} must be a mapping of keys to values"),
    ],
)
def test_a_file_that_holds_no_rule_is_said_once(bench: Workbench, content: bytes, said: str) -> None:
    bench.write(EFFUSION, content)
    assert bench.problems() == [Problem(EFFUSION, 1, said)]


@pytest.mark.parametrize(
    "name",
    ["wording.yaml", "vocabulary/units.yaml", "evidence.yaml", BASE, STATES, FLAGS, "vocabulary/chains.yaml"],
)
def test_a_file_that_must_be_there_is_missed(bench: Workbench, name: str) -> None:
    bench.remove(name)
    assert Problem(name, 1, "is missing") in bench.problems()


@pytest.mark.parametrize(
    "name", ["contributor/new.yaml", "new.yaml", "vocabulary/new.yaml", "safety/new.yml"]
)
def test_a_file_that_nothing_reads_is_no_silent_rule(bench: Workbench, name: str) -> None:
    bench.write(name, bench.read(EFFUSION))
    assert bench.problems() == [Problem(name, 1, "is read by nobody: wrong folder or ending")]


def test_two_rules_cannot_share_a_code(bench: Workbench) -> None:
    bench.replace(EFFUSION, "code: N13", "code: N12")
    first = next(p for p in (bench.folder / "next-tests").iterdir() if "code: N12\n" in p.read_text())
    files = sorted([f"next-tests/{first.name}", EFFUSION])
    later = bench.line_of(files[1], "code: N12")
    assert bench.problems() == [Problem(files[1], later, f"code 'N12' is used in {files[0]} already")]


def test_two_rules_cannot_share_a_name(bench: Workbench) -> None:
    again = "contributors/foot/weak-external-rotators.yaml"
    bench.write(again, bench.read(ROTATORS).replace("code: H01", "code: F99"))
    assert bench.problems() == [
        Problem(ROTATORS, 1, f"rule 'weak-external-rotators' is used in {again} already")
    ]


def test_a_rule_and_a_convention_cannot_share_a_code(bench: Workbench) -> None:
    stale = "conventions/stale-finding.yaml"
    bench.replace(stale, "code: U06", "code: N13")
    line = bench.line_of(stale, "code: N13")
    assert bench.problems() == [Problem(stale, line, f"code 'N13' is used in {EFFUSION} already")]


def test_each_convention_needs_exactly_one_file(bench: Workbench) -> None:
    bench.remove("conventions/stale-finding.yaml")
    said = Problem("conventions", 1, "the convention 'stale_finding' needs exactly one file")
    assert bench.problems() == [said]
    bench.restore()
    twice = bench.read("conventions/stale-finding.yaml").replace("rule: stale-finding", "rule: older-finding")
    bench.write("conventions/older-finding.yaml", twice.replace("code: U06", "code: U60"))
    assert bench.problems() == [said]


STALE = "conventions/stale-finding.yaml"


@pytest.mark.parametrize(("file", "code"), [(ROTATORS, "H01"), (STALE, "U06")])
def test_a_review_is_kept_with_its_rule(bench: Workbench, file: str, code: str) -> None:
    review = "status: reviewed\nreviewed: {by: Dr A. Example, on: 2026-11-01, due: 2028-11-01}"
    bench.replace(file, "status: draft", review)
    loaded = bench.load()
    named = {convention.code: convention for convention in loaded.conventions.values()}
    rule = loaded.rule_by_code.get(code) or named[code]
    assert (rule.status, rule.reviewed) == (
        "reviewed", Review("Dr A. Example", date(2026, 11, 1), date(2028, 11, 1))
    )  # fmt: skip
    said = f"{rule.id}, version 1, reviewed (by Dr A. Example on 2026-11-01, due 2028-11-01)"
    assert said in rule_lines(rule)


def test_a_convention_cannot_be_switched_off(bench: Workbench) -> None:
    bench.replace(STALE, "status: draft", "status: disabled")
    line = bench.line_of(STALE, "status: disabled")
    assert bench.problems() == [Problem(STALE, line, "'status' is 'disabled', not draft, reviewed.")]


def test_a_question_that_nothing_makes_due_is_found_where_it_is_declared(bench: Workbench) -> None:
    bench.replace(GATES, "      - fever\n", "")
    line = bench.line_of(SAFETY, "  fever:\n")
    assert bench.problems() == [Problem(SAFETY, line, "nothing makes 'fever' due")]


def test_a_finding_cannot_bear_the_name_of_a_gate(bench: Workbench) -> None:
    bench.replace(
        FINDINGS, "aliases: [navicular drop test,", "aliases: [gate_locked_knee, navicular drop test,"
    )
    said = "'gate_locked_knee' is a name of navicular_drop_mm already"
    assert bench.problems() == [Problem(GATES, bench.line_of(GATES, "  gate_locked_knee:"), said)]


def test_a_gate_cannot_bear_the_name_of_a_finding(bench: Workbench) -> None:
    bench.replace(GATES, "  gate_locked_knee:\n", "  fpi6:\n")
    said = Problem(GATES, bench.line_of(GATES, "  fpi6:\n"), "'fpi6' is a finding already")
    assert said in bench.problems()


def test_an_approved_base_names_who_approved_it_and_when(bench: Workbench) -> None:
    bench.replace(BASE, "status: draft", "status: reviewed")
    status, on = bench.line_of(BASE, "status: reviewed"), bench.line_of(BASE, "approved_on:")
    assert bench.problems() == [
        Problem(BASE, status, "a reviewed rule base names who approved it"),
        Problem(BASE, on, "'approved_on' is empty"),
    ]


def test_of_a_missing_section_nothing_more_is_said_than_that(bench: Workbench) -> None:
    bench.replace(BASE, "\nrecommendations:\n", "\nrecommendation:\n")
    line = bench.line_of(BASE, "recommendation:\n")
    assert bench.problems() == [
        Problem(BASE, bench.line_of(BASE, "name:"), f"{BASE} lacks 'recommendations'"),
        Problem(BASE, line, f"{BASE} has an unknown key 'recommendation'. Did you mean 'recommendations'?"),
    ]


# -- all at once ---------------------------------------------------------------------------------


def test_every_mistake_of_every_file_is_said_at_once_and_in_order(bench: Workbench) -> None:
    made = [
        *(NAMES[name] for name in ("an unknown finding", "an unknown contributor", "an unknown source")),
        *(VALUES[name] for name in ("a wrong unit", "a step of nothing")),
        *(MEANINGS[name] for name in ("points in a safety rule", "a class without a rank")),
        SHAPES["on where true belongs"],
        YAML["an open bracket"],
    ]
    for mistake in made:
        bench.replace(mistake.file, mistake.old, mistake.new)
    expected = [Problem(m.file, bench.line_of(m.file, m.place), m.said) for m in made]
    found = bench.problems()
    assert found == sorted(found)
    assert set(expected) == set(found)


def test_the_message_has_one_line_for_each_problem(bench: Workbench) -> None:
    bench.replace(ROTATORS, "version: 1\n", "version: 0\n")
    bench.replace(DROP, "version: 1\n", "version: 0\n")
    with pytest.raises(RuleBaseError) as caught:
        bench.load()
    assert str(caught.value).splitlines() == [
        f"{DROP}:4: 'version' is 0, less than 1",
        f"{ROTATORS}:4: 'version' is 0, less than 1",
    ]


# -- words stay words ----------------------------------------------------------------------------


def test_no_is_a_word_and_four_plus_keeps_its_plus(bench: Workbench) -> None:
    rules = bench.load().rule_by_code
    given = [example.given for example in (*rules["H01"].examples, *rules["Z15"].examples)]
    assert {"hip_er_mmt": "4+"} in given
    assert any(values.get("fever") == "no" for values in given)


# -- any edit at all -----------------------------------------------------------------------------


def _deleted(lines: list[str], at: int, other: int) -> list[str]:
    return lines[:at] + lines[at + 1 :]


def _doubled(lines: list[str], at: int, other: int) -> list[str]:
    return [*lines[: at + 1], *lines[at:]]


def _swapped(lines: list[str], at: int, other: int) -> list[str]:
    swapped = list(lines)
    swapped[at], swapped[other] = lines[other], lines[at]
    return swapped


EDITS = (_deleted, _doubled, _swapped)


def test_whatever_line_is_lost_doubled_or_swapped_it_loads_or_says_why(bench: Workbench) -> None:
    """300 edits of one line, five at a time; with KNEECHAIN_FULL=1 3,000, one at a time."""
    draw = random.Random(20261120)
    files = sorted(path.relative_to(bench.folder).as_posix() for path in bench.folder.rglob("*.yaml"))
    refused = 0
    for _ in range(LOADS):
        chosen = draw.sample(files, EDITS_AT_A_TIME)
        for name in chosen:
            lines = bench.read(name).split("\n")
            at, other = draw.randrange(len(lines)), draw.randrange(len(lines))
            bench.write(name, "\n".join(draw.choice(EDITS)(lines, at, other)))
        found = bench.problems()
        assert found == sorted(set(found))
        assert all(p.line >= 1 and (bench.folder / p.file).exists() for p in found), (chosen, found)
        refused += bool(found)
        bench.restore()
    assert refused > LOADS / 2
