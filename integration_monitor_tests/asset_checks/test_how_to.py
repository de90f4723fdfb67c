"""The page `docs/how-to/asset-check-alerts.md` says what works."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import dagster as dg
import pytest

from integration_monitor import build_asset_check_alerts
from integration_monitor.resources import STORE, StoreResource

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "asset-check-alerts.md"


def blocks(language: str) -> list[str]:
    """The examples in a language, in their order."""
    found = re.findall(
        rf"^( *)```{language}\n(.*?)^ *```", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    return [dedent(text) for _, text in found]


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the page's monitor.yaml."""
    (tmp_path / "monitor.yaml").write_text(blocks("yaml")[0])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_opens_an_incident(
    directory: Path, fast: dg.DagsterInstance, resource: StoreResource
) -> None:
    del directory
    module: dict[str, Any] = {"__name__": "shop"}
    exec(compile(blocks("python")[0], str(PAGE), "exec", dont_inherit=True), module)
    defs: dg.Definitions = module["defs"]
    # Dagster takes a module with one `Definitions` only.
    assert [name for name, value in module.items() if isinstance(value, dg.Definitions)] == ["defs"]
    defs.resolve_implicit_global_asset_job_def().execute_in_process(instance=fast)
    repository = defs.get_repository_def()
    context = dg.build_sensor_context(
        instance=fast, resources={STORE: resource}, repository_def=repository
    )
    said = repository.get_sensor_def("integration_monitor_incidents").evaluate_tick(context)
    assert "1 opened, 1 alert queued" in str(said.skip_message)


def test_the_selections_and_severities_mean_something(directory: Path) -> None:
    del directory
    names: Mapping[str, Any] = {"build_asset_check_alerts": build_asset_check_alerts, "dg": dg}
    for block in blocks("python")[2:4]:
        exec(block, dict(names))
