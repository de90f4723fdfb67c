"""What a transport needs: its integration's manifest, and the process's recorder for a store."""

from __future__ import annotations

import logging
import os
import threading
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from integration_monitor.ingest.delivery import StoreSink
from integration_monitor.ingest.recorder import Recorder
from integration_monitor.ingest.spill import Spill
from integration_monitor.manifest.domain import Integration
from integration_monitor.manifest.load import (
    MONITOR_FILES,
    SUFFIXES,
    ManifestDirectoryError,
    load_texts,
    read_directory,
)
from integration_monitor.store.engine import DATABASE_URL, StoreError, open_store, store_url

MANIFESTS = "INTEGRATION_MONITOR_MANIFESTS"

_log = logging.getLogger(__name__)
_recorders: dict[tuple[str, Path], Recorder] = {}
_opening = threading.Lock()


def find_integration(name: str, directory: str) -> Integration | None:
    """The manifest of an integration; where there is none it is said in a warning."""
    if not directory:
        return _without(name, f"{MANIFESTS} is not set")
    try:
        return _find(name, directory)
    except ManifestDirectoryError as error:
        return _without(name, str(error))
    except Exception:  # noqa: BLE001 - what a manifest says must not keep calls from being made
        _log.warning("the manifest of %s could not be read", name, exc_info=True)
        return None


def recorder_for(url: str, spill: Path) -> Recorder | None:
    """The one recorder of this process for a store; where there is none it is said in a warning."""
    with _opening:
        if (url, spill) not in _recorders:
            try:
                address = store_url({DATABASE_URL: url})
                open_store(address).dispose()
            except StoreError as error:
                _log.warning("calls are not watched: %s", error)
                return None
            _recorders[url, spill] = Recorder(StoreSink(address), Spill(spill, _name(address)))
        return _recorders[url, spill]


def _find(name: str, directory: str) -> Integration | None:
    texts = read_directory(directory)
    # Usually its file is called like it, and a fleet may have a thousand of them.
    likely = {*MONITOR_FILES, *(f"{name}{suffix}" for suffix in SUFFIXES)}
    some = {file: text for file, text in texts.items() if Path(file).name in likely}
    for chosen in (some, texts):
        fleet = load_texts(chosen, directory=directory)
        for integration in fleet.integrations:
            if integration.name == name:
                return integration
    broken = next((one for one in fleet.broken if one.name == name), None)
    return _without(name, str(broken.errors[0]) if broken else f"{directory} has none of it")


def _without(name: str, why: str) -> Integration | None:
    _log.warning("calls to %s are watched without a manifest, all as one endpoint: %s", name, why)
    return None


def _name(address: str) -> str:
    """A store's name in the spill's directory: the same for every user and password."""
    url = sa.make_url(address)
    place = f"{url.host}:{url.port}/{url.database}"
    return f"calls-{sha256(place.encode()).hexdigest()[:12]}"


def _forked() -> None:
    global _opening  # another thread of the parent may have held it
    _opening = threading.Lock()


os.register_at_fork(after_in_child=_forked)
