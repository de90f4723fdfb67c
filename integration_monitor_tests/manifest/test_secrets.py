"""A secret that somebody wrote into a manifest goes no further: not into any message."""

from __future__ import annotations

import pytest

from integration_monitor.manifest import load_texts
from integration_monitor_tests.manifest.texts import SOUND, added, edited

SECRET = "hush-4f1c-9a7b-secret"

SYNC = "syncs: {{a: {{every: 1h, source: {{sql: {{url: {}, table: a}}}}}}}}\n"
REQUEST = 'query: {ids: "{keys}"}'

PLACES = {
    "token of auth": edited('"{connection.token}"', f'"{SECRET}"'),
    "token beside a template": edited('"{connection.token}"', f'"{SECRET} {{connection.token}}"'),
    "token as a list": edited('"{connection.token}"', f"[{SECRET}]"),
    "token as a key": edited('"{connection.token}"', f"{{{SECRET}: }}"),
    "token for the name of a variable": edited('"{connection.token}"', f"{{env: {SECRET}}}"),
    "token beside a reference": edited('"{connection.token}"', f"{{env: TOKEN, or: {SECRET}}}"),
    "credential of a connection": edited("{env: ACME_TOKEN}", SECRET),
    "database of a side": edited("{env: WAREHOUSE_URL}", f"postgresql://user:{SECRET}@host/db"),
    "database of connections": added(
        f"connections: {{sql: {{url: 'mysql://u:{SECRET}@h/d', query: select 1}}}}\n"
    ),
    "database and other mistakes": added(SYNC.format(f"'sqlite:///{SECRET}'")),
    "webhooks": added(f"webhooks: {{signature: github, secret: {SECRET}}}\n"),
    "one of several for webhooks": added(
        f"webhooks: {{signature: github, secret: [{{env: OLD}}, {SECRET}]}}\n"
    ),
    "own signature scheme": added(
        f"webhooks: {{signature: {{hmac: sha256, secret: {SECRET}}}, secret: {{env: A}}}}\n"
    ),
    "secret of a sink": added(
        "webhooks: {signature: github, secret: {env: A}, "
        f"sinks: {{a: {{http: {{url: https://a.example, secret: {SECRET}}}}}}}}}\n"
    ),
    "address of a sink": added(
        "webhooks: {signature: github, secret: {env: A}, "
        f"sinks: {{a: {{http: {{url: 'https://u:{SECRET}@a.example'}}}}}}}}\n"
    ),
    "database of a sink": added(
        "webhooks: {signature: github, secret: {env: A}, "
        f"sinks: {{a: {{sql: {{url: 'postgresql://u:{SECRET}@h/d', table: t}}}}}}}}\n"
    ),
    "place of a header": added(
        f"webhooks: {{signature: github, secret: {{env: A}}, type: 'header:a {SECRET}'}}\n"
    ),
    "country of holidays": added(
        f"webhooks: {{signature: github, secret: {{env: A}}, volume: {{holidays: {SECRET}}}}}\n"
    ),
    "time zone": added(
        f"webhooks: {{signature: github, secret: {{env: A}}, volume: {{timezone: {SECRET}}}}}\n"
    ),
    "password in an address": added(f"partner: {{base_url: 'https://u:{SECRET}@example.com'}}\n"),
    "user of an address": added(f"partner: {{base_url: 'https://{SECRET}@example.com'}}\n"),
    "parameter of an address": added(
        f"partner: {{base_url: https://a.example, changelog: 'https://a.example/x?token={SECRET}'}}\n"
    ),
    "header of a request": edited(
        REQUEST, f"{REQUEST}, headers: {{Authorization: Bearer {SECRET}}}"
    ),
    "other header of a request": edited(REQUEST, f"{REQUEST}, headers: {{X-Api-Key: {SECRET}}}"),
    "parameter of a request": edited(REQUEST, f'query: {{ids: "{{keys}}", api_key: {SECRET}}}'),
    "body of a request": edited(REQUEST, f"{REQUEST}, body: {{login: {{password: {SECRET}}}}}"),
    "path of a request": edited("path: /contacts/by-id", f"path: /contacts/by-id?apikey={SECRET}"),
    "variable for a number": edited("every: 15m", f"every: 15m\n    requests: {SECRET}"),
    "value of an unknown key": added(f"password: {SECRET}\n"),
    "tag": edited('"{connection.token}"', f"!{SECRET} x"),
    "alias": edited('"{connection.token}"', f"*{SECRET}"),
    "broken text": edited('"{connection.token}"', f'"{SECRET}'),
    "value that is no mapping": added(f"auth: {SECRET}\n"),
    "API key": added(f"auth: {{type: api_key, header: X-API-Key, value: {SECRET}}}\n"),
    "prefix of an API key": added(
        f"auth: {{type: api_key, header: A, value: {{env: A}}, prefix: 'Token {SECRET}'}}\n"
    ),
    "password": added(f"auth: {{type: basic, username: me, password: {SECRET}}}\n"),
    "user name without a password": added(f"auth: {{type: basic, username: {SECRET}}}\n"),
    "client secret": added(
        "auth: {type: oauth2_client_credentials, token_url: /t, client_id: a, "
        f"client_secret: {SECRET}}}\n"
    ),
    "parameter of a token request": added(
        "auth: {type: oauth2_client_credentials, token_url: /t, client_id: a, "
        f"client_secret: {{env: A}}, parameters: {{password: {SECRET}}}}}\n"
    ),
    "parameter of the address of tokens": added(
        f"auth: {{type: oauth2_client_credentials, token_url: '/t?token={SECRET}', client_id: a, "
        "client_secret: {env: A}}\n"
    ),
    "password in the address of tokens": added(
        f"auth: {{type: oauth2_client_credentials, token_url: 'https://u:{SECRET}@a.example', "
        "client_id: a, client_secret: {env: A}}\n"
    ),
    "secret of a signature": added(
        f"auth: {{type: hmac, secret: {SECRET}, message: a, headers: {{A: '{{signature}}'}}}}\n"
    ),
    "header of a signature": added(
        "auth: {type: hmac, secret: {env: A}, message: a, "
        f"headers: {{A: '{{signature}}', X-Api-Key: {SECRET}}}}}\n"
    ),
    "parameter of a signature": added(
        "auth: {type: hmac, secret: {env: A}, message: a, headers: {A: '{signature}'}, "
        f"query: {{api_key: {SECRET}}}}}\n"
    ),
    "secret for a token with braces": edited('"{connection.token}"', f'"{{{SECRET}}}"'),
    "password in the template of an address": added(
        f"partner: {{base_url: 'https://u:{SECRET}@{{connection.shop}}.example.com'}}\n"
    ),
    "value of a choice": added(f"auth: {{type: {SECRET}}}\n"),
    "duration": edited("every: 15m", f"every: {SECRET}"),
}

CHANNELS = {
    "address of a channel": f"oncall: {{type: apprise, url: 'slack://{SECRET}'}}",
    "header of a channel": (
        f"oncall: {{type: webhook, url: {{env: A}}, headers: {{Authorization: {SECRET}}}}}"
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_in_a_manifest_is_an_error_that_does_not_repeat_it(place: str) -> None:
    assert SECRET in PLACES[place]
    fleet = load_texts({"crm.yaml": PLACES[place]})
    assert fleet.errors
    assert fleet.integrations == ()
    assert SECRET not in repr(fleet)
    assert all(SECRET not in text for text in fleet.texts.values())


@pytest.mark.parametrize("place", CHANNELS)
def test_a_secret_in_monitor_yaml_is_an_error_that_does_not_repeat_it(place: str) -> None:
    fleet = load_texts(
        {"monitor.yaml": f"version: 1\nchannels: {{{CHANNELS[place]}}}\n", "crm.yaml": SOUND}
    )
    assert len(fleet.errors) == 1
    assert "{env: NAME}" in fleet.errors[0].message
    assert SECRET not in repr(fleet)
    assert all(SECRET not in text for text in fleet.texts.values())


def test_what_is_no_secret_may_stand_in_a_request() -> None:
    text = edited(
        "path: /contacts/by-id,",
        'path: /contacts/by-id, headers: {Accept: text/plain, X-Token: "{connection.token}"},',
    )
    assert load_texts({"crm.yaml": text}).errors == ()


def test_braces_of_a_partner_are_no_placeholders() -> None:
    body = (
        """body: {query: 'query($ids: [ID!]) { contacts(ids: $ids) {id name} }', ids: "{keys}"}"""
    )
    json = """body: {filter: '{"a": {"b": [1, 2]}}', ids: "{keys}"}"""
    for written in (body, json):
        assert load_texts({"crm.yaml": edited(REQUEST, written)}).errors == ()
