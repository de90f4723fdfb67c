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
        occurred_at, received_at, headers::jsonb, body, request_id, entry, 'received'
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
    integration, tenant, type, hour, received, duplicates, first_at, last_at
)
select integration, tenant, coalesce(type, ''), date_trunc('hour', received_at, 'UTC'),
    sum(is_new), sum(came) - sum(is_new), min(received_at), max(received_at)
from (
    select *, 1 as came, 0 as is_new
    from unnest(
        %(integration)b::text[], %(tenant)b::text[], %(type)b::text[],
        %(received_at)b::timestamptz[]
    ) as came(integration, tenant, type, received_at)
    union all
    select integration, tenant, type, received_at, 0, 1 from added
) as events
group by 1, 2, 3, 4
"""

_REQUESTS = """,
requests as (
    insert into integration_monitor.webhook_requests (id, received_at, body)
    select id, received_at, body
    from unnest(%(raw_id)b::bigint[], %(raw_at)b::timestamptz[], %(raw_body)b::bytea[])
        as raw(id, received_at, body)
    where id in (select request_id from added)
)"""

ADD_EVENTS = _ADD.format(requests="")
"""Events and their tallies in one statement: so the counts are those of what is stored. An array
may be null where all of its values are."""

ADD_LISTS = _ADD.format(requests=_REQUESTS)
"""The same, and the bodies that held lists of them. A body of which all events were known is not
kept again."""

ADD_UP = """
with turn as materialized (
    select pg_try_advisory_xact_lock(hashtext('webhook_tallies')) as mine
),
gone as (
    delete from integration_monitor.webhook_tallies where (select mine from turn) returning *
)
insert into integration_monitor.webhook_counts as known (
    integration, tenant, type, hour, received, duplicates, first_at, last_at
)
select integration, tenant, type, hour, sum(received), sum(duplicates), min(first_at), max(last_at)
from gone
group by integration, tenant, type, hour
on conflict (integration, tenant, type, hour) do update set
    received = known.received + excluded.received,
    duplicates = known.duplicates + excluded.duplicates,
    first_at = least(known.first_at, excluded.first_at),
    last_at = greatest(known.last_at, excluded.last_at),
    longest_s = greatest(known.longest_s, extract(epoch from excluded.first_at - known.last_at))
"""
"""Tallies become counts. Only one at a time does so; for others there is nothing meanwhile. Gaps
between tallies that are added up together are not seen: they are shorter than a second."""

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
