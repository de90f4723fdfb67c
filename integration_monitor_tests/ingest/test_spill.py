"""Batches in local files: replayed in order, by whichever process comes next, within bounds."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from integration_monitor.ingest.spill import Spill, spill_directory
from integration_monitor.signals.shape import FieldShape, Shape
from integration_monitor.store.call_batch import (
    Batch,
    CallCount,
    Exemplar,
    Notice,
    RateLimit,
    ShapeSeen,
)
from integration_monitor.store.engine import StoreError

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
COUNT = CallCount(AT, "crm", "contacts", "acme", "ok", 17, 3)
FULL = Batch(
    id="full",
    source="host:1",
    counts=(COUNT,),
    exemplars=(Exemplar(AT, "crm", "contacts", "acme", "server", 500, "E", "r-1", "no", "c-1"),),
    rate_limits=(RateLimit("crm", "acme", "default", 100, 3, AT, 60.0, AT),),
    notices=(Notice("crm", "contacts", "sunset", date(2026, 6, 1), None, AT),),
    shapes=(
        ShapeSeen(
            "crm",
            "contacts",
            Shape({"a": FieldShape({"string": 1}, 1, 0, 1, {"string": "a"})}, 1),
            AT,
        ),
    ),
    dropped=7,
)


def batch(id_: str) -> Batch:
    return Batch(id_, "host:1", counts=(COUNT,))


def replayed(spill: Spill) -> list[Batch]:
    found: list[Batch] = []
    spill.replay(found.append)
    return found


def files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*"))


def test_a_batch_comes_back_as_it_was(tmp_path: Path) -> None:
    spill = Spill(tmp_path, "calls")
    assert spill.append(FULL)
    assert replayed(spill) == [FULL]
    assert replayed(spill) == []
    assert files(tmp_path) == []


def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    directory = tmp_path / "new"
    Spill(directory, "calls").append(FULL)
    (file,) = files(directory)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_the_order_is_kept_and_what_was_not_taken_comes_first_the_next_time(tmp_path: Path) -> None:
    spill = Spill(tmp_path, "calls")
    for id_ in "abc":
        spill.append(batch(id_))
    taken: list[str] = []

    def take_one(one: Batch) -> None:
        if taken:
            raise StoreError("away")
        taken.append(one.id)

    with pytest.raises(StoreError):
        spill.replay(take_one)
    spill.append(batch("d"))
    assert taken + [one.id for one in replayed(spill)] == ["a", "b", "c", "d"]


def test_the_next_process_replays_what_the_last_one_left(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path;"
        "from integration_monitor.ingest.spill import Spill;"
        "from integration_monitor_tests.ingest.test_spill import batch;"
        "spill = Spill(Path(sys.argv[1]), 'calls'); spill.append(batch('left'));"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=60)
    spill = Spill(tmp_path, "calls")
    spill.append(batch("own"))
    assert [one.id for one in replayed(spill)] == ["left", "own"]
    assert files(tmp_path) == []


def test_the_file_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    other, spill = Spill(tmp_path, "calls"), Spill(tmp_path, "calls")
    other.append(batch("its own"))
    assert replayed(spill) == []
    assert [one.id for one in replayed(other)] == ["its own"]


def test_another_stores_files_are_left_alone(tmp_path: Path) -> None:
    Spill(tmp_path, "elsewhere").append(batch("elsewhere"))
    assert replayed(Spill(tmp_path, "calls")) == []


@pytest.mark.parametrize("cut", [2, 30, 100])
def test_a_last_line_that_was_torn_is_passed_over(tmp_path: Path, cut: int) -> None:
    spill = Spill(tmp_path, "calls")
    spill.append(batch("whole"))
    spill.append(batch("torn"))
    (file,) = files(tmp_path)
    torn = tmp_path / "calls-0-1.jsonl"
    torn.write_bytes(file.read_bytes()[:-cut])
    file.unlink()
    assert [one.id for one in replayed(Spill(tmp_path, "calls"))] == ["whole"]
    assert files(tmp_path) == []


def test_no_more_is_kept_than_there_is_room_for(tmp_path: Path) -> None:
    spill = Spill(tmp_path, "calls", most_bytes=1_000)
    kept = [spill.append(batch(str(number))) for number in range(20)]
    size = sum(file.stat().st_size for file in files(tmp_path))
    assert size <= 1_000
    assert kept.count(True) == len(replayed(spill))
    assert kept == sorted(kept, reverse=True)
    assert spill.append(batch("again"))


def test_the_room_is_that_of_all_processes_together(tmp_path: Path) -> None:
    one, other = Spill(tmp_path, "calls", 1_000), Spill(tmp_path, "calls", 1_000)
    while one.append(batch("x")):
        pass
    assert not other.append(batch("x"))
    assert other.append(Batch("dropped", "host:1", dropped=3))


def test_a_directory_that_cannot_be_written_is_said_and_nothing_raised(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    spill = Spill(tmp_path / "file", "calls")
    assert not spill.append(batch("a"))
    assert replayed(spill) == []
    assert "cannot be kept" in caplog.text


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to somebody else")
def test_a_file_of_another_user_is_not_read(tmp_path: Path) -> None:
    spill = Spill(tmp_path, "calls")
    planted = tmp_path / "calls-0-1.jsonl"
    planted.write_text('{"id": "planted", "source": "x"}\n')
    os.chown(planted, 65534, 65534)
    assert replayed(spill) == []


def test_the_directory_is_the_users_own_unless_the_environment_says_another() -> None:
    assert spill_directory({"INTEGRATION_MONITOR_SPILL": "/var/spill"}) == Path("/var/spill")
    assert spill_directory({}).name == f"integration_monitor-{os.getuid()}"
