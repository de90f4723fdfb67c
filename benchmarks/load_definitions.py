"""What loading a fleet costs, beside a bare Dagster `Definitions` with as many assets and checks.

Both are resolved as a code location does it: the repository, and everything in it. The peer has
the same ops, keys and dependencies, no descriptions or metadata, and neither jobs nor sensors.
"""

# No postponed annotations here: Dagster compares that of `_context` with its own classes.

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import dagster as dg

from benchmarks.measuring import Row, in_child, median, options, rounds, show
from integration_monitor.dagster_internals import disable_dagster_warnings
from integration_monitor.definitions import MANIFESTS
from integration_monitor.definitions import defs as code_location
from integration_monitor.manifest.load import load_directory
from integration_monitor.targets import Target, build_targets
from integration_monitor.translator import IntegrationMonitorTranslator

AT_MOST = 1.5
_MANIFEST = """\
version: 1
integration: {name}
title: The partner {name}
owner: {{name: Owner of integrations, email: owner@example.com}}
partner: {{base_url: https://api.{name}.example}}
auth: {{type: bearer, token: {{env: TOKEN}}}}
syncs:
"""
_SYNC = """\
  {sync}:
    every: {every}
    grace: 10m
    source:
      rest:
        list:
          path: /v1/{sync}
          query: {{since: "{{since}}", until: "{{until}}", cursor: "{{cursor}}"}}
        lookup: {{method: POST, path: /v1/{sync}/batch, body: {{ids: "{{keys}}"}}, batch: 100}}
        records: results
        next: paging.next
      key: id
      updated_at: updated_at
    destination:
      sql: {{url: {{env: WAREHOUSE_URL}}, table: {name}.{sync}}}
      key: {sync}_id
      updated_at: source_updated_at
    lag: {{warn: 15m, fail: 1h}}
"""
_SYNCS = ("contacts", "deals")
_CADENCES = (("15m", "15m"), ("15m", "1h"))
"""Of the two syncs. Dagster resolves a job for each, and parts an op that two jobs share."""


def main() -> None:
    """Load both in turns, and print the medians."""
    chosen = options(__doc__, manifests=1000, repeats=5)
    show([_measure(chosen, cadences) for cadences in _CADENCES], as_json=chosen.json)


def _measure(chosen: argparse.Namespace, cadences: Sequence[str]) -> Row:
    with tempfile.TemporaryDirectory() as directory:
        all_of_them, first = Path(directory, "all"), Path(directory, "first")
        _write(all_of_them, chosen.manifests, cadences)
        _write(first, 1, cadences)
        ours, bare = rounds(
            chosen.repeats,
            partial(in_child, load_ours, str(all_of_them)),
            partial(in_child, load_bare, str(first), chosen.manifests),
        )
    return {
        "manifests": chosen.manifests,
        "cadences": len(set(cadences)),
        "assets": int(ours[0].figures["assets"]),
        "checks": int(ours[0].figures["checks"]),
        "bare s": median(bare, "all"),
        "ours s": median(ours, "all"),
        "ratio": median(ours, "all") / median(bare, "all"),
        "at most": AT_MOST,
        "ratio of processor time": median(ours, "processor") / median(bare, "processor"),
        "of it definitions s": median(ours, "definitions"),
        "repository and jobs s": median(ours, "repository"),
    }


def load_ours(directory: str) -> Mapping[str, float]:
    """Seconds to build the definitions of `workspace.yaml`'s code location, and to resolve them."""
    os.environ[MANIFESTS] = directory
    started, busy = time.perf_counter(), time.process_time()
    defs = code_location.load_fn()
    built = time.perf_counter()
    figures = _resolve(defs)
    done = time.perf_counter()
    steps = {"definitions": built - started, "repository": done - built}
    return {**figures, **steps, "all": done - started, "processor": time.process_time() - busy}


def load_bare(directory: str, count: int) -> Mapping[str, float]:
    """Seconds to build and resolve as many ops, assets and checks without us."""
    (target, *_) = build_targets(load_directory(directory), IntegrationMonitorTranslator())
    started, busy = time.perf_counter(), time.process_time()
    with disable_dagster_warnings():
        assets = [_bare(f"partner_{number:04}", target) for number in range(count)]
    figures = _resolve(dg.Definitions(assets=assets))
    took = {"all": time.perf_counter() - started, "processor": time.process_time() - busy}
    return {**figures, **took}


def _bare(name: str, target: Target) -> dg.AssetsDefinition:
    def key(of: dg.AssetKey) -> dg.AssetKey:
        return dg.AssetKey([name, *of.path[1:]])

    def nothing(_context: dg.AssetExecutionContext) -> Iterator[dg.ObserveResult]:
        yield from ()

    bare: dg.AssetsDefinition = dg.multi_observable_source_asset(
        name=name,
        specs=[
            dg.AssetSpec(key(spec.key), deps=[key(dep.asset_key) for dep in spec.deps])
            for spec in target.specs
        ],
        check_specs=[
            dg.AssetCheckSpec(check.name, asset=key(check.asset_key))
            for check in target.check_specs
        ],
        can_subset=True,
    )(nothing)
    return bare


def _resolve(defs: dg.Definitions) -> dict[str, float]:
    repository = defs.get_repository_def()
    repository.load_all_definitions()
    graph = repository.asset_graph
    return {"assets": len(graph.get_all_asset_keys()), "checks": len(graph.asset_check_keys)}


def _write(directory: Path, count: int, cadences: Sequence[str]) -> None:
    directory.mkdir()
    pairs = list(zip(_SYNCS, cadences, strict=True))
    for number in range(count):
        name = f"partner_{number:04}"
        syncs = (_SYNC.format(name=name, sync=sync, every=every) for sync, every in pairs)
        text = _MANIFEST.format(name=name) + "".join(syncs)
        (directory / f"{name}.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
