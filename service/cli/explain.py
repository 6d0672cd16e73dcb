"""`kneechain explain`: questions about one exam, answered as trees or as the API does."""

import uuid
from collections.abc import Callable
from typing import Any, BinaryIO

import click

from schemas.exam import ExamReader
from schemas.explanation import write_reply
from schemas.question import QuestionReader
from service.assess import Assessor
from service.cli.common import FILE, answering, console, print_json, rulebase
from service.cli.explained import reply_tree
from service.clock import clock
from service.domain.exam import SIDES
from service.domain.question import TARGETS, QuestionName
from service.explain.explainer import Explainer

Command = Callable[..., Any]
FILES = ("changes", "other_exam")
"""The parts of a question that may stand in files, beside the exam."""


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
    if (asked["changes"] is None) == (asked["other_exam"] is None):
        raise click.UsageError("exactly one of --changes, --other-exam is needed")
    _reply("what-if", exam, as_json, asked)


# -- one way for all ---------------------------------------------------------------------------------


def _reply(name: QuestionName, exam: BinaryIO, as_json: bool, asked: dict[str, Any]) -> None:
    said = {key: value for key, value in asked.items() if value is not None}
    files = {"exam": exam} | {key: said.pop(key) for key in FILES if key in said}
    target = _target(name, said)
    base = rulebase()
    now = clock()
    with answering(as_json, str(uuid.uuid4()), {key: _named(file) for key, file in files.items()}):
        contents = {key: file.read() for key, file in files.items()}
        question = QuestionReader(ExamReader(base)).read_files(name, contents, said | target, now)
        reply = Explainer(Assessor.of(base)).reply(question, now)
    if as_json:
        print_json(write_reply(reply, base))
    else:
        console().print(reply_tree(reply, base))


def _named(file: BinaryIO) -> str:
    return "standard input" if file.name == "-" else file.name


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
