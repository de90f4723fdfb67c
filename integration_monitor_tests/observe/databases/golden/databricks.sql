-- session: set time zone 'UTC'

-- session: set statement_timeout = 10

-- clock
SELECT current_timestamp() AS now;

-- describe
SELECT *
FROM main.crm.orders
WHERE 1 = 0;

-- describe a query
SELECT *
FROM (select id, ':a' as tenant, updated_at from orders where plan like '%x') AS watched
WHERE 1 = 0;

-- totals
SELECT count(*) AS records, coalesce(sum(CASE WHEN (id IS NULL OR updated_at IS NULL) THEN 1 ELSE 0 END), :`coalesce_1`) AS unwatched
FROM main.crm.orders
WHERE (plan like 'p%') AND tenant IN (:`param_1_1`);

-- rows without a tenant
SELECT count(*) AS count_1
FROM main.crm.orders
WHERE (plan like 'p%') AND (tenant IS NULL OR trim(tenant) = :`trim_1`);

-- totals, text
SELECT count(*) AS records, coalesce(sum(CASE WHEN (id IS NULL OR trim(id) = :`trim_1` OR try_to_timestamp(updated_at) IS NULL) THEN 1 ELSE 0 END), :`coalesce_1`) AS unwatched
FROM main.crm.orders
WHERE (plan like 'p%');

-- changed, of a query
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM (select id, ':a' as tenant, updated_at from orders where plan like '%x') AS watched
WHERE (plan like 'p%') AND updated_at >= :`param_1` AND updated_at < :`param_2` ORDER BY updated_at;

-- changed, aware
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM main.crm.orders
WHERE (plan like 'p%') AND tenant IN (:`param_1_1`) AND updated_at >= :`param_2` AND updated_at < :`param_3` ORDER BY updated_at;

-- changed, naive
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM main.crm.orders
WHERE (plan like 'p%') AND tenant IN (:`param_1_1`) AND updated_at >= :`param_2` AND updated_at < :`param_3` ORDER BY updated_at;

-- changed, date
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM main.crm.orders
WHERE (plan like 'p%') AND tenant IN (:`param_1_1`) AND updated_at >= :`param_2` AND updated_at < :`param_3` ORDER BY updated_at;

-- changed, text
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM main.crm.orders
WHERE (plan like 'p%') AND tenant IN (:`param_1_1`) AND try_to_timestamp(updated_at) >= :`param_2` AND try_to_timestamp(updated_at) < :`param_3` ORDER BY try_to_timestamp(updated_at);

-- look-up, integer
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%') THEN 1 ELSE 0 END AS in_filter
FROM main.crm.orders
WHERE id IN (:`param_1_1`);

-- look-up, number
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%') THEN 1 ELSE 0 END AS in_filter
FROM main.crm.orders
WHERE id IN (:`param_1_1`);

-- look-up, text
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%') THEN 1 ELSE 0 END AS in_filter
FROM main.crm.orders
WHERE id IN (:`param_1_1`, :`param_1_2`, :`param_1_3`, :`param_1_4`);

-- look-up, other
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%') THEN 1 ELSE 0 END AS in_filter
FROM main.crm.orders
WHERE CAST(id AS STRING) IN (:`param_1_1`, :`param_1_2`, :`param_1_3`, :`param_1_4`);

-- look-up without a filter
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, 1 AS in_filter
FROM main.crm.orders
WHERE id IN (:`param_1_1`);
