"""From a manifest to the specs of assets and checks; subclass it to name them your way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import dagster as dg

from integration_monitor.manifest.domain import (
    BrokenManifest,
    Integration,
    RestSide,
    Runbook,
    Side,
    SqlSide,
    Sync,
)

Role = Literal["source", "destination", "manifest"]
Signal = Literal["reconciliation", "freshness", "schema_drift", "manifest"]

TAG_PREFIX = "integration_monitor"
_TAG_VALUE = re.compile(r"[A-Za-z0-9_.-]{1,63}")
_QUESTIONS: dict[Signal, str] = {
    "reconciliation": "Has every record of the source arrived at the destination?",
    "freshness": "How far is the destination behind the source?",
    "schema_drift": "Do the records still have the fields of the accepted baseline?",
    "manifest": "Is the manifest on disk valid, and the one that is loaded?",
}


@dataclass(frozen=True)
class AssetData:
    """What an asset stands for: a side of a sync, or the manifest itself (`sync` is None)."""

    manifest: Integration | BrokenManifest
    role: Role
    sync: Sync | None = None

    @property
    def side(self) -> Side | None:
        """The side of the sync, None for a manifest."""
        if self.sync is None:
            return None
        return self.sync.source if self.role == "source" else self.sync.destination


@dataclass(frozen=True)
class CheckData:
    """What a check asks, and of which asset."""

    asset: AssetData
    signal: Signal

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
            description=_QUESTIONS[data.signal],
            metadata=_links(data.asset.manifest),
        )

    def _key_of(self, data: AssetData) -> dg.AssetKey:
        """The key that `get_asset_spec` gives. Only where that is overridden is a spec built."""
        is_own = type(self).get_asset_spec is IntegrationMonitorTranslator.get_asset_spec
        return self._key(data) if is_own else self.get_asset_spec(data).key

    def _key(self, data: AssetData) -> dg.AssetKey:
        last = f"{data.sync.name}_{data.role}" if data.sync else "manifest"
        return dg.AssetKey([data.manifest.name, last])


def _source_of(data: AssetData) -> AssetData:
    return AssetData(data.manifest, "source", data.sync)


def _description(data: AssetData) -> str:
    if isinstance(data.manifest, BrokenManifest):
        return f"The manifest `{data.manifest.file}` cannot be read: nothing else is watched."
    paragraphs = [_what(data, data.manifest), f"Owner: {data.manifest.owner.name}."]
    if data.sync is not None:
        paragraphs.insert(1, f"Measured every {data.sync.every.text} (`{data.sync.every.cron}`).")
    return "\n\n".join([*paragraphs, *_runbook(data.manifest.runbook)])


def _what(data: AssetData, integration: Integration) -> str:
    if data.sync is None:
        return f"The manifest of {integration.title}: `{integration.file}`."
    title = data.sync.title or data.sync.name
    return f"The {data.role} of {title} in {integration.title}: {_place(data.side)}."


def _place(side: Side | None) -> str:
    match side.at if side else None:
        case SqlSide(table=str(table)):
            return f"the table `{table}`"
        case SqlSide():
            return "a SQL query"
        case RestSide(list=found, lookup=lookup):
            template = found or lookup
            return f"`{template.request.method} {template.request.path}`" if template else "REST"
    return "unknown"


def _runbook(runbook: Runbook) -> list[str]:
    text = [runbook.summary] if runbook.summary else []
    return text + ([f"[Runbook]({runbook.url})"] if runbook.url else [])


def _kinds(data: AssetData) -> set[str]:
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
    if manifest.partner is not None and manifest.partner.status_page:
        links["status_page"] = dg.MetadataValue.url(manifest.partner.status_page)
    if manifest.runbook.url:
        links["runbook"] = dg.MetadataValue.url(manifest.runbook.url)
    return links
