"""`kneechain assess`: one exam, answered as a tree or as the API does."""

import uuid
from typing import BinaryIO

import click

from schemas.assessment import write_assessment
from schemas.exam import ExamReader
from service.assess import Assessor
from service.cli.common import FILE, answering, console, print_json, rulebase
from service.clock import clock
from service.terminal import assessment_tree


@click.command()
@click.argument("exam", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="The API's answer instead of the tree.")
@click.option("--ledger", is_flag=True, help="With --json: one row for every rule of the base.")
@click.option("--brief", is_flag=True, help="With --json: without trace and undetermined.")
def assess(exam: BinaryIO, as_json: bool, ledger: bool, brief: bool) -> None:
    """Assess EXAM, a JSON file as posted to /v1/assessments (- reads standard input).

    Exits 0 with an answer, 1 where the rule base is not right, 2 where the exam is not, 3 where the
    evaluators gave no answer.
    """
    if (ledger or brief) and not as_json:
        raise click.UsageError(f"{'--ledger' if ledger else '--brief'} goes with --json only")
    base = rulebase()
    assessor = Assessor.of(base)
    now, assessment_id = clock(), str(uuid.uuid4())
    with answering(as_json, assessment_id):
        read = ExamReader(base).read_bytes(exam.read(), now)
        assessment = assessor.assess(read, now=now, assessment_id=assessment_id, with_ledger=ledger)
    if as_json:
        print_json(write_assessment(assessment, base, brief=brief))
    else:
        console().print(assessment_tree(assessment, base))
