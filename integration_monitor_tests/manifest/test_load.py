from __future__ import annotations

from pathlib import Path

import pytest

from integration_monitor.manifest import (
    BrokenManifest,
    Integration,
    ManifestDirectoryError,
    ManifestError,
    Monitor,
    load_directory,
    load_file,
    load_texts,
)
from integration_monitor.manifest.domain import Owner
from integration_monitor_tests.manifest.texts import SMALL, SOUND

MONITOR = """\
version: 1
owner: {name: Lead, email: lead@example.com}
channels:
  oncall: {type: apprise, url: {env: ONCALL_URL}}
  queue: {type: webhook, url: {env: QUEUE_URL}, headers: {X-From: monitor}}
routes: {page: [oncall, queue], watch: []}
incidents: {for: 1m, remind: null}
"""


def small(name: str) -> str:
    return SMALL.replace("integration: crm", f"integration: {name}")


def write(directory: Path, **files: str) -> None:
    for stem, text in files.items():
        (directory / f"{stem}.yaml").write_text(text, encoding="utf-8")


def test_a_directory_is_a_fleet(tmp_path: Path) -> None:
    write(tmp_path, b=small("beta"), a=small("alpha"), monitor=MONITOR)
    (tmp_path / "c.yml").write_text(small("gamma"))
    (tmp_path / ".hidden.yaml").write_text("not: ours")
    (tmp_path / "notes.txt").write_text("not ours")
    (tmp_path / "old.yaml").mkdir()
    fleet = load_directory(tmp_path)
    assert [each.name for each in fleet.integrations] == ["alpha", "beta", "gamma"]
    assert fleet.integrations[0].file == str(tmp_path / "a.yaml")
    assert fleet.directory == str(tmp_path)
    assert fleet.errors == fleet.warnings == ()
    assert fleet.monitor.routes == {"page": ("oncall", "queue"), "watch": ()}
    assert fleet.monitor.incidents.remind is None


def test_an_empty_directory_is_an_empty_fleet(tmp_path: Path) -> None:
    fleet = load_directory(tmp_path)
    assert fleet.integrations == ()
    assert fleet.errors == ()
    assert fleet.monitor == Monitor()


def test_a_missing_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(ManifestDirectoryError, match="does not exist"):
        load_directory(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(ManifestDirectoryError, match="is a file"):
        load_directory(tmp_path / "file")


def test_a_broken_file_does_not_stop_the_others(tmp_path: Path) -> None:
    write(tmp_path, good=SOUND, typo=small("typo") + "titel: x\n", tab="a:\n\t- b", empty="")
    (tmp_path / "latin.yaml").write_bytes(small("latin").encode() + b"title: caf\xe9\n")
    (tmp_path / "lost.yaml").symlink_to(tmp_path / "nowhere")
    fleet = load_directory(tmp_path)
    assert [each.name for each in fleet.integrations] == ["crm"]
    errors = {each.name: str(each.errors[0]).split("/")[-1] for each in fleet.broken}
    assert errors["empty"] == "empty.yaml:1:1: the file is empty"
    assert errors["latin"] == "latin.yaml:4:11: the file is not UTF-8 text"
    assert errors["lost"].startswith("lost.yaml:1:1: the file cannot be read: No such file")
    assert errors["tab"].startswith("tab.yaml:2:1: not valid YAML")
    assert errors["typo"].startswith("typo.yaml:4:1: unknown key `titel`")
    assert len(fleet.broken) == 5


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "crm.yaml").write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert [each.name for each in load_directory(tmp_path).integrations] == ["crm"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (small("billing") + "titel: x", "billing"),
        ("version: 1\nintegration: billing\n\tbroken", "billing"),
        ("version: 1\nintegration: 'billing'  # ours\r\nx: [", "billing"),
        ("version: 1\nintegration: BILLING\n", "my_file_2"),
        ("a: [", "my_file_2"),
    ],
)
def test_a_broken_file_goes_by_the_name_it_says_or_by_its_own(text: str, name: str) -> None:
    (broken,) = load_texts({"dir/My file-2.yaml": text}).broken
    assert broken.name == name


def test_the_second_file_of_an_integration_is_broken() -> None:
    fleet = load_texts({"b.yaml": SMALL, "a.yaml": SMALL, "c/crm.yaml": SMALL, "d.yaml": "x: ["})
    assert [(each.name, each.file) for each in fleet.integrations] == [("crm", "a.yaml")]
    assert [(each.name, each.file) for each in fleet.broken] == [
        ("b", "b.yaml"),
        ("crm_2", "c/crm.yaml"),
        ("d", "d.yaml"),
    ]
    assert (
        str(fleet.errors[0]) == "b.yaml:2:14: `integration`: `crm` is already described in a.yaml"
    )


def test_an_integration_without_owner_has_the_monitors_with_a_warning() -> None:
    text = "version: 1\nintegration: crm\n"
    fleet = load_texts({"crm.yaml": text, "monitor.yaml": MONITOR})
    assert fleet.integrations[0].owner == Owner("Lead", "lead@example.com")
    assert [str(each) for each in fleet.warnings] == [
        "crm.yaml:1:1: no `owner`: Lead of monitor.yaml stands in"
    ]


def test_everybody_can_be_told_while_another_section_of_monitor_yaml_is_wrong() -> None:
    broken = MONITOR.replace("1m", "1 m")
    fleet = load_texts({"monitor.yaml": broken})
    assert len(fleet.monitor_errors) == 1
    assert fleet.routing_known
    assert not load_texts({"monitor.yaml": "version: ["}).routing_known


def test_what_is_sound_in_monitor_yaml_stays_in_force() -> None:
    broken = MONITOR.replace("type: apprise", "type: pager").replace("1m", "1 m")
    fleet = load_texts({"crm.yaml": SMALL + "alerts: {page: [oncall]}\n", "monitor.yaml": broken})
    assert [error.line for error in fleet.monitor_errors] == [4, 7]
    assert not fleet.routing_known
    assert set(fleet.monitor.channels) == {"queue"}
    assert fleet.monitor.routes == {"page": ("queue",), "watch": ()}
    assert fleet.monitor.owner == Owner("Lead", "lead@example.com")
    assert [each.name for each in fleet.integrations] == ["crm"]


def test_routes_are_not_judged_by_a_monitor_that_cannot_be_read() -> None:
    fleet = load_texts({"crm.yaml": SMALL + "alerts: {page: [x]}\n", "monitor.yaml": "a: ["})
    assert [error.file for error in fleet.errors] == ["monitor.yaml"]


def test_a_second_monitor_file_is_an_error() -> None:
    fleet = load_texts({"monitor.yml": "version: 1\n", "monitor.yaml": MONITOR})
    assert [str(error) for error in fleet.errors] == [
        "monitor.yml:1:1: a second file beside monitor.yaml: keep one of them"
    ]
    assert set(fleet.monitor.channels) == {"oncall", "queue"}


def test_a_fleet_travels_as_its_texts(tmp_path: Path) -> None:
    write(tmp_path, crm=SOUND, monitor=MONITOR)
    fleet = load_directory(tmp_path)
    assert load_texts(fleet.texts, directory=str(tmp_path)) == fleet


def test_a_repaired_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "crm.yaml"
    assert isinstance(load_file(file, Monitor()), BrokenManifest)
    file.write_text(SMALL + "titel: x\n")
    broken = load_file(file, Monitor())
    assert isinstance(broken, BrokenManifest)
    assert broken.errors[0].line == 4
    file.write_text(SMALL)
    assert isinstance(load_file(file, Monitor()), Integration)


def test_a_thousand_manifests_are_one_fleet() -> None:
    texts = {f"m{n:04}.yaml": SOUND.replace("crm", f"crm_{n:04}", 1) for n in range(1000)}
    fleet = load_texts(texts)
    assert fleet.errors == ()
    assert len(fleet.integrations) == 1000


def test_an_error_reads_as_file_line_column_message() -> None:
    assert str(ManifestError("a.yaml", 3, 7, "wrong")) == "a.yaml:3:7: wrong"
