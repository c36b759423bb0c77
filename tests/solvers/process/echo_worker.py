"""A worker that does as it is told, for the tests of the client."""

from __future__ import annotations

import os
import time
from typing import Any

from geocolor.solvers.process.server import Job, serve


def solve(request: dict[str, Any], job: Job) -> str:
    if "fail" in request:
        raise ValueError(request["fail"])
    if "exit" in request:
        os._exit(request["exit"])
    for number in request["send"]:
        job.send({"sent": number})
    time.sleep(request.get("sleep", 0))
    while "wait_for" in request and not job.stopped:
        news = job.news()
        if request["wait_for"] in news:
            return f"heard {news[request['wait_for']]}"
        time.sleep(0.01)
    return "OK"


if __name__ == "__main__":
    serve(solve)
