-- session: set session time_zone = '+00:00', max_execution_time = 10000, lock_wait_timeout = 10, net_write_timeout = 600

-- session: set session transaction read only

-- clock
SELECT utc_timestamp(6) AS now;

-- describe
SELECT *
FROM crm.orders
WHERE 1 = 0;

-- describe a query
SELECT *
FROM (select id, ':a' as tenant, updated_at from orders where plan like '%%x') AS watched
WHERE 1 = 0;

-- totals
SELECT count(*) AS records, coalesce(sum(CASE WHEN (id IS NULL OR updated_at IS NULL) THEN 1 ELSE 0 END), %(coalesce_1)s) AS unwatched
FROM crm.orders
WHERE (plan like 'p%%') AND tenant IN (%(param_1_1)s);

-- rows without a tenant
SELECT count(*) AS count_1
FROM crm.orders
WHERE (plan like 'p%%') AND (tenant IS NULL OR trim(tenant) = %(trim_1)s);

-- totals, text
SELECT count(*) AS records, coalesce(sum(CASE WHEN (id IS NULL OR trim(id) = %(trim_1)s OR CAST(updated_at AS DATETIME(6)) IS NULL) THEN 1 ELSE 0 END), %(coalesce_1)s) AS unwatched
FROM crm.orders
WHERE (plan like 'p%%');

-- changed, of a query
SELECT id AS `key`, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM (select id, ':a' as tenant, updated_at from orders where plan like '%%x') AS watched
WHERE (plan like 'p%%') AND updated_at >= %(param_1)s AND updated_at < %(param_2)s ORDER BY updated_at;

-- changed, aware
SELECT id AS `key`, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%%') AND tenant IN (%(param_1_1)s) AND updated_at >= %(param_2)s AND updated_at < %(param_3)s ORDER BY updated_at;

-- changed, naive
SELECT id AS `key`, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%%') AND tenant IN (%(param_1_1)s) AND updated_at >= %(param_2)s AND updated_at < %(param_3)s ORDER BY updated_at;

-- changed, date
SELECT id AS `key`, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%%') AND tenant IN (%(param_1_1)s) AND updated_at >= %(param_2)s AND updated_at < %(param_3)s ORDER BY updated_at;

-- changed, text
SELECT id AS `key`, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%%') AND tenant IN (%(param_1_1)s) AND CAST(updated_at AS DATETIME(6)) >= %(param_2)s AND CAST(updated_at AS DATETIME(6)) < %(param_3)s ORDER BY CAST(updated_at AS DATETIME(6));

-- look-up, integer
SELECT id AS `key`, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id IN (%(param_1_1)s);

-- look-up, number
SELECT id AS `key`, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id IN (%(param_1_1)s);

-- look-up, text
SELECT id AS `key`, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id IN (%(param_1_1)s, %(param_1_2)s, %(param_1_3)s, %(param_1_4)s);

-- look-up, other
SELECT id AS `key`, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE CAST(id AS CHAR) IN (%(param_1_1)s, %(param_1_2)s, %(param_1_3)s, %(param_1_4)s);

-- look-up without a filter
SELECT id AS `key`, updated_at AS version, loaded_at AS loaded, tenant AS tenant, 1 AS in_filter
FROM crm.orders
WHERE id IN (%(param_1_1)s);
