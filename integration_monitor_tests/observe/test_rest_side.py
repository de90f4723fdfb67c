"""from __future__ import annotations"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from integration_monitor.manifest.domain import (
    Count,
    RequestTemplate,
)
from integration_monitor.manifest.paging import CursorPages
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadError, Record, TooManyRecords
from integration_monitor_tests.observe import partner as faults
from integration_monitor_tests.observe.partner import Partner, contact, running_partner
from integration_monitor_tests.observe.readings import NOW
from integration_monitor_tests.observe.rest_side_examples import (
    ACME,
    AT,
    CONTACTS,
    LIST,
    SINGLE_READ,
    crm,
    everything,
    keys,
    minutes,
    opened,
)


def test_all_pages_are_followed(partner: Partner, given: Reading) -> None:
    assert everything(opened(partner, given)) == ["0", "1", "2", "3", "4"]
    assert [request.body.get("after") for request in partner.requests] == [None, "2", "4"]


def test_bounds_and_credentials_are_written_as_declared(partner: Partner, given: Reading) -> None:
    everything(opened(partner, given))
    first = partner.requests[0]
    assert first.body == {
        "since": str(int(minutes(0).timestamp() * 1000)),
        "until": str(int(minutes(60).timestamp() * 1000)),
    }
    assert first.headers["authorization"] == "Bearer token-acme"
    assert first.headers["x-account"] == "acme"


def test_records_are_filtered_again(partner: Partner, given: Reading) -> None:
    partner.page = 10
    partner.always = faults.says(
        200,
        '{"results": [{"id": 1, "updated": "2026-03-01T10:59:59Z"},'
        ' {"id": 2, "updated": "2026-03-01T11:00:00Z"}, {"id": 3, "updated": 1772366400000}]}',
    )
    assert everything(opened(partner, given)) == ["2"]


def test_malformed_records_are_told_by_their_key(partner: Partner, given: Reading) -> None:
    partner.contacts["acme"] = [
        contact("1", minutes(1)),
        contact(None, minutes(1), email="a@example.com"),
        contact("3", None),
        {"id": "4", "updated": "someday"},
    ]
    pages = list(opened(partner, given).changed(minutes(0), minutes(60)))
    assert keys(iter(pages)) == ["1"]
    assert [reason for page in pages for reason in page.malformed] == [
        "a record without a key at `id`",
        "3: no time at `updated`",
        "4: no time at `updated`",
    ]


def test_the_tenant_is_the_records_or_the_connections(partner: Partner, given: Reading) -> None:
    partner.contacts["acme"] = [
        contact("1", minutes(1), portal=77),
        contact("2", minutes(1)),
    ]
    (page,) = opened(partner, given).changed(minutes(0), minutes(60))
    assert page.records == (Record("1", minutes(1), "77"), Record("2", minutes(1), "acme"))


def test_where_leaves_records_out_of_lists_only(partner: Partner, given: Reading) -> None:
    partner.contacts["acme"] = [
        contact("1", minutes(1), plan="pro"),
        contact("2", minutes(2), plan="free"),
        contact("3", minutes(3)),
    ]
    side = open_side(replace(CONTACTS, where="plan == 'pro'"), crm(partner), "source", ACME, given)
    assert everything(side) == ["1"]
    found = {record.key: record.in_filter for record in side.lookup(["1", "2", "3"])}
    assert found == {"1": True, "2": False, "3": False}
    assert side.totals().records is None


def test_newest_first_stops_at_the_start(partner: Partner, given: Reading) -> None:
    newest = RequestTemplate("GET", "/contacts", query={"offset": "{cursor}", "limit": 2})
    at = replace(AT, list=replace(LIST, request=newest, mode="newest_first"))
    partner.contacts["acme"] = [contact(str(n), minutes(n)) for n in range(50)]
    side = opened(partner, given, at)
    assert keys(side.changed(minutes(46), minutes(49))) == ["48", "47", "46"]
    assert [request.query.get("offset") for request in partner.requests] == [None, ["2"], ["4"]]


def test_a_full_list_is_filtered_by_us(partner: Partner, given: Reading) -> None:
    whole = RequestTemplate("GET", "/contacts", query={"offset": "{cursor}"})
    at = replace(AT, list=replace(LIST, request=whole, mode="full"))
    assert keys(opened(partner, given, at).changed(minutes(1), minutes(3))) == ["2", "1"]
    assert len(partner.requests) == 3


@pytest.mark.parametrize("count", [Count("total"), None])
def test_a_query_over_the_partners_limit_is_to_be_halved(
    partner: Partner, given: Reading, count: Count | None
) -> None:
    at = replace(AT, list=replace(LIST, max_results=4), count=count)
    with pytest.raises(TooManyRecords):
        everything(opened(partner, given, at))
    assert len(partner.requests) == (1 if count else 2)
    assert keys(opened(partner, given, at).changed(minutes(0), minutes(3))) == ["0", "1", "2"]


def test_the_next_page_may_be_an_address(partner: Partner, given: Reading) -> None:
    at = replace(
        AT,
        list=replace(LIST, request=RequestTemplate("GET", "/contacts")),
        pages=CursorPages("following"),
    )
    page = '{"results": [{"id": %d, "updated": 1772366000000}], "following": %s}'
    partner.faults.append(faults.says(200, page % (1, f'"{partner.url}/contacts?page=2"')))
    partner.faults.append(faults.says(200, page % (2, '"/contacts?page=3"')))
    partner.faults.append(faults.says(200, page % (3, "null")))
    assert everything(opened(partner, given, at)) == ["1", "2", "3"]
    assert [request.query for request in partner.requests] == [
        {}, {"page": ["2"]}, {"page": ["3"]},
    ]  # fmt: skip
    assert {request.headers["authorization"] for request in partner.requests} == {
        "Bearer token-acme"
    }


def test_the_next_page_is_not_fetched_from_elsewhere(partner: Partner, given: Reading) -> None:
    at = replace(
        AT,
        list=replace(LIST, request=RequestTemplate("GET", "/contacts")),
        pages=CursorPages("following"),
    )
    with running_partner() as elsewhere:
        body = f'{{"results": [], "following": "{elsewhere.url}/contacts"}}'
        partner.always = faults.says(200, body)
        with pytest.raises(ReadError, match="another host"):
            everything(opened(partner, given, at))
        assert elsewhere.requests == []


def test_an_endless_cursor_is_noticed(partner: Partner, given: Reading) -> None:
    partner.always = faults.endless_cursor
    with pytest.raises(ReadError, match="endless") as caught:
        everything(opened(partner, given))
    assert caught.value.kind == "bad_response"
    assert len(partner.requests) == 2


# --- look-ups ---


def test_look_ups_come_in_batches(partner: Partner, given: Reading) -> None:
    found = [record.key for record in opened(partner, given).lookup(["0", "1", "9", "1", "3"])]
    assert found == ["0", "1", "3"]
    assert [request.body["inputs"] for request in partner.requests] == [["0", "1"], ["9", "3"]]


def test_a_single_record_that_is_not_there_is_absent(partner: Partner, given: Reading) -> None:
    partner.faults.extend([None, None, faults.says(410)])
    found = [record.key for record in opened(partner, given, SINGLE_READ).lookup(["1", "9", "2"])]
    assert found == ["1"]
    assert partner.paths == ["/contacts/1", "/contacts/9", "/contacts/2"]


def test_a_batch_that_is_not_there_is_an_error(partner: Partner, given: Reading) -> None:
    partner.always = faults.says(404)
    with pytest.raises(ReadError) as caught:
        list(opened(partner, given).lookup(["1", "2"]))
    assert caught.value.kind == "not_found"


@pytest.mark.parametrize(
    "body",
    [
        '{"results": [{"ident": 1}]}',
        '{"results": [{"id": 1, "updated": "someday"}]}',
        '{"results": {"id": 1}}',
        '{"results": null}',
        "[]",
    ],
)
def test_a_look_up_that_is_not_understood_finds_no_absence(
    partner: Partner, given: Reading, body: str
) -> None:
    partner.always = faults.says(200, body)
    with pytest.raises(ReadError) as caught:
        list(opened(partner, given).lookup(["1"]))
    assert caught.value.kind == "bad_response"


def test_a_null_in_a_look_up_is_an_absence(partner: Partner, given: Reading) -> None:
    partner.always = faults.says(200, '{"results": [null, {"id": 2}, {"id": 3}]}')
    assert list(opened(partner, given).lookup(["1", "2"])) == [Record("2", None, "acme")]


# --- clock and totals ---


def test_the_partners_clock_is_asked_once(partner: Partner, given: Reading) -> None:
    partner.clock = NOW + timedelta(minutes=5)
    side = opened(partner, given)
    assert side.now() == side.now() == NOW + timedelta(minutes=5)
    assert len(partner.requests) == 1


def test_any_answer_tells_the_partners_clock(partner: Partner, given: Reading) -> None:
    partner.clock = NOW - timedelta(minutes=5)
    side = opened(partner, given)
    list(side.lookup(["1"]))
    assert side.now() == NOW - timedelta(minutes=5)
    assert len(partner.requests) == 1


def test_a_partner_without_a_clock_has_ours(partner: Partner, given: Reading) -> None:
    partner.clock = None
    assert opened(partner, given).now() == NOW


def test_totals_are_the_partners_count(partner: Partner, given: Reading) -> None:
    assert opened(partner, given).totals().records == 5
    assert len(partner.requests) == 1
    assert opened(partner, given, replace(AT, count=None)).totals().records is None
