"""What `dev` says of a code location, by the answer of Dagster's webserver."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from integration_monitor.dev_servers import load_problem
from integration_monitor_tests.observe.answering import Reply, answering

OUTER = {"message": "dagster._core.errors.DagsterUserCodeLoadError: Error occurred\n"}


def problem(document: object, status: int = 200) -> str | None:
    with answering(lambda _: Reply(document, status)) as webserver:
        found = load_problem(webserver.url)
    assert [asked.path for asked in webserver.asked] == ["/graphql"]
    return found


def of_location(error: Mapping[str, object] | None) -> object:
    entries = [{"locationOrLoadError": error}]
    return {"data": {"workspaceOrError": {"locationEntries": entries}}}


def test_a_code_location_that_loaded_is_no_problem() -> None:
    assert problem(of_location({})) is None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({**OUTER, "causes": []}, "DagsterUserCodeLoadError: Error occurred"),
        (
            {**OUTER, "causes": [{"message": "a.b.Broken: no shop\n"}, {"message": "KeyError: 1"}]},
            "Broken: no shop, caused by KeyError: 1",
        ),
    ],
)
def test_the_causes_are_told_where_there_are_some(error: Mapping[str, object], said: str) -> None:
    assert problem(of_location(error)) == f"cannot be loaded: {said}"


def test_a_workspace_that_cannot_be_read_is_told() -> None:
    error = {"message": "no workspace", "causes": []}
    assert problem({"data": {"workspaceOrError": error}}) == "cannot be loaded: no workspace"


@pytest.mark.parametrize(
    ("document", "status"),
    [({"errors": []}, 200), ({"data": None}, 200), ({}, 500), ([], 200), (of_location(None), 200)],
)
def test_no_answer_is_not_taken_for_a_good_one(document: object, status: int) -> None:
    assert "is not known to be loaded" in str(problem(document, status))


@pytest.mark.slow
def test_dev_tells_why_a_code_location_cannot_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "from integration_monitor import build_asset_check_alerts\n"
        "defs = build_asset_check_alerts(monitor='gone.yaml')\n"
    )
    program = [sys.executable, "-m", "integration_monitor", "dev"]
    path = os.pathsep.join([str(Path(__file__).parents[1]), str(tmp_path)])
    with subprocess.Popen(
        [*program, "--port", "0", "--module", "broken"],
        env={**os.environ, "PYTHONPATH": path},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    ) as dev:
        assert dev.stderr is not None
        said = ""
        try:
            while "Ctrl-C" not in said and (line := dev.stderr.readline()):
                said += line
        finally:
            dev.send_signal(signal.SIGINT)
            dev.stderr.read()
    assert "watching" not in said
    assert "cannot be loaded: MonitorFileError: gone.yaml:1:1: the file cannot be read" in said
    assert "press Reload on http://127.0.0.1:" in said
