from __future__ import annotations

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from integration_monitor.demo.commands import USAGE, app
from integration_monitor.demo.faults import FAULTS
from integration_monitor.demo.home import DemoHome
from integration_monitor.local_servers import exclusive

PORTS = ("--port", "--partner-port", "--inbox-port", "--receiver-port")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DemoHome:
    monkeypatch.setenv("INTEGRATION_MONITOR_HOME", str(tmp_path))
    return DemoHome(tmp_path / "demo")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_break_without_a_fault_lists_them() -> None:
    result = run("break")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == list(FAULTS)


@pytest.mark.parametrize(
    "arguments", [("break", "stop-sync"), ("fix",), ("fix", "--no-resync"), ("status",)], ids=str
)
def test_without_a_demo_there_is_one_clear_line(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == USAGE
    assert result.stderr == (
        "integration-monitor: no demo is running: start one with `integration-monitor demo`\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("break", "everything"), "drop-records, drop-tenant, stop-sync, partner-down"),
        (("break", "stop-sync", "--integration", "mail"), "crm, billing"),
        (("break", "validation", "--integration", "crm"), "billing only"),
        (("--headless", "--break", "everything"), "drop-records, drop-tenant"),
    ],
    ids=["fault", "integration", "not there", "headless"],
)
def test_what_is_not_there_is_told_with_what_is(arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == USAGE
    assert said in result.stderr


@pytest.mark.parametrize("flag", PORTS)
def test_a_port_in_use_is_one_clear_line(flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        free = dict.fromkeys(PORTS, "0") | {flag: port}
        result = run(*(part for option in free.items() for part in option))
    assert result.exit_code == USAGE
    assert result.stderr == (
        f"integration-monitor: port {port} is in use already:"
        f" choose another one with {flag} (0 takes a free one)\n"
    )


def test_two_demos_in_one_home_are_refused(home: DemoHome) -> None:
    with exclusive(home.directory):
        result = run(*(part for flag in PORTS for part in (flag, "0")))
    assert result.exit_code == USAGE
    assert "it runs already" in result.stderr


def test_reset_without_a_demo_brings_the_manifests_back(home: DemoHome) -> None:
    home.copy_manifests()
    (home.manifests / "crm.yaml").write_text("# mine")
    assert run("reset").exit_code == 0
    home.copy_manifests()
    assert "Harborview" in (home.manifests / "crm.yaml").read_text()
