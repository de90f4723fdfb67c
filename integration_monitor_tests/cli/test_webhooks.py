"""`webhooks schemes`: the named schemes for people and for programs."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from integration_monitor.cli.app import app
from integration_monitor.manifest.signature_schemes import presets


def test_every_scheme_has_a_line() -> None:
    result = CliRunner().invoke(app, ["webhooks", "schemes"])
    assert result.exit_code == 0
    head, *lines = result.stdout.splitlines()
    assert head.split()[0] == "scheme"
    assert [line.split()[0] for line in lines] == list(presets())


def test_as_json_a_scheme_is_an_object_a_line() -> None:
    result = CliRunner().invoke(app, ["webhooks", "schemes", "--json"])
    found = {one["name"]: one for one in map(json.loads, result.stdout.splitlines())}
    assert list(found) == list(presets())
    assert found["stripe"]["algorithm"] == "hmac-sha256"
    assert found["stripe"]["tolerance_s"] == 300
    assert found["github"]["tolerance_s"] is None
    assert found["hubspot_v3"]["signs_url"]
