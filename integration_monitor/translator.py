"""From a manifest to the specs of assets and checks; subclass it to name them your way."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, cast, get_args

import dagster as dg

from integration_monitor import (
    api_check_descriptions,
    asset_descriptions,
    check_descriptions,
    webhook_check_descriptions,
)
from integration_monitor.manifest.domain import (
    BrokenManifest,
    Cadence,
    Integration,
    Side,
    SqlSide,
    Sync,
)
from integration_monitor.signals.api import ApiSignal
from integration_monitor.signals.webhooks import WebhookSignal

FleetRole = Literal["api", "webhooks"]
"""What is judged of the whole fleet at once; each is the subject of its verdicts, too."""
Role = Literal["source", "destination", "manifest"] | FleetRole
Signal = (
    Literal["reconciliation", "freshness", "schema_drift", "manifest"] | ApiSignal | WebhookSignal
)

TAG_PREFIX = "integration_monitor"
FLEET_ROLES: tuple[FleetRole, ...] = get_args(FleetRole)
FLEET_EVERY = Cadence("*/15 * * * *", "15m", timedelta(minutes=15))
"""How often a run observes calls and webhooks, for the plots of their numbers."""
FLEET_CHECKS_EVERY = Cadence("0 * * * *", "1h", timedelta(hours=1))
"""How often a run evaluates their checks. Sensors tell what changes meanwhile, and Dagster keeps
each evaluation for ever."""
_TAG_VALUE = re.compile(r"[A-Za-z0-9_.-]{1,63}")
_RULES: Mapping[Signal, Callable[[str, Sync], str]] = {
    "reconciliation": check_descriptions.of_reconciliation,
    "freshness": check_descriptions.of_freshness,
    "schema_drift": check_descriptions.of_schema_drift,
}


@dataclass(frozen=True)
class AssetData:
    """What an asset stands for: a side of a sync, or, where `sync` is None, the partner's API, its
    webhooks, or the manifest itself.
    """

    manifest: Integration | BrokenManifest
    role: Role
    sync: Sync | None = None

    @property
    def side(self) -> Side | None:
        """The side of the sync, None for a manifest."""
        if self.sync is None:
            return None
        return self.sync.source if self.role == "source" else self.sync.destination

    @property
    def every(self) -> Cadence | None:
        """How often a schedule asks; None for a manifest, which a sensor follows."""
        if self.sync is not None:
            return self.sync.every
        return FLEET_EVERY if self.role in FLEET_ROLES else None


@dataclass(frozen=True)
class CheckData:
    """What a check asks, and of which asset."""

    asset: AssetData
    signal: Signal

    @property
    def every(self) -> Cadence | None:
        """How often a schedule asks; None for a manifest, which a sensor follows."""
        return FLEET_CHECKS_EVERY if self.asset.role in FLEET_ROLES else self.asset.every

    @property
    def verdict_signal(self) -> str:
        """The signal of the verdict that answers it: both sides of a sync have a schema."""
        is_of_side = self.signal == "schema_drift"
        return f"{self.asset.role}_{self.signal}" if is_of_side else self.signal


class IntegrationMonitorTranslator:
    """Override a method, call `super()`, and replace what should differ.

    Example:
        class Ours(IntegrationMonitorTranslator):
            def get_asset_spec(self, data: AssetData) -> dg.AssetSpec:
                return super().get_asset_spec(data).replace_attributes(group_name="integrations")
    """

    def get_asset_spec(self, data: AssetData) -> dg.AssetSpec:
        """The spec of an asset. Keys must differ from asset to asset."""
        return dg.AssetSpec(
            key=self._key(data),
            deps=[self._key_of(_source_of(data))] if data.role == "destination" else [],
            description=_description(data),
            group_name=data.manifest.name,
            owners=[data.manifest.owner.email] if isinstance(data.manifest, Integration) else [],
            kinds=_kinds(data),
            tags=_tags(data),
            metadata=_metadata(data),
        )

    def get_asset_check_spec(self, data: CheckData) -> dg.AssetCheckSpec:
        """The spec of a check on the asset that `get_asset_spec` gives for `data.asset`."""
        return dg.AssetCheckSpec(
            name=data.signal,
            asset=self._key_of(data.asset),
            description=_check_description(data),
            metadata=_links(data.asset.manifest),
        )

    def _key_of(self, data: AssetData) -> dg.AssetKey:
        """The key that `get_asset_spec` gives. Only where that is overridden is a spec built."""
        is_own = type(self).get_asset_spec is IntegrationMonitorTranslator.get_asset_spec
        return self._key(data) if is_own else self.get_asset_spec(data).key

    def _key(self, data: AssetData) -> dg.AssetKey:
        last = f"{data.sync.name}_{data.role}" if data.sync else data.role
        return dg.AssetKey([data.manifest.name, last])


def _source_of(data: AssetData) -> AssetData:
    return AssetData(data.manifest, "source", data.sync)


def _description(data: AssetData) -> str:
    if isinstance(data.manifest, BrokenManifest):
        return (
            f"The manifest `{data.manifest.file}` cannot be read: nothing else is watched."
            " Mend it, then reload the code location."
        )
    if data.role == "api":
        return asset_descriptions.of_api(data.manifest)
    if data.role == "webhooks":
        return asset_descriptions.of_webhooks(data.manifest)
    if data.sync is None or data.role == "manifest":
        return asset_descriptions.of_manifest(data.manifest)
    return asset_descriptions.of_side(data.manifest, data.sync, data.role)


def _check_description(data: CheckData) -> str:
    manifest, sync = data.asset.manifest, data.asset.sync
    if data.asset.role == "api" and isinstance(manifest, Integration):
        return api_check_descriptions.RULES[cast("ApiSignal", data.signal)](manifest)
    if data.asset.role == "webhooks" and isinstance(manifest, Integration) and manifest.webhooks:
        known = cast("WebhookSignal", data.signal)
        return webhook_check_descriptions.RULES[known](manifest.webhooks)
    if sync is None or data.signal == "manifest":
        return check_descriptions.MANIFEST
    return _RULES[data.signal](manifest.name, sync)


def _kinds(data: AssetData) -> set[str]:
    if data.role == "api":
        return {"rest"}
    if data.role == "webhooks":
        return {"webhook"}
    if data.side is None:
        return {"yaml"}
    return {"sql" if isinstance(data.side.at, SqlSide) else "rest"}


def _tags(data: AssetData) -> dict[str, str]:
    category = data.manifest.category if isinstance(data.manifest, Integration) else None
    tags = {"integration": data.manifest.name, "role": data.role, "category": category or ""}
    if data.sync is not None:
        tags["sync"] = data.sync.name
    return {f"{TAG_PREFIX}/{key}": tag for key, tag in tags.items() if _TAG_VALUE.fullmatch(tag)}


def _metadata(data: AssetData) -> dict[str, dg.MetadataValue]:
    metadata = _links(data.manifest)
    if table := table_name(data.side):
        metadata["dagster/table_name"] = dg.MetadataValue.text(table)
    return metadata


def table_name(side: Side | None) -> str | None:
    """The table of a SQL side, None for a query and for REST."""
    return side.at.table if side is not None and isinstance(side.at, SqlSide) else None


def _links(manifest: Integration | BrokenManifest) -> dict[str, dg.MetadataValue]:
    links: dict[str, dg.MetadataValue] = {"manifest": dg.MetadataValue.path(manifest.file)}
    if isinstance(manifest, BrokenManifest):
        return links
    partner = manifest.partner
    pages = {
        "runbook": manifest.runbook.url,
        "status_page": partner.status_page if partner else None,
        "changelog": partner.changelog if partner else None,
    }
    return links | {name: dg.MetadataValue.url(url) for name, url in pages.items() if url}
