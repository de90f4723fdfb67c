-- clock
SELECT current_timestamp() AS `now`;

-- describe
SELECT *
FROM `my-project`.`crm`.`orders`
WHERE 1 = 0;

-- describe a query
SELECT *
FROM (select id, ':a' as tenant, updated_at from orders where plan like '%%x') AS `watched`
WHERE 1 = 0;

-- totals
SELECT count(*) AS `records`, coalesce(sum(CASE WHEN (`id` IS NULL OR `updated_at` IS NULL) THEN 1 ELSE 0 END), %(coalesce_1:INT64)s) AS `unwatched`
FROM `my-project`.`crm`.`orders`
WHERE (plan like 'p%%') AND `tenant` IN UNNEST(%(param_1:STRING)s);

-- rows without a tenant
SELECT count(*) AS `count_1`
FROM `my-project`.`crm`.`orders`
WHERE (plan like 'p%%') AND (`tenant` IS NULL OR trim(`tenant`) = %(trim_1:STRING)s);

-- totals, text
SELECT count(*) AS `records`, coalesce(sum(CASE WHEN (`id` IS NULL OR trim(`id`) = %(trim_1:STRING)s OR safe_cast(`updated_at` as timestamp) IS NULL) THEN 1 ELSE 0 END), %(coalesce_1:INT64)s) AS `unwatched`
FROM `my-project`.`crm`.`orders`
WHERE (plan like 'p%%');

-- changed, of a query
SELECT `id` AS `key`, `updated_at` AS `version`, `loaded_at` AS `loaded`, `tenant` AS `tenant`
FROM (select id, ':a' as tenant, updated_at from orders where plan like '%%x') AS `watched`
WHERE (plan like 'p%%') AND `updated_at` >= %(param_1:TIMESTAMP)s AND `updated_at` < %(param_2:TIMESTAMP)s ORDER BY `updated_at`;

-- changed, aware
SELECT `id` AS `key`, `updated_at` AS `version`, `loaded_at` AS `loaded`, `tenant` AS `tenant`
FROM `my-project`.`crm`.`orders`
WHERE (plan like 'p%%') AND `tenant` IN UNNEST(%(param_1:STRING)s) AND `updated_at` >= %(param_2:TIMESTAMP)s AND `updated_at` < %(param_3:TIMESTAMP)s ORDER BY `updated_at`;

-- changed, naive
SELECT `id` AS `key`, `updated_at` AS `version`, `loaded_at` AS `loaded`, `tenant` AS `tenant`
FROM `my-project`.`crm`.`orders`
WHERE (plan like 'p%%') AND `tenant` IN UNNEST(%(param_1:STRING)s) AND `updated_at` >= %(param_2:DATETIME)s AND `updated_at` < %(param_3:DATETIME)s ORDER BY `updated_at`;

-- changed, date
SELECT `id` AS `key`, `updated_at` AS `version`, `loaded_at` AS `loaded`, `tenant` AS `tenant`
FROM `my-project`.`crm`.`orders`
WHERE (plan like 'p%%') AND `tenant` IN UNNEST(%(param_1:STRING)s) AND `updated_at` >= %(param_2:DATE)s AND `updated_at` < %(param_3:DATE)s ORDER BY `updated_at`;

-- changed, text
SELECT `id` AS `key`, `updated_at` AS `version`, `loaded_at` AS `loaded`, `tenant` AS `tenant`
FROM `my-project`.`crm`.`orders`
WHERE (plan like 'p%%') AND `tenant` IN UNNEST(%(param_1:STRING)s) AND safe_cast(`updated_at` as timestamp) >= %(param_2:TIMESTAMP)s AND safe_cast(`updated_at` as timestamp) < %(param_3:TIMESTAMP)s ORDER BY safe_cast(`updated_at` as timestamp);

-- look-up, integer
SELECT `id` AS `key`, `updated_at` AS `version`, `loaded_at` AS `loaded`, `tenant` AS `tenant`, CASE WHEN (plan like 'p%%') THEN 1 ELSE 0 END AS `in_filter`
FROM `my-project`.`crm`.`orders`
WHERE `id` IN UNNEST(%(param_1:INT64)s);

-- look-up, number
SELECT `id` AS `key`, `updated_at` AS `version`, `loaded_at` AS `loaded`, `tenant` AS `tenant`, CASE WHEN (plan like 'p%%') THEN 1 ELSE 0 END AS `in_filter`
FROM `my-project`.`crm`.`orders`
WHERE `id` IN UNNEST(%(param_1:NUMERIC)s);

-- look-up, text
SELECT `id` AS `key`, `updated_at` AS `version`, `loaded_at` AS `loaded`, `tenant` AS `tenant`, CASE WHEN (plan like 'p%%') THEN 1 ELSE 0 END AS `in_filter`
FROM `my-project`.`crm`.`orders`
WHERE `id` IN UNNEST(%(param_1:STRING)s);

-- look-up, other
SELECT `id` AS `key`, `updated_at` AS `version`, `loaded_at` AS `loaded`, `tenant` AS `tenant`, CASE WHEN (plan like 'p%%') THEN 1 ELSE 0 END AS `in_filter`
FROM `my-project`.`crm`.`orders`
WHERE CAST(`id` AS STRING) IN UNNEST(%(param_1:STRING)s);

-- look-up without a filter
SELECT `id` AS `key`, `updated_at` AS `version`, `loaded_at` AS `loaded`, `tenant` AS `tenant`, 1 AS `in_filter`
FROM `my-project`.`crm`.`orders`
WHERE `id` IN UNNEST(%(param_1:INT64)s);
