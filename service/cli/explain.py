"""`kneechain explain`: questions about one exam, answered as trees or as the API does."""

import uuid
from collections.abc import Callable
from typing import Any, BinaryIO

import click

from schemas.exam import ExamReader
from schemas.explanation import write_reply
from schemas.faults import InvalidBody
from schemas.problem import invalid_body, no_answer
from schemas.question import QuestionReader
from service.assess import Assessor
from service.cli.common import (
    EXAM_NOT_RIGHT,
    FILE,
    NO_ANSWER,
    complain,
    complaints,
    console,
    print_json,
    rulebase,
)
from service.cli.explained import reply_tree
from service.clock import clock
from service.domain.exam import SIDES
from service.domain.question import TARGETS, QuestionName
from service.explain.explainer import Explainer
from service.inference.no_answer import NoAnswer
from service.terminal import fault_table

Command = Callable[..., Any]


@click.group()
def explain() -> None:
    """Ask about one exam: why, why not, what would change it, what to examine next.

    EXAM is a JSON file as posted to /v1/assessments (- reads standard input). Exits as `assess` does.
    """


def _asks(name: QuestionName) -> Callable[[Command], Command]:
    """The arguments and options of a question that is asked of one knee."""

    def declare(command: Command) -> Command:
        for kind in reversed(TARGETS[name]):
            metavar = "CODE" if kind in ("flag", "rule") else "ID"
            command = click.option(f"--{kind}", metavar=metavar, help=f"Ask of this {kind}.")(command)
        command = _changes(command)
        command = click.option("--side", type=click.Choice(SIDES), required=True, help="Which knee.")(command)
        return explain.command(name)(_exam(command))

    return declare


def _exam(command: Command) -> Command:
    as_json = click.option("--json", "as_json", is_flag=True, help="The API's reply instead of the tree.")
    return click.argument("exam", type=FILE)(as_json(command))


def _changes(command: Command) -> Command:
    return click.option(
        "--changes", type=FILE, metavar="FILE", help="A JSON list of findings to put into the exam first."
    )(command)


@_asks("why")
def why(exam: BinaryIO, as_json: bool, **asked: Any) -> None:
    """The complete proof of a contributor's class, or of a mechanism, state or red flag."""
    _reply("why", exam, as_json, asked)


@_asks("why-not")
def why_not(exam: BinaryIO, as_json: bool, **asked: Any) -> None:
    """What a rule, contributor, mechanism, state or red flag lacks, the nearest miss first."""
    _reply("why-not", exam, as_json, asked)


@_asks("counterfactuals")
@click.option("--class", "class", metavar="CLASS", help="The class wanted; any other where it is left out.")
@click.option("--page", type=int, help="Which page of 50 groups.")
def counterfactuals(exam: BinaryIO, as_json: bool, **asked: Any) -> None:
    """The smallest changes after which a contributor or mechanism has another class."""
    _reply("counterfactuals", exam, as_json, asked)


@_asks("bounds")
def bounds(exam: BinaryIO, as_json: bool, **asked: Any) -> None:
    """What a contributor or mechanism can still become once the unknown is examined."""
    _reply("bounds", exam, as_json, asked)


@_asks("next-tests")
def next_tests(exam: BinaryIO, as_json: bool, **asked: Any) -> None:
    """What to examine next, and whether it would change anything."""
    _reply("next-tests", exam, as_json, asked)


@explain.command("what-if")
@_exam
@_changes
@click.option("--other-exam", type=FILE, metavar="FILE", help="The exam to compare EXAM with.")
def what_if(exam: BinaryIO, as_json: bool, **asked: Any) -> None:
    """What differs between EXAM and its changes, or another exam, and why."""
    _reply("what-if", exam, as_json, asked)


# -- one way for all ---------------------------------------------------------------------------------


def _reply(name: QuestionName, exam: BinaryIO, as_json: bool, asked: dict[str, Any]) -> None:
    said = {key: value for key, value in asked.items() if value is not None}
    files: dict[str, bytes] = {"exam": exam.read()}
    files |= {key: said.pop(key).read() for key in ("changes", "other_exam") if key in said}
    target = _target(name, said)
    base = rulebase()
    now = clock()
    try:
        reader = QuestionReader(ExamReader(base))
        question = reader.read_files(name, files, said | target, now)
        reply = Explainer(Assessor.of(base)).reply(question, now)
    except InvalidBody as invalid:
        if as_json:
            print_json(invalid_body(invalid))
        else:
            complaints().print(fault_table(invalid))
        raise SystemExit(EXAM_NOT_RIGHT) from None
    except NoAnswer as reason:
        attempt = str(uuid.uuid4())
        if as_json:
            print_json(no_answer(attempt))
        complain(f"no answer to {attempt}: {reason}")
        raise SystemExit(NO_ANSWER) from None
    if as_json:
        print_json(write_reply(reply, base))
    else:
        console().print(reply_tree(reply, base))


def _target(name: QuestionName, said: dict[str, Any]) -> dict[str, Any]:
    """What is asked about, taken out of the options; exactly one where the question has targets."""
    kinds = TARGETS[name]
    chosen = [(kind, said.pop(kind)) for kind in kinds if kind in said]
    if not kinds:
        return {}
    if len(chosen) != 1:
        raise click.UsageError(f"exactly one of {', '.join(f'--{kind}' for kind in kinds)} is needed")
    ((kind, id_),) = chosen
    return {"target": {"kind": kind, "id": id_}}
