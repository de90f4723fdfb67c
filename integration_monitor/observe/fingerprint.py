"""Telling whether what a sync is measured by has changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from integration_monitor.manifest.domain import Sync


def fingerprint(sync: Sync) -> str:
    """A digest of both sides: place, key, version, tenant, `where`, requests.

    Where it differs from the stored one, coverage starts anew and open gaps are superseded.
    """
    sides = json.dumps([asdict(sync.source), asdict(sync.destination)], sort_keys=True, default=str)
    return hashlib.sha256(sides.encode()).hexdigest()[:16]
