"""Bad input, and exactly what its writer is told: the messages are in golden/errors.txt."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from integration_monitor.manifest import Fleet, load_texts
from integration_monitor_tests.manifest.error_cases import CHANNELS, MANIFESTS, MONITORS
from integration_monitor_tests.manifest.texts import SMALL, SOUND, fleet_of

GOLDEN = Path(__file__).parent / "golden" / "errors.txt"


def told(name: str) -> str:
    """The mistakes of a case, a line each."""
    fleet = fleet_of(MANIFESTS[name]) if name in MANIFESTS else _monitor_alone(name)
    return "".join(f"{error}\n" for error in fleet.errors)


@pytest.mark.parametrize("name", [*MANIFESTS, *MONITORS])
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(
    name: str, golden: dict[str, str]
) -> None:
    assert told(name) == golden[name]


def test_the_golden_file_has_no_other_cases(golden: dict[str, str]) -> None:
    assert list(golden) == [*MANIFESTS, *MONITORS]


def test_the_manifests_that_the_cases_break_are_sound() -> None:
    assert fleet_of(SOUND).errors == ()
    assert fleet_of(SMALL).errors == ()
    assert load_texts({"monitor.yaml": CHANNELS}).errors == ()


def test_all_mistakes_of_all_files_are_told_at_once() -> None:
    fleet = load_texts(
        {
            "b.yaml": SMALL.replace("email", "mail") + "titel: B\n",
            "a.yaml": "a: [",
            "monitor.yaml": "version: 1\nrouts: {}\n",
        }
    )
    assert [str(error).partition(";")[0] for error in fleet.errors] == [
        "a.yaml:2:1: not valid YAML: while parsing a flow node, did not find expected node content",
        "b.yaml:3:1: `email` is missing in `owner`",
        "b.yaml:3:29: unknown key `mail`",
        "b.yaml:4:1: unknown key `titel`",
        "monitor.yaml:2:1: unknown key `routs`",
    ]


@pytest.fixture(scope="module")
def golden() -> dict[str, str]:
    """What each case is told; written anew where REGENERATE_GOLDEN is set, to be read in a diff."""
    if os.environ.get("REGENERATE_GOLDEN"):
        cases = [f"== {name}\n{told(name)}" for name in [*MANIFESTS, *MONITORS]]
        GOLDEN.write_text("\n".join(cases), encoding="utf-8")
    sections = f"\n{GOLDEN.read_text(encoding='utf-8')}".split("\n== ")[1:]
    found = dict(section.split("\n", 1) for section in sections)
    return {name: f"{lines.rstrip()}\n" for name, lines in found.items()}


def _monitor_alone(name: str) -> Fleet:
    return load_texts({"monitor.yaml": MONITORS[name]})
