"""What tests of sides read from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration_monitor.observe.reading import Reading
from integration_monitor_tests.observe.partner import Partner, contact, running_partner
from integration_monitor_tests.observe.readings import reading
from integration_monitor_tests.observe.rest_examples import ENVIRON
from integration_monitor_tests.observe.rest_side_examples import minutes
from integration_monitor_tests.observe.sql_examples import ROWS, execute


@pytest.fixture
def warehouse(database_url: str) -> Iterator[Reading]:
    execute(database_url, ROWS)
    with reading({"WAREHOUSE": database_url}) as opened:
        yield opened


@pytest.fixture
def partner() -> Iterator[Partner]:
    stocked = Partner()
    stocked.contacts["acme"] = [contact(str(n), minutes(n)) for n in range(5)]
    with running_partner(stocked) as served:
        yield served


@pytest.fixture
def given() -> Iterator[Reading]:
    with reading({**ENVIRON, "TOKEN": "token-acme"}) as opened:
        yield opened
