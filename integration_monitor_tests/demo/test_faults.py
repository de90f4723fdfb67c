from __future__ import annotations

from pathlib import Path

from integration_monitor.demo.faults import Command, read_command, write_command


def test_without_a_file_nothing_is_broken(tmp_path: Path) -> None:
    assert read_command(tmp_path / "faults.json") == Command()


def test_each_command_has_the_next_number(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    first = write_command(path, fault="stop-sync", integration="billing")
    assert read_command(path) == first == Command(1, "stop-sync", "billing")
    assert write_command(path, fault=None, resync=False) == Command(2, None, "crm", resync=False)
