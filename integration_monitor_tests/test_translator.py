"""What a manifest looks like in Dagster, and how a user changes that."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg

from integration_monitor import AssetData, CheckData, IntegrationMonitorTranslator
from integration_monitor.manifest.domain import BrokenManifest, ManifestError
from integration_monitor_tests.plugin import (
    FakeMeasure,
    StoreIsAway,
    a_fleet,
    a_sync,
    an_integration,
    defs_of,
    store_resource,
)

TRANSLATOR = IntegrationMonitorTranslator()


def test_the_spec_of_a_destination() -> None:
    integration = an_integration()
    data = AssetData(integration, "destination", integration.syncs["contacts"])
    spec = TRANSLATOR.get_asset_spec(data)
    assert spec.key == dg.AssetKey(["hubspot", "contacts_destination"])
    assert [dep.asset_key for dep in spec.deps] == [dg.AssetKey(["hubspot", "contacts_source"])]
    assert spec.group_name == "hubspot"
    assert spec.owners == ["crm@example.com"]
    assert spec.kinds == {"sql"}
    assert spec.tags["integration_monitor/sync"] == "contacts"
    assert spec.tags["integration_monitor/category"] == "crm"
    assert spec.metadata["dagster/table_name"] == dg.MetadataValue.text("crm.contacts")
    assert spec.metadata["status_page"] == dg.MetadataValue.url("https://status.example.com")
    assert spec.metadata["manifest"] == dg.MetadataValue.path("integrations/hubspot.yaml")
    assert "`crm.contacts`" in str(spec.description)
    assert "every 15m" in str(spec.description)
    assert "CRM team" in str(spec.description)
    assert "(https://runbooks.example.com/crm)" in str(spec.description)


def test_the_spec_of_a_source_has_no_upstream() -> None:
    integration = an_integration()
    spec = TRANSLATOR.get_asset_spec(
        AssetData(integration, "source", integration.syncs["contacts"])
    )
    assert list(spec.deps) == []
    assert spec.kinds == {"rest"}
    assert "`GET /contacts`" in str(spec.description)


def test_text_that_is_no_tag_is_left_out() -> None:
    integration = replace(an_integration(), category="sales & marketing")
    spec = TRANSLATOR.get_asset_spec(AssetData(integration, "manifest"))
    assert "integration_monitor/category" not in spec.tags


def test_a_broken_manifest_has_an_asset_of_its_own() -> None:
    broken = BrokenManifest("stripe", "stripe.yaml", (ManifestError("stripe.yaml", 1, 1, "no"),))
    spec = TRANSLATOR.get_asset_spec(AssetData(broken, "manifest"))
    assert spec.key == dg.AssetKey(["stripe", "manifest"])
    assert "cannot be read" in str(spec.description)


class Prefixed(IntegrationMonitorTranslator):
    """Other keys and groups, another description of checks."""

    def get_asset_spec(self, data: AssetData) -> dg.AssetSpec:
        """Put everything under `partners`."""
        spec = super().get_asset_spec(data)
        return spec.replace_attributes(key=spec.key.with_prefix("partners"), group_name="partners")

    def get_asset_check_spec(self, data: CheckData) -> dg.AssetCheckSpec:
        """Say who is to be asked."""
        return super().get_asset_check_spec(data)._replace(description="Ask the CRM team.")


def test_a_translator_changes_keys_and_everything_follows(store_url: str) -> None:
    measure = FakeMeasure()
    fleet = a_fleet(an_integration("hubspot", a_sync()))
    destination = dg.AssetKey(["partners", "hubspot", "contacts_destination"])
    with store_resource(store_url) as resource:
        defs = defs_of(fleet, measure, resource, Prefixed())
        node = defs.resolve_asset_graph().get(destination)
        result = defs.resolve_job_def("integration_monitor_every_15m").execute_in_process()
    assert node.group_name == "partners"
    assert node.parent_keys == {dg.AssetKey(["partners", "hubspot", "contacts_source"])}
    assert result.success
    checked = {check.asset_key for check in result.get_asset_check_evaluations()}
    assert checked == {destination, *node.parent_keys}


def test_definitions_load_without_a_store() -> None:
    dg.Definitions.validate_loadable(defs_of(a_fleet(), FakeMeasure(), StoreIsAway()))
