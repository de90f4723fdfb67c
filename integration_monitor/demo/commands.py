"""`integration-monitor demo …`."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, cast

import typer

from integration_monitor.program import NAME, program
from integration_monitor.store.engine import StoreError

# What needs the extra `embedded` is imported by the command that needs it, and only then.
if TYPE_CHECKING:
    from integration_monitor.demo.company import IntegrationName
    from integration_monitor.demo.faults import Command, Fault
    from integration_monitor.demo.home import DemoHome
    from integration_monitor.demo.running import Ports, RunningDemo

USAGE = 2
"""The exit code for what cannot be done as it was asked for."""
FOLLOWED_WITHIN_S = 20.0

app = typer.Typer(help="A company whose integrations break on command, and the monitor watching.")

Port = Annotated[int | None, typer.Option(help="Dagster's port [3000]; 0 takes a free one.")]
PartnerPort = Annotated[int | None, typer.Option(help="The partners' port [3001]; 0: a free one.")]
InboxPort = Annotated[int | None, typer.Option(help="The inbox's port [3002]; 0: a free one.")]
ReceiverPort = Annotated[
    int | None, typer.Option(help="The webhook receiver's port [3003]; 0: a free one.")
]
Unattended = Annotated[
    bool, typer.Option("--headless", help="Tell the story of a fault, then stop.")
]
Break = Annotated[str, typer.Option("--break", help="What to break, with --headless.")]
IntegrationOption = Annotated[
    str | None, typer.Option(help="`crm` (inward) or `billing` (outward).")
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON, one object a line.")]
FaultArgument = Annotated[str | None, typer.Argument(help="Left out: lists them.")]
Resync = Annotated[bool, typer.Option(help="Move again what was lost.")]


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    port: Port = None,
    partner_port: PartnerPort = None,
    inbox_port: InboxPort = None,
    receiver_port: ReceiverPort = None,
    headless: Unattended = False,
    fault: Break = "drop-records",
    integration: IntegrationOption = None,
    as_json: AsJson = False,
) -> None:
    """Start the demo and keep it running until Ctrl-C."""
    if context.invoked_subcommand is not None:
        return
    with _clear_errors():
        asked = (port, partner_port, inbox_port, receiver_port)
        if headless:
            ports = _ports(asked, (0, 0, 0, 0))
            raise typer.Exit(_headless(ports, fault, integration, as_json=as_json))
        _attended(_ports(asked, (3000, 3001, 3002, 3003)))


@app.command("break")
def break_(fault: FaultArgument = None, integration: IntegrationOption = None) -> None:
    """Break the running demo. Without a fault: list what can be broken."""
    from integration_monitor.demo.faults import FAULTS, write_command
    from integration_monitor.demo.status import fault_text

    if fault is None:
        for name, about in FAULTS.items():
            typer.echo(f"{name:20}{about.what}")
        return
    with _clear_errors():
        checked, where = _checked(fault, integration)
        home = _home()
        home.addresses()
        state = _follow(home, write_command(home.faults, fault=checked, integration=where))
    typer.echo(f"broken: {fault_text(state['fault'])}")
    about = FAULTS[checked]
    if about.handled:
        typer.echo(f"Nobody is told, because nothing breaks: {about.handled}. To see it:")
    else:
        typer.echo(f"A check says so within {about.within}, then an alert does. To see it:")
    typer.echo(f"{program()} {about.look}")


@app.command()
def fix(resync: Resync = True) -> None:
    """Mend what is broken, and move again what was lost; or leave that out."""
    from integration_monitor.demo.faults import write_command
    from integration_monitor.signals.wording import count

    with _clear_errors():
        home = _home()
        home.addresses()
        state = _follow(home, write_command(home.faults, fault=None, resync=resync))
    lost = len(state["fault"]["not_resynced"])
    if lost:
        told = count(lost, "lost record was", "lost records were")
        typer.echo(f"mended, but {told} not moved again: the check stays red until then. To do it:")
        typer.echo(f"{program()} demo fix")
    else:
        typer.echo("mended: the recovery is told within about two minutes")


@app.command()
def status(as_json: AsJson = False) -> None:
    """The story so far, what the checks say, when they run next."""
    from integration_monitor.demo import status as demo_status
    from integration_monitor.demo.clock import utc_now

    with _clear_errors():
        found = demo_status.look(_home(), utc_now())
    if as_json:
        typer.echo(json.dumps(demo_status.as_json(found)))
        return
    for line in demo_status.as_text(found):
        typer.echo(line)


@app.command()
def reset() -> None:
    """Begin anew, with the original manifests; also when no demo is running."""
    from integration_monitor.demo.attended import request_reset
    from integration_monitor.local_servers import is_running

    with _clear_errors():
        home = _home()
        if not is_running(home.directory):
            home.forget_manifests()
            typer.echo("no demo is running; the next one begins with the original manifests")
            return
        _say("beginning anew: this takes half a minute")
        request_reset(home)
    typer.echo("the demo has begun anew")


def _attended(ports: Ports) -> None:
    from integration_monitor.demo.attended import serve

    serve(_home(), ports, say=_say, show=_show)


def _headless(ports: Ports, fault: str, integration: str | None, *, as_json: bool) -> int:
    from integration_monitor.demo.headless import run_story
    from integration_monitor.demo.home import DemoHome
    from integration_monitor.demo.running import demo_servers
    from integration_monitor.local_processes import Stopped, stop_signals

    checked, where = _checked(fault, integration)
    directory = Path(tempfile.mkdtemp(prefix="im-demo-"))
    tell = _tell_json if as_json else _tell_text
    try:
        with stop_signals(), demo_servers(DemoHome(directory), ports, _say) as servers:
            outcome = run_story(servers.start(_say), checked, where, tell)
    except Stopped:
        _say("stopped")
        shutil.rmtree(directory, ignore_errors=True)
        return 1
    tell(outcome.as_json())
    if outcome.complete:
        shutil.rmtree(directory, ignore_errors=True)
        return 0
    _say(f"waited in vain for {outcome.missed}; the logs are in {directory / 'logs'}")
    return 1


def _show(running: RunningDemo) -> None:
    addresses = running.addresses
    lineage = f"{addresses.dagster}/locations/__repository__@integration_monitor/asset-groups"
    typer.echo(f"""
The demo is ready.

  Lineage    {lineage}/crm/lineage
             {lineage}/billing/lineage
  Inbox      {addresses.inbox}
  Manifests  {running.home.manifests}

Try next, in another terminal:

  {program()} demo break drop-records   lose 15 records, while every call is a 200
  {program()} demo status               what the checks say, and the story so far
  {program()} demo fix                  mend it, and see the recovery
  {program()} demo break                everything that can be broken

Ctrl-C stops everything.
""")


def _follow(home: DemoHome, command: Command) -> Mapping[str, Any]:
    """The company's state once it has done what it was told."""
    from integration_monitor.demo.story import witness_of
    from integration_monitor.local_processes import ServersError

    give_up = time.monotonic() + FOLLOWED_WITHIN_S
    with witness_of(home.addresses()) as (witness, _store):
        while time.monotonic() < give_up:
            state = witness.state()
            if state["fault"]["command"] == command.number:
                return state
            time.sleep(0.2)
    raise ServersError(f"the company did not react within {FOLLOWED_WITHIN_S:g} s")


def _checked(fault: str, integration: str | None) -> tuple[Fault, IntegrationName]:
    from integration_monitor.demo.faults import FAULTS, INTEGRATIONS
    from integration_monitor.local_processes import ServersError

    if fault not in FAULTS:
        raise ServersError(f"there is no fault {fault}; there are: {', '.join(FAULTS)}")
    if integration not in (None, *INTEGRATIONS):
        raise ServersError(
            f"there is no integration {integration}; there are: {', '.join(INTEGRATIONS)}"
        )
    checked = cast("Fault", fault)
    possible = FAULTS[checked].integrations
    where = integration or possible[0]
    if where not in possible:
        raise ServersError(f"{fault} can be done to {', '.join(possible)} only")
    return checked, where


def _home() -> DemoHome:
    from integration_monitor.demo.home import DemoHome
    from integration_monitor.local_servers import home

    return DemoHome(home(os.environ) / "demo")


def _ports(asked: Sequence[int | None], default: Sequence[int]) -> Ports:
    from integration_monitor.demo.running import Ports

    chosen = (known if one is None else one for one, known in zip(asked, default, strict=True))
    return Ports(*chosen)


@contextmanager
def _clear_errors() -> Iterator[None]:
    """One line and exit code 2 for what a user can do something about."""
    try:
        import httpx

        from integration_monitor.demo.home import NoDemo
        from integration_monitor.local_processes import ServersError
    except ImportError as error:
        _fail(f"{error.name} is not installed: pip install 'integration-monitor[embedded]'")
    try:
        yield
    except (NoDemo, ServersError, StoreError) as error:
        _fail(str(error))
    except httpx.HTTPError as error:
        _fail(f"the demo does not answer ({type(error).__name__})")


def _fail(message: str) -> NoReturn:
    _say(f"{NAME}: {message}")
    raise typer.Exit(USAGE)


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _tell_json(event: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(event))


def _tell_text(event: Mapping[str, Any]) -> None:
    words = [f"{name}={value}" for name, value in event.items() if name not in ("at", "event")]
    typer.echo("  ".join([str(event.get("at", ""))[11:19], str(event["event"]), *words]).strip())
