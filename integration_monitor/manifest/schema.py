"""JSON Schemas of the two kinds of files, for editors."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from integration_monitor.manifest.descriptions import DescribedJsonSchema
from integration_monitor.manifest.wire import Manifest, Monitor

DIALECT = GenerateJsonSchema.schema_dialect


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a manifest."""
    return {
        "$schema": DIALECT,
        **Manifest.model_json_schema(schema_generator=DescribedJsonSchema),
        "title": "A manifest of integration_monitor",
        "required": ["version", "integration", "owner"],
    }


def monitor_json_schema() -> dict[str, Any]:
    """The JSON Schema of monitor.yaml."""
    return {
        "$schema": DIALECT,
        **Monitor.model_json_schema(schema_generator=DescribedJsonSchema),
        "title": "monitor.yaml of integration_monitor",
    }
