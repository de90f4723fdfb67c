-- clock
SELECT strftime('%Y-%m-%d %H:%M:%f', 'now') AS now;

-- describe
SELECT *
FROM crm.orders
WHERE 1 = 0;

-- describe a query
SELECT *
FROM (select id, ':a' as tenant, updated_at from orders where plan like '%x') AS watched
WHERE 1 = 0;

-- totals
SELECT count(*) AS records, coalesce(sum(CASE WHEN (id IS NULL OR julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END) IS NULL) THEN 1 ELSE 0 END), ?) AS unwatched
FROM crm.orders
WHERE (plan like 'p%') AND tenant IN (?);

-- rows without a tenant
SELECT count(*) AS count_1
FROM crm.orders
WHERE (plan like 'p%') AND (tenant IS NULL OR trim(tenant) = ?);

-- totals, text
SELECT count(*) AS records, coalesce(sum(CASE WHEN (id IS NULL OR trim(id) = ? OR julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END) IS NULL) THEN 1 ELSE 0 END), ?) AS unwatched
FROM crm.orders
WHERE (plan like 'p%');

-- changed, of a query
SELECT id AS "key", updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM (select id, ':a' as tenant, updated_at from orders where plan like '%x') AS watched
WHERE (plan like 'p%') AND julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END) >= julianday(?) AND julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END) < julianday(?) ORDER BY julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END);

-- changed, aware
SELECT id AS "key", updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%') AND tenant IN (?) AND julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END) >= julianday(?) AND julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END) < julianday(?) ORDER BY julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END);

-- changed, naive
SELECT id AS "key", updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%') AND tenant IN (?) AND julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END) >= julianday(?) AND julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END) < julianday(?) ORDER BY julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END);

-- changed, date
SELECT id AS "key", updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%') AND tenant IN (?) AND julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END) >= julianday(?) AND julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END) < julianday(?) ORDER BY julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END);

-- changed, text
SELECT id AS "key", updated_at AS version, loaded_at AS loaded, tenant AS tenant
FROM crm.orders
WHERE (plan like 'p%') AND tenant IN (?) AND julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END) >= julianday(?) AND julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END) < julianday(?) ORDER BY julianday(CASE WHEN (typeof(updated_at) = ?) THEN updated_at END);

-- look-up, integer
SELECT id AS "key", updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id IN (?);

-- look-up, number
SELECT id AS "key", updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id IN (?);

-- look-up, text
SELECT id AS "key", updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE id IN (?, ?, ?, ?);

-- look-up, other
SELECT id AS "key", updated_at AS version, loaded_at AS loaded, tenant AS tenant, CASE WHEN (plan like 'p%') THEN 1 ELSE 0 END AS in_filter
FROM crm.orders
WHERE CAST(id AS VARCHAR) IN (?, ?, ?, ?);

-- look-up without a filter
SELECT id AS "key", updated_at AS version, loaded_at AS loaded, tenant AS tenant, 1 AS in_filter
FROM crm.orders
WHERE id IN (?);
