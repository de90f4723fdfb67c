"""What a user writes: YAML manifests, read strictly into frozen domain objects."""

from integration_monitor.manifest.cadence import next_tick, parse_every, valid_until
from integration_monitor.manifest.domain import (
    BrokenManifest,
    Fleet,
    Integration,
    ManifestError,
    MissingReference,
    Monitor,
    Reference,
)
from integration_monitor.manifest.load import (
    ManifestDirectoryError,
    load_directory,
    load_file,
    load_texts,
    read_directory,
)
from integration_monitor.manifest.references import missing_references, unwatched
from integration_monitor.manifest.schema import json_schema, monitor_json_schema

__all__ = [
    "BrokenManifest",
    "Fleet",
    "Integration",
    "ManifestDirectoryError",
    "ManifestError",
    "MissingReference",
    "Monitor",
    "Reference",
    "json_schema",
    "load_directory",
    "load_file",
    "load_texts",
    "missing_references",
    "monitor_json_schema",
    "next_tick",
    "parse_every",
    "read_directory",
    "unwatched",
    "valid_until",
]
