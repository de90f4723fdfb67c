from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa

from integration_monitor.manifest.domain import (
    Connections,
    Integration,
    ListedConnection,
    ListedConnections,
    Owner,
    QueriedConnections,
    Reference,
    SingleConnection,
)
from integration_monitor.observe.connections import Connection, list_connections
from integration_monitor.observe.databases import Engines
from integration_monitor.observe.limits import Deadline
from integration_monitor.observe.side import ReadError


@pytest.fixture
def engines() -> Iterator[Engines]:
    opened = Engines()
    yield opened
    opened.dispose()


@pytest.fixture
def product(database_url: str) -> str:
    engine = sa.create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "create table accounts (tenant int, access_token text, site text);"
            "insert into accounts values (7, 'secret-7', 'eu'), (8, 'secret-8', 'us')"
        )
    engine.dispose()
    return database_url


def listed(
    connections: Connections, environ: Mapping[str, str], engines: Engines
) -> tuple[Connection, ...]:
    owner = Owner("Owner", "owner@example.com")
    integration = Integration("crm", owner, "crm.yaml", "CRM", connections=connections)
    return list_connections(integration, environ, engines, Deadline(timedelta(seconds=10)))


def queried(query: str, url: str, engines: Engines) -> tuple[Connection, ...]:
    return listed(QueriedConnections(Reference("URL"), query), {"URL": url}, engines)


def test_one_account_for_everybody(engines: Engines) -> None:
    assert listed(SingleConnection(), {}, engines) == (Connection("-"),)


def test_a_missing_variable_is_an_error_of_its_connection_alone(engines: Engines) -> None:
    declared = ListedConnections(
        (
            ListedConnection("acme", {"token": Reference("ACME"), "site": "eu"}),
            ListedConnection("beta", {"token": Reference("BETA")}),
        )
    )
    acme, beta = listed(declared, {"ACME": "secret"}, engines)
    assert acme == Connection("acme", {"token": "secret", "site": "eu"})
    assert acme.error is None
    assert beta.error is not None
    assert str(beta.error) == "environment variable BETA is not set"


def test_a_query_gives_tenants_and_their_credentials(product: str, engines: Engines) -> None:
    query = "select tenant, access_token as token, site from accounts order by 1;"
    assert queried(query, product, engines) == (
        Connection("7", {"token": "secret-7", "site": "eu"}),
        Connection("8", {"token": "secret-8", "site": "us"}),
    )


def test_credentials_are_not_shown(product: str, engines: Engines) -> None:
    assert "secret" not in repr(queried("select * from accounts", product, engines))


def test_a_null_credential_is_an_error_of_its_connection_alone(
    product: str, engines: Engines
) -> None:
    query = "select tenant, nullif(access_token, 'secret-7') as token from accounts order by 1"
    seven, eight = queried(query, product, engines)
    assert str(seven.error) == "the tenant 7 has no token"
    assert eight.error is None


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select 1 as tenant union all select 1", "more than once: 1"),
        ("select null as tenant", "tenant is null"),
        ("select '' as tenant", "tenant is null"),
        ("select site from accounts", "no column `tenant`"),
        ("select tenant from acounts", 'relation "acounts" does not exist'),
        ("select oops", 'column "oops" does not exist'),
    ],
)
def test_a_list_that_cannot_be_trusted_is_an_error(
    product: str, engines: Engines, query: str, told: str
) -> None:
    with pytest.raises(ReadError, match=told) as caught:
        queried(query, product, engines)
    assert caught.value.kind == "config"


def test_a_variable_that_is_not_set_is_an_error(engines: Engines) -> None:
    with pytest.raises(ReadError, match="URL is not set"):
        queried("select 1 as tenant", "", engines)
