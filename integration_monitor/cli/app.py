"""All commands, and how the program starts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from integration_monitor.cli import (
    calls,
    changelog,
    check,
    database,
    drift,
    gaps,
    incidents,
    init,
    manifests,
    serve,
    top,
    webhooks,
)
from integration_monitor.cli.context import clear_errors, progress
from integration_monitor.demo.commands import app as demo

app = typer.Typer(
    help="Watches shipped integrations: says what broke, for which tenants, and when it is fixed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(demo, name="demo")
app.command()(init.init)
app.command()(manifests.validate)
app.command()(manifests.schema)
app.add_typer(database.app, name="db")
app.command()(check.check)
app.add_typer(gaps.app, name="gaps")
app.add_typer(drift.app, name="drift")
app.add_typer(calls.app, name="calls")
app.add_typer(changelog.app, name="changelog")
app.command()(incidents.incidents)
app.add_typer(webhooks.app, name="webhooks")
app.command()(top.top)
app.command()(serve.serve)


@app.command()
def dev(
    directory: Annotated[
        Path | None,
        typer.Argument(help="The manifest directory. [default: integrations]", show_default=False),
    ] = None,
    module: Annotated[
        str,
        typer.Option(
            "--module",
            "-m",
            metavar="MODULE",
            help="Run this code location of yours, which has the monitor in it. Give its manifest"
            " directory too, and `gaps` and `check` know it.",
        ),
    ] = "",
    port: Annotated[int, typer.Option(help="Dagster's port; 0 takes a free one.")] = 3000,
) -> None:
    """Watch your own manifests on local servers, until Ctrl-C."""
    from integration_monitor.dev_servers import serve_dev
    from integration_monitor.local_processes import Stopped
    from integration_monitor.local_servers import DEFINITIONS
    from integration_monitor.manifest.load import load_directory

    watched = directory if directory or module else Path("integrations")
    with clear_errors():
        if watched and not module:
            # What is broken is shown in Dagster, too; who starts it should not have to look there.
            # Of a project's own code location only that knows the environment.
            for line in manifests.findings(load_directory(watched), os.environ).lines():
                progress(line)
        try:
            serve_dev(watched, port=port, say=progress, module=module or DEFINITIONS)
        except Stopped:
            progress("stopped")


def main() -> None:
    """Run the program."""
    app()
