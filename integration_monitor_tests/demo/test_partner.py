from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from integration_monitor.demo.behaviour import (
    LIMITED_EACH,
    SLOW_EACH,
    SLOW_S,
    WELL,
    Behaviour,
)
from integration_monitor.demo.company import Account
from integration_monitor.demo.partner import Partner, partner_app
from integration_monitor.demo.reshaping import rename_field, retype_field
from integration_monitor.demo.servers import serving

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCOUNTS = (Account("acme", "crm-a", "bil-a"), Account("brio", "crm-b", "bil-b"))
ACME = {"authorization": "Bearer crm-a"}
INVOICE = {
    "external_id": "1",
    "number": "INV-1",
    "amount_cents": 5,
    "status": "paid",
    "source_updated_at": "2026-03-01T12:00:00.123Z",
}


@pytest.fixture
def partner() -> Partner:
    partner = Partner(ACCOUNTS, clock=lambda: NOON)
    partner.contacts.put("acme", {"id": "c1", "account": "acme"}, NOON)
    partner.contacts.put("brio", {"id": "c2", "account": "brio"}, NOON)
    return partner


@pytest.fixture
def http(partner: Partner) -> Iterator[httpx.Client]:
    with (
        serving(partner_app(partner)) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        yield client


def test_a_token_shows_its_own_tenant_only(http: httpx.Client) -> None:
    page = http.get("/crm/contacts", headers=ACME).raise_for_status().json()
    assert [record["id"] for record in page["results"]] == ["c1"]
    assert (page["total"], page["paging"]) == (1, {"next": None})
    found = http.post("/crm/contacts/batch/read", headers=ACME, json={"ids": ["c1", "c2"]}).json()
    assert [record["id"] for record in found["results"]] == ["c1"]


def test_answers_carry_the_partners_clock(http: httpx.Client) -> None:
    date = parsedate_to_datetime(http.get("/crm/contacts", headers=ACME).headers["date"])
    assert abs((datetime.now(UTC) - date).total_seconds()) < 60


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer nonsense"}, {"authorization": "Bearer bil-a"}],
    ids=["none", "unknown", "of the other partner"],
)
def test_other_tokens_are_refused(http: httpx.Client, headers: dict[str, str]) -> None:
    assert http.get("/crm/contacts", headers=headers).status_code == 401


def test_a_dead_token_is_one_tenants_only(http: httpx.Client, partner: Partner) -> None:
    partner.behave("crm", Behaviour(revoked="acme"))
    assert http.get("/crm/contacts", headers=ACME).status_code == 401
    others = {"authorization": "Bearer crm-b"}
    assert http.get("/crm/contacts", headers=others).status_code == 200
    partner.behave("crm", WELL)
    assert http.get("/crm/contacts", headers=ACME).status_code == 200


def test_down_is_one_partner_only(http: httpx.Client, partner: Partner) -> None:
    partner.behave("crm", Behaviour(down=True))
    assert http.get("/crm/contacts", headers=ACME).status_code == 503
    billing = {"authorization": "Bearer bil-a"}
    assert http.get("/billing/invoices", headers=billing).status_code == 200


def test_an_upsert_keeps_the_senders_version(http: httpx.Client) -> None:
    billing = {"authorization": "Bearer bil-a"}
    body = {"invoices": [INVOICE]}
    http.post("/billing/invoices/batch/upsert", headers=billing, json=body).raise_for_status()
    asked = {"since": "2026-03-01T12:00:00Z", "until": "2026-03-01T12:00:01Z"}
    page = http.get("/billing/invoices", headers=billing, params=asked).json()
    received = {"account": "acme", "received_at": "2026-03-01T12:00:00.000Z"}
    assert page["results"] == [{**INVOICE, **received}]


@pytest.mark.parametrize(
    "query", [{"since": "yesterday"}, {"cursor": "x"}, {"since": "2026-03-01"}]
)
def test_what_it_does_not_understand_is_a_400(http: httpx.Client, query: dict[str, str]) -> None:
    assert http.get("/crm/contacts", headers=ACME, params=query).status_code == 400


def test_shows_its_records_in_another_shape(partner: Partner, http: httpx.Client) -> None:
    record = {"id": "c1", "account": "acme", "email": "a@example.com", "seats": 3}
    partner.contacts.put("acme", record, NOON)

    def shown() -> list[dict[str, object]]:
        listed = http.get("/crm/contacts", headers=ACME).json()["results"]
        body = {"ids": ["c1"]}
        assert http.post("/crm/contacts/batch/read", headers=ACME, json=body).json() == {
            "results": listed
        }
        return [{name: one[name] for name in one if name != "updated_at"} for one in listed]

    partner.behave("crm", Behaviour(reshape=rename_field("crm")))
    assert shown() == [
        {"id": "c1", "account": "acme", "email_address": "a@example.com", "seats": 3}
    ]
    partner.behave("crm", Behaviour(reshape=retype_field("crm")))
    assert shown() == [{**record, "seats": "3"}]
    partner.behave("crm", WELL)
    assert shown() == [record]


def test_every_answer_has_an_id_of_its_own_and_says_the_limit(http: httpx.Client) -> None:
    answers = [http.get("/crm/contacts", headers=headers) for headers in (ACME, ACME, {})]
    assert [answer.status_code for answer in answers] == [200, 200, 401]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3
    assert all(a.headers["ratelimit-policy"] == '"minute";q=6000;w=60' for a in answers)
    assert all(a.headers["ratelimit"].startswith('"minute";r=') for a in answers)


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [(Behaviour(expired="acme"), "token_expired"), (Behaviour(revoked="acme"), "token_revoked")],
)
def test_a_refused_token_is_told_in_the_words_of_the_rfc_and_of_the_partner(
    http: httpx.Client, partner: Partner, behaviour: Behaviour, code: str
) -> None:
    partner.behave("crm", behaviour)
    answer = http.get("/crm/contacts", headers=ACME)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
    assert answer.json()["error"]["code"] == code


def test_slow_is_some_calls_of_one_endpoint(http: httpx.Client, partner: Partner) -> None:
    partner.behave("crm", Behaviour(slow=True))
    took = [
        http.get("/crm/contacts", headers=ACME).elapsed.total_seconds() for _ in range(SLOW_EACH)
    ]
    assert sum(seconds >= SLOW_S for seconds in took) == 1


def test_limited_turns_some_calls_away_and_says_until_when(
    http: httpx.Client, partner: Partner
) -> None:
    partner.behave("crm", Behaviour(limited=True))
    answers = [http.get("/crm/contacts", headers=ACME) for _ in range(LIMITED_EACH)]
    (away,) = [answer for answer in answers if answer.status_code != 200]
    assert (away.status_code, away.headers["retry-after"]) == (429, "1")
    assert away.headers["ratelimit"] == '"burst";r=0;t=1'
    assert away.json()["error"]["code"] == "rate_limited"


def test_strict_names_the_record_that_it_refuses_and_takes_the_others(
    http: httpx.Client, partner: Partner
) -> None:
    partner.behave("billing", Behaviour(strict=True))
    billing = {"authorization": "Bearer bil-a"}
    draft, paid = (
        http.put(f"/billing/invoices/{key}", headers=billing, json={**INVOICE, "status": status})
        for key, status in (("7", "draft"), ("8", "paid"))
    )
    assert (draft.status_code, paid.status_code) == (422, 200)
    assert draft.json()["error"] == {
        "code": "status_not_accepted",
        "message": "invoices of status draft are not accepted",
        "record": "7",
        "field": "status",
    }
    assert partner.refused() == {"7"}
    partner.behave("billing", WELL)
    again = {**INVOICE, "status": "draft"}
    http.put("/billing/invoices/7", headers=billing, json=again).raise_for_status()
    assert partner.refused() == frozenset()


def test_the_end_of_an_endpoint_is_announced_by_that_endpoint_alone(
    http: httpx.Client, partner: Partner
) -> None:
    partner.behave("crm", Behaviour(sunset=NOON))
    listed = http.get("/crm/contacts", headers=ACME).headers
    read = http.post("/crm/contacts/batch/read", headers=ACME, json={"ids": []}).headers
    assert listed["sunset"] == "Sun, 01 Mar 2026 12:00:00 GMT"
    assert listed["deprecation"] == "@1764590400"
    assert "sunset" not in read


def test_an_outage_answers_500_or_nothing_at_all(http: httpx.Client, partner: Partner) -> None:
    partner.behave("crm", Behaviour(outage=True))
    assert http.get("/crm/contacts", headers=ACME).status_code == 500
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
        http.get("/crm/contacts", headers=ACME)
    partner.behave("crm", WELL)
    assert http.get("/crm/contacts", headers=ACME).status_code == 200
