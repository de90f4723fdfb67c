"""What `demo` and `dev` run: an embedded PostgreSQL, the migrated store, Dagster's processes."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from integration_monitor.local_processes import (
    HOST,
    Processes,
    ServersError,
    take_port,
)
from integration_monitor.store.embedded import EmbeddedPostgres
from integration_monitor.store.engine import DATABASE_URL, open_store
from integration_monitor.store.migrate import upgrade

HOME = "INTEGRATION_MONITOR_HOME"
DEFAULT_HOME = Path(".integration_monitor")
LOCATION = "integration_monitor"
DEFINITIONS = "integration_monitor.definitions"
"""The code location that watches one directory's manifests, and nothing else."""
START_WITHIN = 90.0
"""Seconds for a server to answer after its start."""
_POLL_S = 0.2
_ENVIRONMENT = "environment.json"

Say = Callable[[str], None]
"""Tells the user what is being done."""


def home(environ: Mapping[str, str]) -> Path:
    """Where `demo` and `dev` keep their data: INTEGRATION_MONITOR_HOME, else a local directory."""
    return Path(environ.get(HOME) or DEFAULT_HOME).resolve()


@dataclass(frozen=True)
class LocalServers:
    """What Dagster's processes need, and where."""

    processes: Processes
    directory: Path
    environ: Mapping[str, str]
    port: int
    module: str = DEFINITIONS
    """The Python module of the code location."""

    @property
    def url(self) -> str:
        """The address of Dagster's UI."""
        return f"http://{HOST}:{self.port}"

    @property
    def location(self) -> str:
        """What Dagster calls the code location: the user's own by its module, as `dagster dev`."""
        return LOCATION if self.module == DEFINITIONS else self.module


def prepare(
    processes: Processes,
    directory: Path,
    postgres: EmbeddedPostgres,
    *,
    manifests: Path | None,
    port: int,
    environ: Mapping[str, str],
    module: str = DEFINITIONS,
) -> LocalServers:
    """Create the databases of the store and of Dagster, and Dagster's home.

    `manifests` is None where the code location knows by itself where they are.

    Raises `StoreError` where the store is newer than this code.
    """
    store_url = postgres.create_database("monitor")
    store = open_store(store_url)
    upgrade(store)
    store.dispose()
    dagster_home = directory / "dagster"
    dagster_home.mkdir(parents=True, exist_ok=True)
    (dagster_home / "dagster.yaml").write_text(dagster_settings(module))
    complete = {
        **environ,
        DATABASE_URL: store_url,
        "DAGSTER_HOME": str(dagster_home),
        "DAGSTER_POSTGRES_URL": dagster_url(postgres.create_database("dagster")),
        **({"INTEGRATION_MONITOR_MANIFESTS": str(manifests.resolve())} if manifests else {}),
        # A proxy for the world outside has no business between local servers.
        "NO_PROXY": ",".join(filter(None, (environ.get("NO_PROXY"), HOST))),
    }
    # Only what was set here: the user's own variables may be secrets.
    own = {name: value for name, value in complete.items() if os.environ.get(name) != value}
    _write_for_us_alone(directory / _ENVIRONMENT, json.dumps(own))
    return LocalServers(processes, directory, complete, port, module)


def running_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a running `demo` or `dev` of this home set in its environment, empty without one.

    With both running, `dev` counts: it watches the user's own manifests.
    """
    for name in ("dev", "demo"):
        directory = home(environ) / name
        if is_running(directory) and (directory / _ENVIRONMENT).exists():
            found: dict[str, str] = json.loads((directory / _ENVIRONMENT).read_text())
            return found
    return {}


def dagster_url(url: str) -> str:
    """The URL for dagster-postgres, which is written for psycopg2."""
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)


def start_ui(servers: LocalServers) -> None:
    """Start the code server and the webserver, and wait until the UI answers.

    Raises `ServersError` where one of them ends or does not answer.
    """
    code_port = take_port(0, "")
    workspace = servers.directory / "dagster" / "workspace.yaml"
    at = {"host": HOST, "port": code_port, "location_name": servers.location}
    # JSON is YAML.
    workspace.write_text(json.dumps({"load_from": [{"grpc_server": at}]}))
    # One code server for both: it loads once, and the UI's "Reload" is seen by the daemon too.
    _start(
        servers,
        "code server",
        *("-m", "dagster", "code-server", "start", "-m", servers.module),
        *("-h", HOST, "-p", str(code_port), "--location-name", servers.location),
        "--use-python-environment-entry-point",
    )
    _wait(servers, "the code server", lambda: _listens(code_port))
    _start(
        servers,
        "webserver",
        *("-m", "dagster_webserver", "-h", HOST, "-p", str(servers.port), "-w", str(workspace)),
    )
    _wait(servers, "Dagster's webserver", lambda: _answers(f"{servers.url}/server_info"))


def start_receiver(servers: LocalServers, port: int) -> None:
    """Start `serve`, with its processing, and wait until it takes webhooks.

    Raises `ServersError` where it ends or does not answer.
    """
    command = ("-m", "integration_monitor", "serve", "--host", HOST, "--port", str(port))
    _start(servers, "receiver", *command)
    _wait(servers, "the receiver", lambda: _answers(f"http://{HOST}:{port}/readyz"))


def start_daemon(servers: LocalServers) -> None:
    """Start what ticks schedules and sensors; the UI runs already."""
    workspace = servers.directory / "dagster" / "workspace.yaml"
    _start(servers, "daemon", "-m", "dagster._daemon", "run", "-w", str(workspace))


@contextmanager
def exclusive(directory: Path) -> Iterator[Processes]:
    """The processes of a directory, which belongs to one run at a time.

    Ends what a killed earlier run left. Raises `ServersError` where another one is under way.
    """
    import fcntl

    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ServersError(f"it runs already in {directory}: stop that one first") from error
        with Processes(directory) as processes:
            yield processes


def is_running(directory: Path) -> bool:
    """Whether a run holds this directory."""
    import fcntl

    try:
        with (directory / "lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def dagster_settings(module: str) -> str:
    """The text of a `dagster.yaml` for a code location.

    Without the limit of run time where it is the user's own, whose jobs may well take longer.
    """
    settings = yaml.safe_load(_dagster_yaml().read_text())
    if module != DEFINITIONS:
        del settings["run_monitoring"]["max_runtime_seconds"]
    return yaml.safe_dump(settings)


def _write_for_us_alone(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)


def _dagster_yaml() -> Path:
    # Beside the package in a checkout; the wheel takes the same file into the package.
    package = Path(__file__).parent
    packaged = package / "dagster.yaml"
    return packaged if packaged.exists() else package.parent / "dagster.yaml"


def _start(servers: LocalServers, name: str, *arguments: str) -> None:
    servers.processes.start(name, [sys.executable, *arguments], servers.environ)


def _wait(servers: LocalServers, name: str, answers: Callable[[], bool]) -> None:
    give_up = time.monotonic() + START_WITHIN
    while not answers():
        servers.processes.require_running()
        if time.monotonic() > give_up:
            raise ServersError(f"{name} does not answer within {START_WITHIN:g} s")
        time.sleep(_POLL_S)


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False
