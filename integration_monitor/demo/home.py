"""Where a demo keeps what belongs to it, and what it says to other processes about itself."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from integration_monitor.local_servers import is_running
from integration_monitor.manifest.schema import json_schema, monitor_json_schema
from integration_monitor.program import program

_TEMPLATES = Path(__file__).parent / "manifests"
_DAGSTER_URL = re.compile(r"^dagster_url:.*$", re.MULTILINE)


class NoDemo(Exception):
    """No demo is running; the message says how to start one."""


@dataclass(frozen=True)
class Addresses:
    """Where a running demo answers."""

    dagster: str
    partner: str
    inbox: str
    receiver: str
    product: str
    """The product's database, where events are handed on to."""
    store: str
    pid: int
    started_at: str
    ready_at: str

    @property
    def began(self) -> datetime:
        """When it was started."""
        return datetime.fromisoformat(self.started_at)

    @property
    def ready(self) -> datetime:
        """When it was ready to be watched."""
        return datetime.fromisoformat(self.ready_at)


@dataclass(frozen=True)
class DemoHome:
    """The directory of one demo."""

    directory: Path

    @property
    def manifests(self) -> Path:
        """The user's copies of the demo's manifests, to be edited."""
        return self.directory / "manifests"

    @property
    def faults(self) -> Path:
        """The file that says what is to be broken."""
        return self.directory / "faults.json"

    @property
    def spill(self) -> Path:
        """Where calls wait while the store is away."""
        return self.directory / "spill"

    @property
    def _running(self) -> Path:
        return self.directory / "running.json"

    def copy_manifests(self) -> None:
        """Copy those that are not there yet; the schemas beside them are for editors."""
        self.manifests.mkdir(parents=True, exist_ok=True)
        for template in _TEMPLATES.glob("*.yaml"):
            copy = self.manifests / template.name
            if not copy.exists():
                shutil.copyfile(template, copy)
        schemas = {"schema.json": json_schema(), "monitor.schema.json": monitor_json_schema()}
        for name, schema in schemas.items():
            (self.manifests / name).write_text(json.dumps(schema, indent=2))

    def forget_manifests(self) -> None:
        """Remove the user's copies, with whatever was added beside them."""
        shutil.rmtree(self.manifests, ignore_errors=True)

    def set_dagster_url(self, url: str) -> None:
        """Write into `monitor.yaml` where Dagster is, for the links in alerts."""
        path = self.manifests / "monitor.yaml"
        path.write_text(_DAGSTER_URL.sub(f"dagster_url: {url}", path.read_text()))

    def begin(self) -> None:
        """Forget the story of an earlier run."""
        self.faults.unlink(missing_ok=True)
        shutil.rmtree(self.spill, ignore_errors=True)
        self._running.unlink(missing_ok=True)

    def announce(self, addresses: Addresses) -> None:
        """Let other processes know where the demo answers."""
        written = self._running.with_suffix(".tmp")
        written.write_text(json.dumps(asdict(addresses), indent=2))
        written.replace(self._running)

    def addresses(self) -> Addresses:
        """Where the running demo answers. Raises `NoDemo` where none is running, or not yet."""
        if not is_running(self.directory):
            raise NoDemo(f"no demo is running: start one with `{program()} demo`")
        try:
            return Addresses(**json.loads(self._running.read_text()))
        except FileNotFoundError as error:
            raise NoDemo("the demo is still starting: wait until it is ready") from error
