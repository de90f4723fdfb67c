"""A Dagster plugin that watches shipped integrations."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from integration_monitor.version import __version__ as __version__

if TYPE_CHECKING:
    from integration_monitor.asset_check_alerts import build_asset_check_alerts
    from integration_monitor.builder import build_integration_monitor_defs
    from integration_monitor.component import IntegrationMonitorComponent
    from integration_monitor.ingest.tenants import tenant
    from integration_monitor.ingest.transport import AsyncMonitoredTransport, MonitoredTransport
    from integration_monitor.resources import StoreResource
    from integration_monitor.translator import AssetData, CheckData, IntegrationMonitorTranslator

__all__ = [
    "AssetData",
    "AsyncMonitoredTransport",
    "CheckData",
    "IntegrationMonitorComponent",
    "IntegrationMonitorTranslator",
    "MonitoredTransport",
    "StoreResource",
    "build_asset_check_alerts",
    "build_integration_monitor_defs",
    "tenant",
]

_HOMES = {
    "AssetData": "integration_monitor.translator",
    "AsyncMonitoredTransport": "integration_monitor.ingest.transport",
    "CheckData": "integration_monitor.translator",
    "IntegrationMonitorComponent": "integration_monitor.component",
    "IntegrationMonitorTranslator": "integration_monitor.translator",
    "MonitoredTransport": "integration_monitor.ingest.transport",
    "StoreResource": "integration_monitor.resources",
    "build_asset_check_alerts": "integration_monitor.asset_check_alerts",
    "build_integration_monitor_defs": "integration_monitor.builder",
    "tenant": "integration_monitor.ingest.tenants",
}


def __getattr__(name: str) -> object:
    # Imported at first use: the command line does not wait for Dagster to validate a file.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    # `dg` finds components by what a module lists.
    return sorted({*globals(), *__all__})
