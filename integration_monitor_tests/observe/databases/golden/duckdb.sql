-- session: set timezone = 'UTC'

-- clock
SELECT current_timestamp AS now;

-- describe
SELECT *
FROM crm.orders
WHERE 1 = 0;

-- describe a query
SELECT *
FROM (select id, ':a' as tenant, updated_at from orders where plan like '%x') AS watched
WHERE 1 = 0;

-- totals
SELECT count(*) AS records, coalesce(sum(CASE WHEN (id IS NULL OR updated_at IS NULL) THEN 1 ELSE 0 END), $1) AS unwatched
FROM crm.orders
WHERE (plan like 'p%') AND tenant IN ($2);

-- rows without a tenant
SELECT count(*) AS count_1
FROM crm.orders
WHERE (plan like 'p%') AND (tenant IS NULL OR trim(tenant) = $1);

-- totals, text
SELECT count(*) AS records, coalesce(sum(CASE WHEN (id IS NULL OR trim(id) = $1 OR TRY_CAST(updated_at AS TIMESTAMP WITH TIME ZONE) IS NULL) THEN 1 ELSE 0 END), $2) AS unwatched
FROM crm.orders
WHERE (plan like 'p%');

-- changed, of a query
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM (select id, ':a' as tenant, updated_at from orders where plan like '%x') AS watched
WHERE (plan like 'p%') AND updated_at >= $1 AND updated_at < $2 ORDER BY updated_at;

-- changed, aware
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%') AND tenant IN ($3) AND updated_at >= $1 AND updated_at < $2 ORDER BY updated_at;

-- changed, naive
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%') AND tenant IN ($3) AND updated_at >= $1 AND updated_at < $2 ORDER BY updated_at;

-- changed, date
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%') AND tenant IN ($3) AND updated_at >= $1 AND updated_at < $2 ORDER BY updated_at;

-- changed, text
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%') AND tenant IN ($3) AND TRY_CAST(updated_at AS TIMESTAMP WITH TIME ZONE) >= $1 AND TRY_CAST(updated_at AS TIMESTAMP WITH TIME ZONE) < $2 ORDER BY TRY_CAST(updated_at AS TIMESTAMP WITH TIME ZONE);

-- look-up, integer
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id IN ($1);

-- look-up, number
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id IN ($1);

-- look-up, text
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id IN ($1, $2, $3, $4);

-- look-up, other
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE CAST(id AS VARCHAR) IN ($1, $2, $3, $4);

-- look-up, uuid
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id IN ($1::UUID);

-- look-up without a filter
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, 1 AS in_filter
FROM crm.orders
WHERE id IN ($1);
