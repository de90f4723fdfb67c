"""Manifests with one mistake each, by what is wrong with them."""

from __future__ import annotations

from integration_monitor_tests.manifest.texts import SMALL, added, edited

ONE_CONNECTION = "connections: {list: [{tenant: acme, token: {env: ACME_TOKEN}}]}\n"
LIST = 'list: {path: /contacts, query: {since: "{since}", cursor: "{cursor}"}}'
LOOKUP = '        lookup: {path: /contacts/by-id, query: {ids: "{keys}"}}\n'
OUTWARD = """\
syncs:
  accounts:
    every: 1h
    source: {sql: {url: {env: A}, table: accounts}, key: id, updated_at: updated_at}
    destination: {rest: {records: rows, list: {path: /a, mode: full}}, key: id}
    fields: {a-b: email}
"""
OAUTH = (
    "auth: {{type: oauth2_client_credentials, client_id: a, client_secret: {{env: A}}, "
    "token_url: {}}}\n"
)
HMAC = "auth: {{type: hmac, secret: {{env: A}}, message: {}, headers: {}}}\n"
CONNECTIONS_AND_ROWS = """\
partner: {base_url: https://api.example.com}
connections: {sql: {url: {env: A}, query: select tenant from accounts}}
syncs:
  accounts:
    every: 1h
    source: {sql: {url: {env: A}, table: accounts}, key: id, updated_at: updated_at}
    destination: {sql: {url: {env: B}, table: accounts}, key: id}
"""


def in_sync(line: str) -> str:
    """The sound manifest with one more line in its sync."""
    return edited("    every: 15m\n", f"    every: 15m\n    {line}\n")


def in_rest(line: str) -> str:
    """The sound manifest with one more line in its REST side."""
    return edited("        records: results\n", f"        records: results\n        {line}\n")


def in_calls(text: str) -> str:
    """A minimal manifest with rules for calls."""
    return added(f"calls: {{{text}}}\n")


def in_endpoint(text: str) -> str:
    """A minimal manifest with more about an endpoint."""
    return added(f"endpoints: {{contact: {{path: '/contacts/{{id}}', {text}}}}}\n")


def signed(scheme: str) -> str:
    """A minimal manifest with webhooks that are signed so."""
    return added(f"webhooks: {{signature: {scheme}, secret: {{env: A}}}}\n")


def hooked(text: str) -> str:
    """A minimal manifest with webhooks of which more is said."""
    return added(f"webhooks: {{signature: github, secret: {{env: A}}, {text}}}\n")


def paged(pages: str, query: str = 'cursor: "{cursor}"', request: str = "path: /contacts") -> str:
    """The sound manifest with `pages` instead of `next`."""
    old = f"{LIST}\n{LOOKUP}        records: results\n        next: paging.next\n"
    new = f'list: {{{request}, query: {{since: "{{since}}", {query}}}}}\n{LOOKUP}'
    return edited(old, f"{new}        records: results\n        pages: {pages}\n")


MANIFESTS = {
    "no integration": "version: 1\nowner: {name: A, email: a@example.com}\n",
    "no version": "integration: crm\nowner: {name: A, email: a@example.com}\n",
    "no owner": "version: 1\nintegration: crm\n",
    "version of the future": "version: 2\nintegration: crm\nnews: 1\n",
    "version in quotes": SMALL.replace("version: 1", "version: '1'"),
    "typo in a key": in_sync("tolerence: {missing: 1}"),
    "typo at the top": added("titel: CRM\n"),
    "key from nowhere": added("runbook: {foo: 1}\n"),
    "merge key": added("base: &b {summary: a}\nrunbook: {<<: *b}\n"),
    "no key": edited("      key: contact_id\n", ""),
    "source without updated_at": edited("      updated_at: updated_at\n", ""),
    "source without list": edited(LIST, "count: total"),
    "destination without lookup": added(OUTWARD),
    "name with capitals": edited("integration: crm", "integration: CRM-2"),
    "sync with capitals, and empty": added("syncs: {Contacts: }\n"),
    "number as text": added("title: 7\n"),
    "empty text": added("title: ''\n"),
    "yes": added("endpoints: {a: {path: /a, critical: yes}}\n"),
    "path with a space": added("endpoints: {a: {path: a b}}\n"),
    "list for a mapping": added("endpoints: [a]\n"),
    "mapping for a list": added("alerts: {page: {a: b}}\n"),
    "text for a mapping": added("partner: https://api.example.com\n"),
    "nothing for a mapping": added("syncs:\n"),
    "address without a scheme": added("partner: {base_url: api.example.com}\n"),
    "number too small": added("requests_at_once: 0\n"),
    "number with a fraction": added("requests_at_once: 1.5\n"),
    "unknown choice": added("auth: {type: baerer}\n"),
    "bearer without a token": added("auth: {type: bearer}\n"),
    "token without bearer": added("auth: {type: none, token: {env: A}}\n"),
    "authentication without a kind": added("auth: {token: {env: A}}\n"),
    "text for authentication": added("auth: bearer\n"),
    "key of another kind": added("auth: {type: bearer, token: {env: A}, username: me}\n"),
    "typo in authentication": added("auth: {type: basic, usrname: me, password: {env: A}}\n"),
    "API key without a place": added("auth: {type: api_key, value: {env: A}}\n"),
    "API key in two places": added(
        "auth: {type: api_key, value: {env: A}, header: X-API-Key, query: api_key}\n"
    ),
    "prefix in the query": added(
        "auth: {type: api_key, value: {env: A}, query: api_key, prefix: 'Token '}\n"
    ),
    "header with a space": added("auth: {type: api_key, value: {env: A}, header: X API Key}\n"),
    "user name that must be the secret": added("auth: {type: basic, username: me}\n"),
    "credential that is not there, in a user name": edited(
        '{type: bearer, token: "{connection.token}"}',
        '{type: basic, username: "{connection.email}/token", password: "{connection.token}"}',
    ),
    "unknown placeholder in a user name": added(
        'auth: {type: basic, username: "{email}", password: {env: A}}\n'
    ),
    "client credentials without an address": added(
        "auth: {type: oauth2_client_credentials, client_id: a, client_secret: {env: A}}\n"
    ),
    "address of tokens": added(OAUTH.format("login.example.com")),
    "address of tokens without its credential": added(
        OAUTH.format("'https://{connection.host}/token'")
    ),
    "parameter that is sent anyway": added(
        OAUTH.format("/token").replace("}\n", ", parameters: {scope: a}}\n")
    ),
    "unknown place for a client": added(
        OAUTH.format("/token").replace("}\n", ", client_auth: header}\n")
    ),
    "signature without a message": added("auth: {type: hmac, secret: {env: A}}\n"),
    "signature that is not sent": added(HMAC.format("'{body}'", "{X-Time: '{timestamp}'}")),
    "signed, but not sent": added(
        HMAC.format("'{timestamp}{nonce}{body}'", "{X-Sig: '{signature}'}")
    ),
    "unknown placeholder in a message": added(
        HMAC.format("'{timestmp}.{body}'", "{X-Sig: '{signature}'}")
    ),
    "placeholder of a message in a header": added(
        HMAC.format("'{body}'", "{X-Sig: '{signature}', X-Body: '{body}'}")
    ),
    "unknown hash": added(
        HMAC.format("'{body}'", "{X-Sig: '{signature}'}").replace("}\n", ", algorithm: md5}\n")
    ),
    "address with an unknown placeholder": added(
        "partner: {base_url: 'https://{shop}.a.example'}\n"
    ),
    "address with a credential that is not there": edited(
        "https://api.example.com", '"https://{connection.shop}.example.com"'
    ),
    "address that goes on after its host": added(
        "partner: {base_url: '{connection.instance}.example.com'}\n"
    ),
    "address with a query": added("partner: {base_url: 'https://a.example/?a={connection.a}'}\n"),
    "no e-mail address": edited("email: crm@example.com", "email: crm"),
    "day that does not exist": added("runbook: {reviewed: 2026-02-30}\n"),
    "time for a day": added("runbook: {reviewed: 2026-11-01T00:00:00Z}\n"),
    "objective without a budget": added("slo: {objective: 100%, window: 30d}\n"),
    "probe without a method": added("probe: {request: /me, every: 1h}\n"),
    "duration without a unit": in_sync("grace: 15"),
    "duration of sixty-to-the-base": in_sync("grace: 1:30"),
    "window of nothing": in_sync("window: 0s"),
    "negative number": in_sync("tolerance: {ratio: 2%, missing: -1}"),
    "ratio above one": in_sync("tolerance: {ratio: 1.5}"),
    "cadence that does not divide": edited("every: 15m", "every: 7m"),
    "cadence below a minute": edited("every: 15m", "every: 30s"),
    "cron of four fields": edited("every: 15m", "cron: '* * * *'"),
    "cron that never ticks": edited("every: 15m", "every: 0 0 30 2 *"),
    "every and cron": in_sync("cron: '* * * * *'"),
    "neither every nor cron": edited("    every: 15m\n", ""),
    "warn after fail": in_sync("lag: {warn: 2h, fail: 1h}"),
    "sample of nothing": in_sync("compare: {every: 1d, sample: 0}"),
    "endpoint not declared": edited("endpoint: contacts", "endpoint: contact"),
    "table and query": edited("table: crm.contacts", "table: a, query: b"),
    "neither table nor query": edited(", table: crm.contacts", ""),
    "side without a place": edited(
        "      sql: {url: {env: WAREHOUSE_URL}, table: crm.contacts}\n", ""
    ),
    "rest without a partner": edited("partner: {base_url: https://api.example.com}\n", ""),
    "credential that is not there": edited("acme, token:", "acme, tokn:"),
    "no connections for a token": edited(ONE_CONNECTION, ""),
    "two connections of a tenant": edited(
        "ACME_TOKEN}}]", "ACME_TOKEN}}, {tenant: acme, token: {env: T}}]"
    ),
    "rows of nobody for connections": added(CONNECTIONS_AND_ROWS),
    "connections of no kind": edited(ONE_CONNECTION, "connections: {}\n"),
    "channel that is not there": added("alerts: {page: [oncall]}\n"),
    "typo in a placeholder": edited("{since}", "{sinc}"),
    "placeholder in the wrong request": edited("{keys}", "{since}"),
    "unknown placeholder in a path": edited("/contacts/by-id", '"/contacts/{id}"'),
    "key of a batch in a path": edited("/contacts/by-id", '"/contacts/{key}"'),
    "cursor without next": edited("        next: paging.next\n", ""),
    "next without cursor": edited(
        LIST, 'list: {method: POST, path: /contacts, body: {since: "{since}"}}'
    ),
    "cursor in a path": edited("list: {path: /contacts,", 'list: {path: "/c/{cursor}",'),
    "next and pages": in_rest("pages: {type: cursor, body: paging.next}"),
    "unknown kind of pages": paged("{type: pages}"),
    "cursor pages without a place": paged("{type: cursor}"),
    "cursor pages with two places": paged("{type: cursor, body: a, header: X-Next}"),
    "cursor pages without {cursor}": paged("{type: cursor, body: next}", "limit: 100"),
    "page numbers without {page}": paged("{type: page_number, size: 100}"),
    "page without page numbers": edited("{cursor}", "{page}"),
    "size that is not given": paged("{type: page_number}", 'page: "{page}", limit: "{size}"'),
    "offset of page numbers": paged("{type: page_number}", 'page: "{page}", skip: "{offset}"'),
    "keyset without its cursor": paged("{type: keyset, size: 100}"),
    "next URL without its place": paged("{type: next_url}", "limit: 100"),
    "cursor of link headers": paged("{type: link_header}"),
    "link headers of a POST": paged(
        "{type: link_header}", "limit: 100", "method: POST, path: /contacts"
    ),
    "key of another kind of pages": paged("{type: link_header, size: 100}", "limit: 100"),
    "size of nothing": paged("{type: offset, size: 0}", 'skip: "{offset}"'),
    "JMESPath of more": paged("{type: cursor, body: next, more: has-more}"),
    "more of a negated name": paged("{type: cursor, body: next, more: '!meta.end'}"),
    "JMESPath of pages": paged("{type: cursor, body: 'next['}"),
    "JMESPath of errors": in_rest("errors: errors[0"),
    "JMESPath of a count": in_rest("count: {body: a-b}"),
    "count by nothing": in_rest("count: {}"),
    "count by two": in_rest("count: {body: total, header: X-Total-Count}"),
    "count by paging and a request": in_rest("count: {paging: true, request: {path: /count}}"),
    "count by not paging": in_rest("count: {paging: false}"),
    "count of a range of time": in_rest(
        'count: {request: {path: /count, query: {since: "{since}"}}, body: count}'
    ),
    "secret in a count": in_rest(
        "count: {request: {path: /count, query: {api_key: abc}}, body: count}"
    ),
    "etag of a filtered list": edited("list: {path", "list: {etag: true, path"),
    "etag of a POST": edited(
        "list: {path", "list: {etag: true, mode: newest_first, method: POST, path"
    ),
    "GraphQL without spaces": edited('ids: "{keys}"', 'ids: "{keys}", q: "a {pages}"'),
    "typo of a request": edited("        lookup:", "        lokup:"),
    "JMESPath with a dash": edited("paging.next", "paging-next"),
    "JMESPath that ends early": edited("key: id\n", "key: id\n      where: a ==\n"),
    "JMESPath of a field": in_sync("fields: {email: 'a['}"),
    "JMESPath of an event": added(
        "webhooks: {signature: github, secret: {env: A}, event_id: [a-b]}\n"
    ),
    "unknown signature scheme": signed("stirpe"),
    "unknown signature scheme that is like none": signed("hmac"),
    "signature over an address that is not told": signed("hubspot_v3"),
    "typo in a signature scheme": signed("{algoritm: hmac-sha256, header: X-Sig}"),
    "signature with an unknown algorithm": signed("{algorithm: md5, header: X, content: '{body}'}"),
    "signature without a header": signed("{algorithm: hmac-sha256, content: '{body}'}"),
    "signature of any body": signed("{algorithm: sha256, header: X, content: '{url}'}"),
    "no signature, and no element instead": signed("{algorithm: none}"),
    "signature of an unknown part": signed("{algorithm: sha256, header: X, content: '{bdy}'}"),
    "signature with a time that is not signed": signed(
        "{algorithm: hmac-sha1, header: X, content: '{body}', timestamp: {from: T, unit: s}}"
    ),
    "signature with a time that anyone may change": signed(
        "{algorithm: hmac-sha1, header: X, content: '{body}', "
        "timestamp: {from: 'header:T', unit: s}}"
    ),
    "signature with a kind of header that is none": signed(
        "{algorithm: hmac-sha1, header: X, content: '{body}', format: {kind: list, take: [a]}}"
    ),
    "signature of pairs that takes nothing": signed(
        "{algorithm: hmac-sha1, header: X, content: '{body}', format: {kind: pairs}}"
    ),
    "signature's key in an unknown writing": signed(
        "{algorithm: hmac-sha1, header: X, content: '{body}', key: {decode: base32}}"
    ),
    "typo in webhooks": hooked("event_ids: id"),
    "lag of webhooks as a number": hooked("lag: 30"),
    "nothing for lag of webhooks": hooked("lag: "),
    "what lasts longer than the window of lag": hooked("lag: {p95: 1m, window: 5m, for: 10m}"),
    "window of lag below what lasts by default": hooked("lag: {window: 2m}"),
    "typo in lag of webhooks": hooked("lag: {p59: 30s}"),
    "JSONPath in webhooks": hooked("type: $.type, each: $.events"),
    "JMESPaths of webhooks": hooked("object: a-b, data: {email: 'a['}, ordered_by: a ||"),
    "JMESPath of one event's data": hooked("events: {a.b: {type: a.b, data: {email: a-b}}}"),
    "header that is none": hooked("type: 'header:X Event'"),
    "ids of a list's events in a header": hooked("each: $, event_id: ['header:X-Id']"),
    "type of event that is none": hooked("events: {a: contact updated}"),
    "event without a type": hooked("events: {a: {data: {}}}"),
    "handshake of nothing": hooked("handshake: {}"),
    "handshake in two ways": hooked("handshake: {query: a, when: b, answer: c}"),
    "handshake without an answer": hooked("handshake: {when: type == 'url_verification'}"),
    "answer without when": hooked("handshake: {answer: challenge}"),
    "JMESPath of a handshake": hooked("handshake: {when: a =, answer: b}"),
    "sink of nothing": hooked("sinks: {product: {}}"),
    "sink of two kinds": hooked(
        "sinks: {all: {http: {url: 'https://a.example'}, sql: {url: {env: B}, table: c}}}"
    ),
    "address of a sink that is not of the web": hooked(
        "sinks: {all: {http: {url: 'ftp://a.example/events'}}}"
    ),
    "sink of an unknown kind": hooked("sinks: {all: {kafka: {topic: a}}}"),
    "name of a sink": hooked("sinks: {My Product: {sql: {url: {env: B}, table: c}}}"),
    "table of a sink": hooked("sinks: {all: {sql: {url: {env: B}, table: a.b.c}}}"),
    "table of a sink with a statement": hooked(
        "sinks: {all: {sql: {url: {env: B}, table: 'c; drop table d'}}}"
    ),
    "time zone that is none": hooked("volume: {timezone: Europe/Berln}"),
    "time zone by its offset": hooked("volume: {timezone: +01:00}"),
    "holidays of nowhere": hooked("volume: {holidays: XX}"),
    "holidays of an unknown part": hooked("volume: {holidays: DE-XX}"),
    "no false alarms at all": hooked("volume: {alarms: 0}"),
    "heartbeat without a rhythm": hooked("volume: {heartbeat: {grace: 5m}}"),
    "share delivered": hooked("delivered: 100"),
    "lag of nothing": hooked("lag: 0s"),
    "status that accepts": hooked("rejected_status: 200"),
    "time in an unknown unit": hooked("time: epoch"),
    "subscription of nobody": hooked("subscription: {request: GET /hooks, enabled: active}"),
    "subscription with mistakes": hooked(
        "subscription: {request: DELETE /hooks, enabled: a-b, every: 1 hour}"
    )
    + "partner: {base_url: https://a.example}\n",
    "subscription with placeholders": hooked(
        "subscription: {request: 'GET /{id}/{connection.hook}', enabled: active}"
    )
    + "partner: {base_url: https://a.example}\n"
    + ONE_CONNECTION,
    "name of a variable for a reference": edited("{env: WAREHOUSE_URL}", "WAREHOUSE_URL"),
    "typo of a reference": edited("{env: WAREHOUSE_URL}", "{evn: WAREHOUSE_URL}"),
    "reference to a small name": edited("{env: WAREHOUSE_URL}", "{env: warehouse}"),
    "no references": added("webhooks: {signature: github, secret: []}\n"),
    "warn more than fail": in_calls("errors: {warn: 6%, fail: 5%}"),
    "warn more than the default of fail": in_calls("rate_limits: {warn: 20%}"),
    "fail less than the default of warn": in_calls("errors: {fail: 1%}"),
    "share that is none": in_calls("errors: {warn: 2 percent}"),
    "page before the ticket": in_calls("deprecation: {ticket: 7d}"),
    "window below a minute": in_calls("window: 30s"),
    "window of nothing, and minimum": in_calls("window: 0s, minimum: 0"),
    "window without a unit": in_calls("errors: {burst_within: 5}"),
    "window of a week": in_calls("window: 1w"),
    "rise that is none": in_calls("errors: {rise: 1}"),
    "typo in calls": in_calls("erors: {warn: 2%}"),
    "typo in the rules of errors": in_calls("errors: {lasting: 5m}"),
    "no attempts": in_calls("retry: {attempts: 0}"),
    "unknown way with a 429": in_calls("retry: {rate_limited: wait}"),
    "unknown preset": in_calls("rate_limit_headers: githb"),
    "list for a preset": in_calls("rate_limit_headers: [github]"),
    "policy of nothing": in_calls("rate_limit_headers: {minute: {limit: X-Limit}}"),
    "policy without a unit": in_calls(
        "rate_limit_headers: {minute: {remaining: X-Left, reset: X-Reset}}"
    ),
    "policy with an unknown unit": in_calls(
        "rate_limit_headers: {minute: {remaining: X-Left, reset: X-Reset, reset_unit: seconds}}"
    ),
    "policy told twice": in_calls("rate_limit_headers: {minute: {used: X-Used, limit: X-Limit}}"),
    "policy with a header that is none": in_calls("rate_limit_headers: {minute: {used: X Used}}"),
    "typo in a policy": in_calls("rate_limit_headers: {minute: {remainig: X-Left}}"),
    "unknown class": in_endpoint("error_in_200: {path: errors, classes: {A: rate_limit}}"),
    "error in 200 without a path": in_endpoint("error_in_200: {code: error.code}"),
    "JMESPath of an error in 200": in_endpoint("error_in_200: a-b"),
    "JMESPath of a code": in_endpoint("error_in_200: {path: errors, code: a-b}"),
    "code that is a number": in_endpoint("error_in_200: {path: a, classes: {190: auth_expired}}"),
    "record key that the path has not": in_endpoint('record_key: "{key}"'),
    "record key that is no JMESPath": in_endpoint("record_key: a-b"),
    "p99 below p95": in_endpoint("latency: {p95: 2s, p99: 1s}"),
    "two endpoints of one path": added(
        "endpoints: {a: {path: '/a/{id}'}, b: {path: '/a/{key}/'}}\n"
    ),
    "endpoint called other": added("endpoints: {other: {path: /other}}\n"),
    "sync called api": edited("syncs:\n  contacts:", "syncs:\n  api:"),
    "changelog read all the time": added(
        "partner: {base_url: https://a.example, changelog_every: 0s}\n"
    ),
    "duplicate key": edited("    every: 15m\n", "    every: 15m\n    every: 1h\n"),
    "key that is a number": in_sync("fields: {1: a}"),
    "tab": edited("    every: 15m", "\tevery: 15m"),
    "brace that is not closed": edited("crm.contacts}", "crm.contacts"),
    "colon in a text": added("title: CRM: contacts\n"),
    "two documents": SMALL + "---\n" + SMALL,
    "empty": "",
    "comments only": "# later\n",
    "list": "- version: 1\n",
}

CHANNELS = "version: 1\nchannels: {oncall: {type: apprise, url: {env: A}}}\n"
MONITORS = {
    "monitor: version of the future": "version: 3\n",
    "monitor: typo in a key": "version: 1\nchannel: {}\n",
    "monitor: unknown kind of channel": CHANNELS.replace("apprise", "slack"),
    "monitor: route to nowhere": CHANNELS + "routes: {page: [oncal]}\n",
    "monitor: duration": "version: 1\nretention: {gaps: 1 y}\n",
    "monitor: days": "version: 1\nretention: {days: 0d}\n",
    "monitor: empty": "",
}
