"""What `validate` says of values that cannot be what they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration_monitor.ingest.webhook_set_up import unusable
from integration_monitor.manifest.load import load_directory

MANIFEST = """\
version: 1
integration: crm
owner: {name: Owner, email: owner@example.com}
webhooks:
  signature: standard_webhooks
  secret: [{env: OLD_SECRET}, {env: NEW_SECRET}]
  sinks:
    product: {http: {url: {env: PRODUCT_URL}, secret: {env: PRODUCT_SECRET}}}
    archive: {sql: {url: {env: ARCHIVE_URL}, table: crm.events}}
"""
GOOD = {
    "OLD_SECRET": "whsec_c2VjcmV0IG9mIG9sZA==",
    "NEW_SECRET": "whsec_c2VjcmV0IG9mIG5ldw==",
    "PRODUCT_URL": "https://product.example.com/events",
    "PRODUCT_SECRET": "whsec_c2VjcmV0IG9mIG91cnM=",
    "ARCHIVE_URL": "postgresql://u:hidden@db.example.com/events",
}


def said(directory: Path, changed: dict[str, str]) -> list[str]:
    (directory / "crm.yaml").write_text(MANIFEST)
    return [str(one) for one in unusable(load_directory(directory), GOOD | changed)]


NO_KEY = "is not one of Standard Webhooks: base64, with or without whsec_ before it"


@pytest.mark.parametrize(
    ("name", "value", "place", "message"),
    [
        (
            "NEW_SECRET",
            "whsec_hidden?",
            "6:31",
            "NEW_SECRET: the secret is not written in base64 after `whsec_`",
        ),
        (
            "PRODUCT_URL",
            "ftp://hidden.example.com",
            "8:14",
            "`product`: the address in PRODUCT_URL is not valid: it must be http or https",
        ),
        ("PRODUCT_SECRET", "hidde", "8:14", f"`product`: the secret in PRODUCT_SECRET {NO_KEY}"),
        (
            "ARCHIVE_URL",
            "mysql://u:hidden@db.example.com/events",
            "9:14",
            "`archive`: the database must be PostgreSQL, not mysql",
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_told_with_its_place_and_not_shown(
    tmp_path: Path, name: str, value: str, place: str, message: str
) -> None:
    (found,) = said(tmp_path, {name: value})
    follows = "webhooks are answered 503" if name == "NEW_SECRET" else "events wait for this sink"
    assert found.endswith(f"crm.yaml:{place}: {message}; {follows}")
    assert "hidde" not in found
    # That it is not set is a mistake of its own.
    assert said(tmp_path, {name: ""}) == []


def test_nothing_is_said_of_values_that_may_be_right(tmp_path: Path) -> None:
    assert said(tmp_path, {}) == []
