"""The code location that `workspace.yaml` names: the manifests of one directory.

The environment says which: INTEGRATION_MONITOR_MANIFESTS names the directory, and
INTEGRATION_MONITOR_SENSOR_INTERVAL_S (30 where it is not set) how often incidents are looked at.
"""

from __future__ import annotations

import os

import click
import dagster as dg

from integration_monitor.builder import build_integration_monitor_defs
from integration_monitor.collection import keep_for_good
from integration_monitor.sensors import INTERVAL_S

MANIFESTS = "INTEGRATION_MONITOR_MANIFESTS"
SENSOR_INTERVAL = "INTEGRATION_MONITOR_SENSOR_INTERVAL_S"


class NoManifests(click.ClickException):
    """Nobody said which manifests to watch; the message says what to run.

    One of click's, so that Dagster's own commands end with that line, without a traceback.
    """


# Evaluated at each load, so that a run's process gets what the code server loaded.
@dg.definitions
def defs() -> dg.Definitions:
    """The plugin's definitions; every run of theirs stays in one process.

    Raises `NoManifests` where the environment names no directory.
    """
    directory = os.environ.get(MANIFESTS, "")
    if not directory:
        raise NoManifests(
            f"{MANIFESTS} is not set: run `integration-monitor dev DIR` to watch the manifests in"
            " DIR, or `integration-monitor demo` to see it at work"
        )
    monitor = build_integration_monitor_defs(
        manifests=directory, sensor_interval_s=_sensor_interval()
    )
    # Dagster resolves them next, in this process that does nothing else.
    keep_for_good()
    return dg.Definitions.merge(monitor, dg.Definitions(executor=dg.in_process_executor))


def _sensor_interval() -> int:
    text = os.environ.get(SENSOR_INTERVAL, "")
    return int(text) if text.isdecimal() and int(text) > 0 else INTERVAL_S
