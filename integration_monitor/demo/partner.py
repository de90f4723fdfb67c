"""The partners' APIs: a CRM that is read from, and a billing system that is written to."""

# No postponed annotations here: FastAPI evaluates them outside of the functions they stand in.

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel
from starlette.types import ASGIApp

from integration_monitor.demo.behaviour import NOT_ACCEPTED, WELL, Behaviour
from integration_monitor.demo.clock import iso, parse, utc_now
from integration_monitor.demo.collection import Collection, Fields
from integration_monitor.demo.company import Account, IntegrationName
from integration_monitor.demo.real_answers import RealAnswers

PAGE = 200


class Keys(BaseModel):
    """The body of a batch read."""

    ids: list[str]


class InvoiceFields(BaseModel):
    """What is said of an invoice."""

    number: str
    amount_cents: int
    status: str
    source_updated_at: AwareDatetime


class Invoice(InvoiceFields):
    """An invoice among others, with its key."""

    external_id: str


class Invoices(BaseModel):
    """The body of a batch upsert."""

    invoices: list[Invoice]


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
        self._behaviours: dict[IntegrationName, Behaviour] = {}
        self._refused: set[str] = set()

    def behave(self, integration: IntegrationName, behaviour: Behaviour) -> None:
        """One partner behaves like this from now on, the other one well."""
        with self._lock:
            self._behaviours = {integration: behaviour}

    def behaviour(self, integration: IntegrationName) -> Behaviour:
        """How a partner behaves now."""
        with self._lock:
            return self._behaviours.get(integration, WELL)

    def shown(
        self, integration: IntegrationName, records: Sequence[Fields]
    ) -> list[dict[str, Any]]:
        """Records as this partner shows them now."""
        reshape = self.behaviour(integration).reshape
        return [reshape(record) for record in records]

    def tenant(self, integration: IntegrationName, authorization: str | None) -> str:
        """Whose token this is. Raises `HTTPException` 401 and 503."""
        behaviour = self.behaviour(integration)
        if behaviour.down:
            raise _error(503, "maintenance", "we are down for maintenance")
        scheme, _, token = (authorization or "").partition(" ")
        tenant = self._tokens.get((integration, token)) if scheme.lower() == "bearer" else None
        if tenant is None:
            raise _unauthorized("invalid_token", "the token is not known")
        if tenant == behaviour.revoked:
            raise _unauthorized("token_revoked", "the access was revoked")
        if tenant == behaviour.expired:
            raise _unauthorized("token_expired", "the token has expired")
        return tenant

    def take_invoice(self, tenant: str, key: str, invoice: InvoiceFields) -> None:
        """Keep an invoice. Raises `HTTPException` 422 where it is not accepted."""
        if self.behaviour("billing").strict and invoice.status == NOT_ACCEPTED:
            with self._lock:
                self._refused.add(key)
            message = f"invoices of status {NOT_ACCEPTED} are not accepted"
            raise _error(422, "status_not_accepted", message, record=key, field="status")
        fields = invoice.model_dump(exclude={"source_updated_at", "external_id"})
        fields |= {"external_id": key, "account": tenant, "received_at": iso(self.clock())}
        self.invoices.put(tenant, fields, invoice.source_updated_at)
        with self._lock:
            self._refused.discard(key)

    def refused(self) -> frozenset[str]:
        """The invoices that were not accepted, and did not come again in a form that was."""
        with self._lock:
            return frozenset(self._refused)


def partner_app(partner: Partner) -> ASGIApp:
    """The API of both partners, below `/crm` and `/billing`."""
    app = FastAPI(title="The partners of the demo")
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.include_router(_collection_routes(partner, "crm", partner.contacts), prefix="/crm/contacts")
    invoices = _collection_routes(partner, "billing", partner.invoices)
    _add_writing(invoices, partner)
    app.include_router(invoices, prefix="/billing/invoices")
    return RealAnswers(app, partner)


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
            raise _error(400, "bad_request", str(error)) from error
        records = partner.shown(integration, found.records)
        return {"results": records, "paging": {"next": found.next}, "total": found.total}

    @router.post("/batch/read")
    def read(tenant: Annotated[str, Depends(tenant_of)], keys: Keys) -> dict[str, Any]:
        if len(keys.ids) > PAGE:
            raise _error(400, "bad_request", f"at most {PAGE} ids at a time")
        return {"results": partner.shown(integration, collection.read(tenant, keys.ids))}

    return router


def _add_writing(router: APIRouter, partner: Partner) -> None:
    tenant_of = _authentication(partner, "billing")

    @router.put("/{external_id}")
    def put(
        external_id: str, tenant: Annotated[str, Depends(tenant_of)], invoice: InvoiceFields
    ) -> dict[str, Any]:
        partner.take_invoice(tenant, external_id, invoice)
        return {"external_id": external_id}

    @router.post("/batch/upsert")
    def upsert(tenant: Annotated[str, Depends(tenant_of)], body: Invoices) -> dict[str, Any]:
        for invoice in body.invoices:
            partner.take_invoice(tenant, invoice.external_id, invoice)
        return {"upserted": len(body.invoices)}


def _authentication(partner: Partner, integration: IntegrationName) -> Any:
    def tenant_of(request: Request) -> str:
        return partner.tenant(integration, request.headers.get("authorization"))

    return tenant_of


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse(text)


def _error(status: int, code: str, message: str, **more: str) -> HTTPException:
    return HTTPException(status, {"code": code, "message": message, **more})


def _unauthorized(code: str, message: str) -> HTTPException:
    refused = _error(401, code, message)
    # RFC 6750, section 3.1: one word for expired, revoked and unknown tokens.
    challenge = f'Bearer error="invalid_token", error_description="{message}"'
    refused.headers = {"www-authenticate": challenge}
    return refused


def _told(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these alone
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


def _not_understood(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"error": {"code": "invalid_request", "message": "not as documented"}}, 422)
