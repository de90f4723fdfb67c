"""The reference of the command line says every command."""

from __future__ import annotations

from integration_monitor.cli.reference_page import reference_page


def test_commands_and_their_options() -> None:
    page = reference_page("The command line")
    assert page.startswith("# The command line\n\nWatches shipped integrations")
    for command in ("validate", "check", "gaps accept", "demo break", "db upgrade"):
        assert f"\n## {command}\n\n```\nintegration-monitor {command} " in page
    assert "| `--live` | Try each token, endpoint, look-up and destination once. |" in page
    assert "## gaps\n" in page, "a group that does something itself"
    assert "## db\n" not in page, "a group that does nothing itself"
