from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from integration_monitor.local_processes import ServersError
from integration_monitor.local_servers import (
    DEFINITIONS,
    LocalServers,
    dagster_settings,
    dagster_url,
    exclusive,
    home,
    is_running,
)


def test_home_is_named_by_the_environment(tmp_path: Path) -> None:
    assert home({"INTEGRATION_MONITOR_HOME": str(tmp_path)}) == tmp_path.resolve()
    assert home({}).name == ".integration_monitor"


def test_a_directory_belongs_to_one_run_at_a_time(tmp_path: Path) -> None:
    directory = tmp_path / "demo"
    assert not is_running(directory)
    with exclusive(directory):
        assert is_running(directory)
        with pytest.raises(ServersError, match="runs already"), exclusive(directory):
            pass
    assert not is_running(directory)


def test_dagster_is_given_the_driver_it_is_written_for() -> None:
    url = "postgresql://postgres:@/dagster?host=/tmp/somewhere"
    assert dagster_url(url) == "postgresql+psycopg2://postgres:@/dagster?host=/tmp/somewhere"


def test_only_measurements_are_limited_in_time_and_not_the_runs_of_a_user() -> None:
    ours, theirs = (yaml.safe_load(dagster_settings(each)) for each in (DEFINITIONS, "shop.defs"))
    assert ours["run_monitoring"].pop("max_runtime_seconds") > 0
    assert ours == theirs
    assert theirs["run_monitoring"]["enabled"]


@pytest.mark.parametrize(
    ("module", "location"), [(DEFINITIONS, "integration_monitor"), ("shop.defs", "shop.defs")]
)
def test_a_code_location_of_the_user_has_the_name_of_its_module(
    tmp_path: Path, module: str, location: str
) -> None:
    with exclusive(tmp_path) as processes:
        assert LocalServers(processes, tmp_path, {}, 3000, module).location == location
