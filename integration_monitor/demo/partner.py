"""The partners' APIs: a CRM that is read from, and a billing system that is written to."""

# No postponed annotations here: FastAPI evaluates them outside of the functions they stand in.

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from pydantic import AwareDatetime, BaseModel

from integration_monitor.demo.clock import iso, parse, utc_now
from integration_monitor.demo.collection import Collection, Fields
from integration_monitor.demo.company import Account, IntegrationName
from integration_monitor.demo.reshaping import Reshape, unchanged

PAGE = 200


class Partner:
    """What both partners know, and how they misbehave at the moment. Used by several threads."""

    def __init__(
        self, accounts: Sequence[Account], clock: Callable[[], datetime] = utc_now
    ) -> None:
        self.clock = clock
        self.contacts = Collection(key="id", version="updated_at")
        self.invoices = Collection(key="external_id", version="source_updated_at")
        self._tokens: dict[tuple[IntegrationName, str], str] = {
            **{("crm", account.crm_token): account.tenant for account in accounts},
            **{("billing", account.billing_token): account.tenant for account in accounts},
        }
        self._lock = threading.Lock()
        self._down: frozenset[IntegrationName] = frozenset()
        self._revoked: frozenset[tuple[IntegrationName, str]] = frozenset()
        self._reshaped: Mapping[IntegrationName, Reshape] = {}

    def misbehave(
        self,
        *,
        down: frozenset[IntegrationName] = frozenset(),
        revoked: frozenset[tuple[IntegrationName, str]] = frozenset(),
        reshaped: Mapping[IntegrationName, Reshape] = MappingProxyType({}),
    ) -> None:
        """Be away, refuse the tokens of (integration, tenant), or show records in another shape.

        Without arguments: be well.
        """
        with self._lock:
            self._down, self._revoked, self._reshaped = down, revoked, reshaped

    def shown(
        self, integration: IntegrationName, records: Sequence[Fields]
    ) -> list[dict[str, Any]]:
        """Records as this partner shows them now."""
        with self._lock:
            reshape = self._reshaped.get(integration, unchanged)
        return [reshape(record) for record in records]

    def tenant(self, integration: IntegrationName, authorization: str | None) -> str:
        """Whose token this is. Raises `HTTPException` 401 and 503."""
        with self._lock:
            down, revoked = self._down, self._revoked
        if integration in down:
            raise HTTPException(503, "we are down for maintenance")
        scheme, _, token = (authorization or "").partition(" ")
        tenant = self._tokens.get((integration, token)) if scheme.lower() == "bearer" else None
        if tenant is None or (integration, tenant) in revoked:
            raise HTTPException(401, "the token is invalid or has expired")
        return tenant


class Keys(BaseModel):
    """The body of a batch read."""

    ids: list[str]


class Invoice(BaseModel):
    """An invoice as it is sent to the billing system."""

    external_id: str
    number: str
    amount_cents: int
    status: str
    source_updated_at: AwareDatetime


class Invoices(BaseModel):
    """The body of a batch upsert."""

    invoices: list[Invoice]


def partner_app(partner: Partner) -> FastAPI:
    """The API of both partners, below `/crm` and `/billing`."""
    app = FastAPI(title="The partners of the demo")
    app.include_router(_collection_routes(partner, "crm", partner.contacts), prefix="/crm/contacts")
    invoices = _collection_routes(partner, "billing", partner.invoices)
    _add_upsert(invoices, partner)
    app.include_router(invoices, prefix="/billing/invoices")
    return app


def _collection_routes(
    partner: Partner, integration: IntegrationName, collection: Collection
) -> APIRouter:
    router = APIRouter()
    tenant_of = _authentication(partner, integration)

    @router.get("")
    def search(
        tenant: Annotated[str, Depends(tenant_of)],
        since: str | None = None,
        until: str | None = None,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
    ) -> dict[str, Any]:
        try:
            found = collection.search(
                tenant, since=_time(since), until=_time(until), cursor=cursor, limit=limit
            )
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        records = partner.shown(integration, found.records)
        return {"results": records, "paging": {"next": found.next}, "total": found.total}

    @router.post("/batch/read")
    def read(tenant: Annotated[str, Depends(tenant_of)], keys: Keys) -> dict[str, Any]:
        if len(keys.ids) > PAGE:
            raise HTTPException(400, f"at most {PAGE} ids at a time")
        return {"results": partner.shown(integration, collection.read(tenant, keys.ids))}

    return router


def _add_upsert(router: APIRouter, partner: Partner) -> None:
    @router.post("/batch/upsert")
    def upsert(
        tenant: Annotated[str, Depends(_authentication(partner, "billing"))], body: Invoices
    ) -> dict[str, Any]:
        received_at = iso(partner.clock())
        for invoice in body.invoices:
            fields = invoice.model_dump(exclude={"source_updated_at"})
            fields |= {"account": tenant, "received_at": received_at}
            partner.invoices.put(tenant, fields, invoice.source_updated_at)
        return {"upserted": len(body.invoices)}


def _authentication(partner: Partner, integration: IntegrationName) -> Any:
    def tenant_of(request: Request) -> str:
        return partner.tenant(integration, request.headers.get("authorization"))

    return tenant_of


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse(text)
