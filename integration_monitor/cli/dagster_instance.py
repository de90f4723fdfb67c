"""Dagster's own storage, where the environment names it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from integration_monitor.cli.context import fail

if TYPE_CHECKING:
    import dagster as dg

    from integration_monitor.dagster_event_log import Ours
    from integration_monitor.manifest.domain import Fleet

HOME = "DAGSTER_HOME"


@contextmanager
def opened_instance(environ: Mapping[str, str]) -> Iterator[dg.DagsterInstance | None]:
    """Dagster's instance, None where DAGSTER_HOME is not set. What is wrong is one line."""
    home = environ.get(HOME)
    if not home:
        yield None
        return
    import dagster as dg
    import sqlalchemy as sa
    from dagster_postgres.utils import DagsterPostgresException

    if not Path(home).is_dir():
        fail(f"{HOME} is {home}, which is not a directory")
    # What dagster.yaml refers to, where a running `demo` or `dev` knows it.
    os.environ.update({name: environ[name] for name in environ.keys() - os.environ.keys()})
    try:
        with dg.DagsterInstance.from_config(home) as instance:
            yield instance
    except click.ClickException as error:
        fail(error.message)
    except dg.DagsterError as error:
        fail(f"{home}: {_first_line(error)} (`dagster instance info` says more)")
    except DagsterPostgresException as error:
        fail(f"Dagster's storage does not answer: {_first_line(error)}")
    except sa.exc.OperationalError as error:
        fail(f"Dagster's storage does not answer: {_first_line(error.orig)}")


def ours(fleet: Fleet) -> Ours:
    """The checks and assets of the manifests, by the keys that they have without a translation."""
    from integration_monitor.dagster_event_log import Ours
    from integration_monitor.targets import build_targets
    from integration_monitor.translator import IntegrationMonitorTranslator

    targets = build_targets(fleet, IntegrationMonitorTranslator())
    return Ours(
        checks=[key for target in targets for key in target.checks],
        assets=[key for target in targets for key in target.assets],
    )


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
