"""Statements of the receiver. They are written out, for they are PostgreSQL's own and run hot."""

from __future__ import annotations

_ADD = """
with added as (
    insert into integration_monitor.webhook_events (
        integration, connection, event_id, digest, type, tenant, object_id, order_key,
        occurred_at, received_at, headers, body, request_id, entry, state
    )
    select
        integration, connection, event_id, digest, type, tenant, object_id, order_key,
        occurred_at, received_at, headers::json, body, request_id, entry, 'received'
    from unnest(
        %(integration)b::text[], %(connection)b::text[], %(event_id)b::text[], %(digest)b::bytea[],
        %(type)b::text[], %(tenant)b::text[], %(object_id)b::text[], %(order_key)b::text[],
        %(occurred_at)b::timestamptz[], %(received_at)b::timestamptz[], %(headers)b::text[],
        %(body)b::bytea[], %(request_id)b::bigint[], %(entry)b::bigint[]
    ) as came(
        integration, connection, event_id, digest, type, tenant, object_id, order_key,
        occurred_at, received_at, headers, body, request_id, entry
    )
    on conflict (integration, connection, event_id, digest) do nothing
    returning integration, tenant, type, received_at, request_id
){requests}
insert into integration_monitor.webhook_tallies (
    integration, tenant, type, received_at,
    new_integration, new_tenant, new_type, new_received_at
)
select
    {came},
    {new}
from added
"""

_CAME = """%(integration)b::text[], %(tenant)b::text[], %(type)b::text[],
    %(received_at)b::timestamptz[]"""

_NEW = "array_agg(integration), array_agg(tenant), array_agg(type), array_agg(received_at)"


def _adding(*, requests: str = "", came: str = _CAME) -> str:
    return _ADD.format(requests=requests, came=came, new=_NEW)


_REQUESTS = """,
requests as (
    insert into integration_monitor.webhook_requests (id, received_at, body)
    select id, received_at, body
    from unnest(%(raw_id)b::bigint[], %(raw_at)b::timestamptz[], %(raw_body)b::bytea[])
        as raw(id, received_at, body)
    where id in (select request_id from added)
)"""

ADD_EVENTS = _adding()
"""Events and their tallies in one statement: so the counts are those of what is stored. An array
may be null where all of its values are."""

ADD_LISTS = _adding(requests=_REQUESTS)
"""The same, and the bodies that held lists of them. A body of which all events were known is not
kept again."""

ADD_FOUND = _adding(requests=_REQUESTS, came=_NEW)
"""The same of what had come before: what is known is no repeat."""

ADD_UP = """
with turn as materialized (
    select pg_try_advisory_xact_lock(hashtext('webhook_tallies')) as mine
),
gone as (
    delete from integration_monitor.webhook_tallies where (select mine from turn) returning *
),
events as (
    select came.*, 0 as is_new
    from gone, unnest(gone.integration, gone.tenant, gone.type, gone.received_at)
        as came(integration, tenant, type, received_at)
    union all
    select new.*, 1
    from gone, unnest(new_integration, new_tenant, new_type, new_received_at)
        as new(integration, tenant, type, received_at)
)
insert into integration_monitor.webhook_counts as known (
    integration, tenant, type, hour, received, duplicates, first_at, last_at
)
select integration, tenant, coalesce(type, ''), date_trunc('hour', received_at, 'UTC'),
    sum(is_new), count(*) - 2 * sum(is_new), min(received_at), max(received_at)
from events
group by 1, 2, 3, 4
on conflict (integration, tenant, type, hour) do update set
    received = known.received + excluded.received,
    duplicates = known.duplicates + excluded.duplicates,
    first_at = least(known.first_at, excluded.first_at),
    last_at = greatest(known.last_at, excluded.last_at),
    longest_s = greatest(known.longest_s, extract(epoch from excluded.first_at - known.last_at))
"""
"""Tallies become counts. What is new stands in them twice: among what came, and as new. Only one
at a time adds up; for others there is nothing meanwhile. Gaps between events that are added up
together are not seen: they are shorter than a second."""

REQUEST_IDS = """
select nextval(pg_get_serial_sequence('integration_monitor.webhook_requests', 'id'))
from generate_series(1, %(number)s)
"""

BEAT = """
insert into integration_monitor.receiver_minutes (minute) values (%(minute)s)
on conflict do nothing
"""

ADD_REJECTIONS = """
insert into integration_monitor.webhook_rejections as known (
    integration, connection, reason, minute, requests, first_at, last_at
)
select * from unnest(
    %(integration)s::text[], %(connection)s::text[], %(reason)s::text[],
    %(minute)s::timestamptz[], %(requests)s::bigint[], %(first_at)s::timestamptz[],
    %(last_at)s::timestamptz[]
)
on conflict (integration, connection, reason, minute) do update set
    requests = known.requests + excluded.requests,
    first_at = least(known.first_at, excluded.first_at),
    last_at = greatest(known.last_at, excluded.last_at)
"""

ADD_ACCEPTED = """
insert into integration_monitor.webhook_accepted as known (
    integration, connection, minute, requests
)
select * from unnest(
    %(integration)s::text[], %(connection)s::text[], %(minute)s::timestamptz[],
    %(requests)s::bigint[]
)
on conflict (integration, connection, minute) do update set
    requests = known.requests + excluded.requests
"""
