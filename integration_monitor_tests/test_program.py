from __future__ import annotations

from pathlib import Path

import pytest

from integration_monitor.program import program

HERE = Path("/srv/checkout")


@pytest.mark.parametrize(
    ("on_path", "called", "printed"),
    [
        (True, "/usr/bin/integration-monitor", "integration-monitor"),
        (True, "/srv/checkout/.venv/bin/integration-monitor", ".venv/bin/integration-monitor"),
        (False, "/srv/checkout/.venv/bin/integration-monitor", ".venv/bin/integration-monitor"),
        (False, "/opt/venv/bin/integration-monitor", "/opt/venv/bin/integration-monitor"),
        (False, "/srv/checkout/integration-monitor", "./integration-monitor"),
        (False, "/srv/my tools/integration-monitor", "'/srv/my tools/integration-monitor'"),
        (False, "/usr/bin/pytest", "integration-monitor"),
    ],
)
def test_a_printed_command_can_be_pasted(
    on_path: bool, called: str, printed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if on_path else None)
    assert program(called, HERE) == printed
