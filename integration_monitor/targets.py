"""What the plugin shows of a manifest: its assets and checks, and what each stands for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from integration_monitor.dagster_internals import EntityKeys
from integration_monitor.manifest.domain import BrokenManifest, Fleet, Integration
from integration_monitor.signals import api, webhooks
from integration_monitor.translator import (
    AssetData,
    CheckData,
    FleetRole,
    IntegrationMonitorTranslator,
    Role,
    Signal,
)

SIGNALS: Mapping[FleetRole, Sequence[Signal]] = {"api": api.SIGNALS, "webhooks": webhooks.SIGNALS}
"""What is asked of each, in the order in which people ask."""


class KeysCollide(Exception):
    """A translator gives two assets the same key; the message names one such key."""


@dataclass(frozen=True)
class Target:
    """One integration, or a manifest that cannot be read: what one op covers."""

    manifest: Integration | BrokenManifest
    specs: Sequence[dg.AssetSpec]
    check_specs: Sequence[dg.AssetCheckSpec]
    assets: Mapping[dg.AssetKey, AssetData]
    checks: Mapping[dg.AssetCheckKey, CheckData]

    @property
    def op_name(self) -> str:
        """The name of the integration's op, and of its step in a run."""
        return "measure__" + re.sub(r"\W", "_", self.manifest.name)

    def data(self, key: dg.AssetKey | dg.AssetCheckKey) -> AssetData:
        """What an asset, or the asset of a check, stands for."""
        return self.checks[key].asset if isinstance(key, dg.AssetCheckKey) else self.assets[key]

    def syncs(self, keys: EntityKeys) -> frozenset[str]:
        """The names of the syncs that the keys are about."""
        found = [self.data(key).sync for key in keys]
        return frozenset(sync.name for sync in found if sync is not None)

    def ordered(self, keys: EntityKeys) -> list[dg.AssetKey | dg.AssetCheckKey]:
        """Sources before destinations before checks, as Dagster wants results."""
        return [key for key in (*self.assets, *self.checks) if key in keys]

    def of_role(self, keys: EntityKeys, role: Role) -> list[dg.AssetKey | dg.AssetCheckKey]:
        """Those of the keys that are about one role, assets before their checks."""
        return [key for key in self.ordered(keys) if self.data(key).role == role]

    @property
    def manifest_check(self) -> dg.AssetCheckKey:
        """The check of the manifest itself."""
        return next(key for key, data in self.checks.items() if data.signal == "manifest")


def build_targets(fleet: Fleet, translator: IntegrationMonitorTranslator) -> list[Target]:
    """One target a manifest, the broken ones last.

    Raises `KeysCollide` where the translator gives two assets the same key.
    """
    manifests: list[Integration | BrokenManifest] = [*fleet.integrations, *fleet.broken]
    targets = [_target(manifest, translator) for manifest in manifests]
    _require_different_keys(targets)
    return targets


def _require_different_keys(targets: Sequence[Target]) -> None:
    counted = Counter(spec.key for target in targets for spec in target.specs)
    for key, times in counted.items():
        if times > 1:
            raise KeysCollide(
                f"{times} assets have the key `{key.to_user_string()}`: a translation of `key` has"
                " to tell integrations, syncs and roles apart; `key_prefix` always does"
            )


def _target(
    manifest: Integration | BrokenManifest, translator: IntegrationMonitorTranslator
) -> Target:
    about = AssetData(manifest, "manifest")
    assets = [about]
    checks = [CheckData(about, "manifest")]
    for sync in manifest.syncs.values() if isinstance(manifest, Integration) else ():
        source = AssetData(manifest, "source", sync)
        destination = AssetData(manifest, "destination", sync)
        assets += [source, destination]
        checks += [CheckData(destination, "reconciliation"), CheckData(destination, "freshness")]
        checks += [CheckData(source, "schema_drift"), CheckData(destination, "schema_drift")]
    for role in _fleet_roles(manifest):
        partner = AssetData(manifest, role)
        assets.append(partner)
        checks += [CheckData(partner, signal) for signal in SIGNALS[role]]
    specs = [translator.get_asset_spec(data) for data in assets]
    check_specs = [translator.get_asset_check_spec(data) for data in checks]
    return Target(
        manifest=manifest,
        specs=specs,
        check_specs=check_specs,
        assets={spec.key: data for spec, data in zip(specs, assets, strict=True)},
        checks={spec.key: data for spec, data in zip(check_specs, checks, strict=True)},
    )


def _fleet_roles(manifest: Integration | BrokenManifest) -> Iterator[FleetRole]:
    if isinstance(manifest, Integration):
        if manifest.watches_calls:
            yield "api"
        if manifest.webhooks is not None:
            yield "webhooks"
