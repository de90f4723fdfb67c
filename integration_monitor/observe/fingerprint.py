"""Telling whether what a sync is measured by has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass

from integration_monitor.manifest.domain import Sync


def fingerprint(sync: Sync) -> str:
    """A digest of both sides: place, key, version, tenant, `where`, requests.

    Where it differs from the stored one, coverage starts anew and open gaps are superseded.
    """
    return digest(sync.source, sync.destination)


def digest(*parts: object) -> str:
    """A short digest of what was written; keys that a later release adds do not change it."""
    given = json.dumps([_given(part) for part in parts], sort_keys=True, default=str)
    return hashlib.sha256(given.encode()).hexdigest()[:16]


def _given(part: object) -> object:
    """What differs from the defaults: a key that a later version adds changes no digest."""
    if is_dataclass(part):
        given: dict[str, object] = {"": type(part).__name__}
        for each in fields(part):
            value = getattr(part, each.name)
            default = each.default if each.default_factory is MISSING else each.default_factory()
            if value != default:
                given[each.name] = _given(value)
        return given
    if isinstance(part, Mapping):
        return {str(name): _given(value) for name, value in part.items()}
    if isinstance(part, Sequence) and not isinstance(part, str):
        return [_given(value) for value in part]
    return part
