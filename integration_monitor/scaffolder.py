"""What `dg scaffold defs integration_monitor.IntegrationMonitorComponent` writes."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import dagster as dg

MANIFESTS = "integrations"
"""The manifest directory of a component, beside its `defs.yaml`."""

EXAMPLES = ("orders.yaml", "monitor.yaml")
"""A first manifest, and what belongs to the whole fleet."""


class IntegrationMonitorScaffolder(dg.Scaffolder):
    """A `defs.yaml`, and beside it a folder with a first manifest and a `monitor.yaml`."""

    def scaffold(self, request: dg.ScaffoldRequest) -> None:
        """Write the files; what is there already stays as it is."""
        dg.scaffold_component(request, {"manifests": MANIFESTS})
        target = request.target_path
        write_examples((target.parent if request.append else target) / MANIFESTS)


def write_examples(directory: Path) -> None:
    """Write the example manifests where there are no files of these names."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in EXAMPLES:
        if not (directory / name).exists():
            example = files("integration_monitor").joinpath("scaffold", name)
            (directory / name).write_text(example.read_text("utf-8"), encoding="utf-8")
