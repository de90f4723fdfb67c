"""`init`: a first manifest, by asking, and by trying the API on the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from integration_monitor.cli.ask import Ask
from integration_monitor.cli.context import OK, WRONG, clear_errors, environment, fail, progress
from integration_monitor.cli.interview import AUTH, Given, interview
from integration_monitor.cli.live import try_live
from integration_monitor.cli.wrong_answers import not_a_name
from integration_monitor.program import program

if TYPE_CHECKING:
    from collections.abc import Mapping


def init(
    name: Annotated[str, typer.Argument(help="The integration's name, such as hubspot.")],
    directory: Annotated[
        Path, typer.Option("--manifests", help="The manifest directory to write to.")
    ] = Path("integrations"),
    base_url: Annotated[str | None, typer.Option(help="The partner's address.")] = None,
    auth: Annotated[str | None, typer.Option(help=f"One of {', '.join(AUTH)}.")] = None,
    token_env: Annotated[
        str | None, typer.Option(help="The variable that holds the token, key or password.")
    ] = None,
    header: Annotated[str | None, typer.Option(help="api_key: the header's name.")] = None,
    username: Annotated[str | None, typer.Option(help="basic: the user's name.")] = None,
    owner_name: Annotated[str | None, typer.Option(help="Who acts when it breaks.")] = None,
    owner_email: Annotated[str | None, typer.Option(help="The owner's e-mail address.")] = None,
    listing: Annotated[
        str | None, typer.Option("--list", help="The path that lists records: /contacts?limit=50")
    ] = None,
    sync: Annotated[str | None, typer.Option(help="The sync's name, such as contacts.")] = None,
    key: Annotated[str | None, typer.Option(help="JMESPath of a record's key.")] = None,
    updated_at: Annotated[
        str | None, typer.Option(help="JMESPath of the time of its last change; - for none.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="The query parameter that filters by it; - for none.")
    ] = None,
    destination_env: Annotated[
        str | None, typer.Option(help="The variable that holds the destination's database URL.")
    ] = None,
    destination_table: Annotated[str | None, typer.Option(help="Its table: crm.contacts")] = None,
    destination_key: Annotated[str | None, typer.Option(help="Its column of the key.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Take all proposals, ask nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a manifest.")] = False,
) -> None:
    """Write a first manifest: from a REST collection of a partner to a table.

    It asks what it cannot find out, tries the API as it goes (it only reads), and proposes the
    key, the time of change, the way from page to page and the filter from what it sees.
    """
    if (wrong := not_a_name(name)) is not None:
        fail(wrong)
    file = directory / f"{name}.yaml"
    if file.exists() and not force:
        fail(f"{file} is there already; --force writes over it")
    given = Given(
        base_url, auth, token_env, header, username, owner_name, owner_email,
        listing, sync, key, updated_at, since, destination_env, destination_table, destination_key,
    )  # fmt: skip
    environ = environment()
    with clear_errors():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_interviewed(name, given, Ask(yes), environ), encoding="utf-8")
        works = _try(file, environ)
    progress(f"wrote {file}; read it through, then: {program()} dev {directory}")
    raise typer.Exit(OK if works else WRONG)


def _interviewed(name: str, given: Given, ask: Ask, environ: Mapping[str, str]) -> str:
    from integration_monitor.draft.explore import DraftError, explorer
    from integration_monitor.observe.side import ReadError

    try:
        with explorer(environ) as explore:
            return interview(name, given, ask, explore).text()
    except ReadError as error:
        fail(str(error))
    except DraftError as error:
        fail(f"that does not make a manifest:\n{error}")


def _try(file: Path, environ: Mapping[str, str]) -> bool:
    """Try what was written, as `validate --live` does."""
    from integration_monitor.manifest.domain import Integration, Monitor
    from integration_monitor.manifest.load import load_file

    written = load_file(file, Monitor())
    if not isinstance(written, Integration):
        fail("\n".join(map(str, written.errors)))
    return try_live(written, environ, as_json=False)
