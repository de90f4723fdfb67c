"""A manifest whose source is the fake partner, and whose destination is an SQLite file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

MANIFEST = """
version: 1
integration: crm
owner: {{name: Owner, email: owner@example.com}}
partner: {{base_url: "{url}"}}
connections:
  list:
    - {{tenant: acme, token: {{env: ACME_TOKEN}}}}
    - {{tenant: globex, token: {{env: GLOBEX_TOKEN}}}}
auth: {{type: bearer, token: "{{connection.token}}"}}
endpoints:
  contacts: {{path: /contacts}}
  contact: {{path: "/contacts/{{id}}"}}
probe: {{request: GET /contacts, every: 1h}}
syncs:
  contacts:
    every: 15m
    source:
      rest:
        endpoint: contacts
        list:
          method: POST
          path: /contacts/search
          body: {{since: "{{since}}", until: "{{until}}", after: "{{cursor}}"}}
          time: epoch_ms
        lookup: {{method: POST, path: /contacts/read, body: {{inputs: "{{keys}}"}}}}
        records: results
        next: paging.next.after
        count: total
      key: id
      updated_at: updated
    destination:
      sql: {{url: {{env: WAREHOUSE_URL}}, table: contacts}}
      key: id
      updated_at: updated_at
      tenant: tenant
"""

ENVIRONMENT = {"ACME_TOKEN": "token-acme", "GLOBEX_TOKEN": "token-globex"}


def warehouse(directory: Path) -> str:
    """The URL of a database with an empty table of contacts."""
    file = directory / "warehouse.db"
    with sqlite3.connect(file) as connection:
        connection.execute("create table contacts (id text, updated_at text, tenant text)")
    connection.close()
    return f"sqlite:///{file}"
