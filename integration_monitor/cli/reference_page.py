"""The reference of the command line as markdown, made from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

from integration_monitor.cli.app import app
from integration_monitor.program import NAME


def reference_page(title: str) -> str:
    """One section a command, with its usage, arguments and options."""
    root = typer.main.get_command(app)
    sections = [_section(path, command) for path, command in _commands(NAME, root)]
    return "\n\n".join([f"# {title}", str(root.help), *sections]) + "\n"


def _commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Every command that does something, under its full name."""
    if not isinstance(command, TyperGroup) or command.invoke_without_command:
        yield path, command
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            if not inner.hidden:
                yield from _commands(f"{path} {name}", inner)


def _section(path: str, command: Any) -> str:
    context = typer.Context(command, info_name=path)
    usage = command.get_usage(context).removeprefix("Usage: ")
    heading = f"## {path.removeprefix(f'{NAME} ')}"
    parts = [heading, f"```\n{usage}\n```", (command.help or "").strip()]
    rows = [row for parameter in command.params for row in _rows(parameter, context)]
    if rows:
        parts.append("\n".join(["| name | meaning |", "| --- | --- |", *rows]))
    return "\n\n".join(part for part in parts if part)


def _rows(parameter: Any, context: typer.Context) -> Iterator[str]:
    record = parameter.get_help_record(context)
    if record is not None:
        names, said = (" ".join(text.split()).replace("|", "\\|") for text in record)
        yield f"| `{names}` | {said} |"
