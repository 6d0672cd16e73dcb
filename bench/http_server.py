"""The servers that are measured: the service, the same without its log, an echo that computes nothing."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response, request

from schemas.assessment import write_assessment
from service.app import create_app
from service.audit.entry import new_id
from service.config import MOST_PER_MINUTE, Config
from service.records.accesses import Asker
from service.records.recording import Answered, Recorder
from service.server import run
from service.web.served import EXTENSION


def echo(answer: bytes) -> Flask:
    """Reads the body, sends the same bytes every time."""
    app = Flask("echo")

    @app.post("/v1/assessments")
    def send() -> Response:
        request.get_data(cache=False)
        return Response(answer, 201, content_type="application/json")

    return app


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """Answers as the recorder does, and records nothing. There is no such service but this one."""

    recorder: Recorder

    def assess(self, posted: bytes, asker: Asker, view: dict[str, Any]) -> Answered:
        exam = self.recorder.reader.read_bytes(posted, asker.at)
        assessor = self.recorder.assessor
        assessment = assessor.assess(exam, now=asker.at, assessment_id=new_id(), recorded=True)
        answer = orjson.dumps(write_assessment(assessment, assessor.rulebase))
        return Answered(assessment.id, answer, new=True)


def service(logged: bool) -> Flask:
    app = create_app(replace(Config.from_environment(), requests_per_minute=MOST_PER_MINUTE))
    if not logged:
        served = app.extensions[EXTENSION]
        served.__dict__["recorder"] = Unrecorded(served.recorder)
    return app


def main() -> None:
    kind, port, workers, answer = sys.argv[1:]
    app = echo(Path(answer).read_bytes()) if kind == "echo" else service(logged=kind == "kneechain")
    run(app, Config(workers=int(workers)), "127.0.0.1", int(port))


if __name__ == "__main__":
    main()
