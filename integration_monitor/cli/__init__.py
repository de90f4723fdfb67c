"""The command line: `integration-monitor …`."""

from integration_monitor.cli.app import app, main

__all__ = ["app", "main"]
