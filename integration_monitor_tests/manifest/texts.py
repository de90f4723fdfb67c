"""Manifest texts for tests: a sound one, and edits of it."""

from __future__ import annotations

from integration_monitor.manifest import Fleet, load_texts

SOUND = """\
version: 1
integration: crm
owner: {name: Owner of CRM, email: crm@example.com}
partner: {base_url: https://api.example.com}
connections: {list: [{tenant: acme, token: {env: ACME_TOKEN}}]}
auth: {type: bearer, token: "{connection.token}"}
endpoints: {contacts: {path: /contacts}}
syncs:
  contacts:
    every: 15m
    source:
      rest:
        endpoint: contacts
        list: {path: /contacts, query: {since: "{since}", cursor: "{cursor}"}}
        lookup: {path: /contacts/by-id, query: {ids: "{keys}"}}
        records: results
        next: paging.next
      key: id
      updated_at: updated_at
    destination:
      sql: {url: {env: WAREHOUSE_URL}, table: crm.contacts}
      key: contact_id
"""

SMALL = """\
version: 1
integration: crm
owner: {name: Owner of CRM, email: crm@example.com}
"""

FILE = "crm.yaml"


def edited(old: str, new: str) -> str:
    """The sound manifest with one passage replaced. The passage must be there."""
    assert old in SOUND, old
    return SOUND.replace(old, new, 1)


def added(text: str) -> str:
    """A minimal manifest with more lines."""
    return SMALL + text


def errors_of(text: str, monitor: str | None = None) -> list[str]:
    """All mistakes of one manifest, as they are printed."""
    return [str(error) for error in fleet_of(text, monitor).errors]


def fleet_of(text: str, monitor: str | None = None) -> Fleet:
    """The fleet of one manifest and perhaps a monitor.yaml."""
    texts = {FILE: text}
    if monitor is not None:
        texts["monitor.yaml"] = monitor
    return load_texts(texts)
