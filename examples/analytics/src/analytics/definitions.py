"""The code location: everything under `defs`."""

from pathlib import Path

import dagster as dg


# Evaluated at each load, so that a run measures by the manifests that the code server loaded.
@dg.definitions
def defs() -> dg.Definitions:
    """Everything under `defs`."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
