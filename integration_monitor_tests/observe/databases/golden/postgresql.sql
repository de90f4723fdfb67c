-- session: select set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO', true), set_config('statement_timeout', '10000', true), set_config('transaction_read_only', 'on', true)

-- clock
SELECT clock_timestamp() AS now;

-- describe
SELECT *
FROM crm.orders
WHERE 1 = 0;

-- describe a query
SELECT *
FROM (select id, ':a' as tenant, updated_at from orders where plan like '%%x') AS watched
WHERE 1 = 0;

-- totals
SELECT count(*) AS records, coalesce(sum(CASE WHEN (id IS NULL OR updated_at IS NULL) THEN 1 ELSE 0 END), %(coalesce_1)s::INTEGER) AS unwatched
FROM crm.orders
WHERE (plan like 'p%%') AND tenant IN (%(param_1_1)s::VARCHAR);

-- rows without a tenant
SELECT count(*) AS count_1
FROM crm.orders
WHERE (plan like 'p%%') AND (tenant IS NULL OR trim(tenant) = %(trim_1)s::VARCHAR);

-- totals, text
SELECT count(*) AS records, coalesce(sum(CASE WHEN (id IS NULL OR trim(id) = %(trim_1)s::VARCHAR OR CAST(nullif(updated_at, %(nullif_1)s::VARCHAR) AS TIMESTAMP WITH TIME ZONE) IS NULL) THEN 1 ELSE 0 END), %(coalesce_1)s::INTEGER) AS unwatched
FROM crm.orders
WHERE (plan like 'p%%');

-- changed, of a query
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM (select id, ':a' as tenant, updated_at from orders where plan like '%%x') AS watched
WHERE (plan like 'p%%') AND updated_at >= %(param_1)s::TIMESTAMP WITH TIME ZONE AND updated_at < %(param_2)s::TIMESTAMP WITH TIME ZONE ORDER BY updated_at;

-- changed, aware
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%%') AND tenant IN (%(param_1_1)s::VARCHAR) AND updated_at >= %(param_2)s::TIMESTAMP WITH TIME ZONE AND updated_at < %(param_3)s::TIMESTAMP WITH TIME ZONE ORDER BY updated_at;

-- changed, naive
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%%') AND tenant IN (%(param_1_1)s::VARCHAR) AND updated_at >= %(param_2)s::TIMESTAMP WITHOUT TIME ZONE AND updated_at < %(param_3)s::TIMESTAMP WITHOUT TIME ZONE ORDER BY updated_at;

-- changed, date
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%%') AND tenant IN (%(param_1_1)s::VARCHAR) AND updated_at >= %(param_2)s::DATE AND updated_at < %(param_3)s::DATE ORDER BY updated_at;

-- changed, text
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%%') AND tenant IN (%(param_1_1)s::VARCHAR) AND CAST(nullif(updated_at, %(nullif_1)s::VARCHAR) AS TIMESTAMP WITH TIME ZONE) >= %(param_2)s::TIMESTAMP WITH TIME ZONE AND CAST(nullif(updated_at, %(nullif_1)s::VARCHAR) AS TIMESTAMP WITH TIME ZONE) < %(param_3)s::TIMESTAMP WITH TIME ZONE ORDER BY CAST(nullif(updated_at, %(nullif_2)s::VARCHAR) AS TIMESTAMP WITH TIME ZONE);

-- look-up, integer
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id = ANY (%(param_1)s::BIGINT[]);

-- look-up, number
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id = ANY (%(param_1)s::NUMERIC[]);

-- look-up, text
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id = ANY (%(param_1)s::VARCHAR[]);

-- look-up, other
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE CAST(id AS VARCHAR) = ANY (%(param_1)s::VARCHAR[]);

-- look-up, uuid
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id = ANY (%(param_1)s::UUID[]);

-- look-up without a filter
SELECT id AS key, updated_at AS version, loaded_at AS loaded, tenant AS tenant, 1 AS in_filter
FROM crm.orders
WHERE id = ANY (%(param_1)s::BIGINT[]);
