"""Checks of `auth` and of the partner's address, beyond single keys. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from integration_monitor.manifest.authentication import (
    CARRIED_PLACES,
    MESSAGE_PLACES,
    TIME_PLACES,
)
from integration_monitor.manifest.problems import Problem, mapping, nearest
from integration_monitor.manifest.scalars import HOW_TO_REFER
from integration_monitor.manifest.secret_names import is_secret_name
from integration_monitor.manifest.side_checks import one_of
from integration_monitor.manifest.template_checks import Credentials, check_credential
from integration_monitor.manifest.yaml_document import Path

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_SECRETS = ("token", "value", "password", "client_secret", "secret")
_TEXTS = ("username", "client_id")
_GRANT_PARAMETERS = ("grant_type", "client_id", "client_secret", "scope")
_NO_SECRET = f'a secret must not stand in a manifest: {HOW_TO_REFER}, or "{{connection.NAME}}"'
_AUTH: Path = ("auth",)


def check_auth(auth: Mapping[str, Any], credentials: Credentials) -> Iterator[Problem]:
    """All mistakes between the keys of `auth`."""
    for name in _SECRETS:
        yield from check_credentials(auth.get(name), (*_AUTH, name), credentials)
    for name in _TEXTS:
        yield from _check_places(auth.get(name), (*_AUTH, name), (), credentials)
    kind = auth.get("type")
    if kind == "api_key":
        yield from _check_api_key(auth)
    elif kind == "basic":
        yield from _check_basic(auth)
    elif kind == "oauth2_client_credentials":
        yield from _check_client_credentials(auth, credentials)
    elif kind == "hmac":
        yield from _check_hmac(auth, credentials)


def check_credentials(value: object, path: Path, credentials: Credentials) -> Iterator[Problem]:
    """The credentials in a text are those that every connection has; nothing else is said of it."""
    for place in _places(value):
        if place.startswith("connection."):
            yield from check_credential(place.removeprefix("connection."), path, credentials)


def _check_api_key(auth: Mapping[str, Any]) -> Iterator[Problem]:
    yield from one_of(auth, _AUTH, "header", "query")
    if auth.get("query") is not None and auth.get("prefix") is not None:
        message = "`prefix` stands before a key in a header, not in the query"
        yield Problem((*_AUTH, "prefix"), message, of_key=True)


def _check_basic(auth: Mapping[str, Any]) -> Iterator[Problem]:
    username = auth.get("username")
    if auth.get("password") is None and isinstance(username, str) and not _places(username):
        yield Problem(
            (*_AUTH, "username"),
            f"`username`: without a `password` it is the secret itself: {_NO_SECRET}",
        )


def _check_client_credentials(
    auth: Mapping[str, Any], credentials: Credentials
) -> Iterator[Problem]:
    yield from check_credentials(auth.get("token_url"), (*_AUTH, "token_url"), credentials)
    for name, value in mapping(auth.get("parameters")).items():
        path: Path = (*_AUTH, "parameters", name)
        if name in _GRANT_PARAMETERS:
            yield Problem(path, f"`{name}` is sent anyway, and stands beside `parameters`", True)
        else:
            yield from _check_places(value, path, (), credentials)
            yield from _check_literal(name, value, path)


def _check_hmac(auth: Mapping[str, Any], credentials: Credentials) -> Iterator[Problem]:
    message = (*_AUTH, "message")
    yield from _check_places(auth.get("message"), message, MESSAGE_PLACES, credentials)
    carried: set[str] = set()
    for part in ("headers", "query"):
        for name, value in mapping(auth.get(part)).items():
            path: Path = (*_AUTH, part, name)
            yield from _check_places(value, path, ("signature", *CARRIED_PLACES), credentials)
            yield from _check_literal(name, value, path)
            carried |= set(_places(value))
    yield from _check_carried(carried, set(_places(auth.get("message"))))


def _check_carried(carried: Collection[str], signed: Collection[str]) -> Iterator[Problem]:
    """The partner can only verify a signature that it is given, with what we chose for it."""
    if "signature" not in carried:
        yield Problem(_AUTH, "`auth`: no header or parameter carries the {signature}", of_key=True)
    for places in (TIME_PLACES, ("nonce",)):
        found = [place for place in places if place in signed]
        if found and not any(place in carried for place in places):
            message = f"`message`: signs {{{found[0]}}}, but no header or parameter carries it"
            yield Problem((*_AUTH, "message"), message)


def _check_places(
    value: object, path: Path, allowed: tuple[str, ...], credentials: Credentials
) -> Iterator[Problem]:
    for place in _places(value):
        if place.startswith("connection."):
            yield from check_credential(place.removeprefix("connection."), path, credentials)
        elif place not in allowed:
            names = " ".join(f"{{{name}}}" for name in (*allowed, "connection.NAME"))
            suggestion = nearest(place.lower(), allowed) or ";"
            yield Problem(path, f"unknown placeholder {{{place}}}{suggestion} allowed: {names}")


def _check_literal(name: object, value: object, path: Path) -> Iterator[Problem]:
    if is_secret_name(name) and isinstance(value, str) and not _places(value):
        yield Problem(path, f"`{name}`: {_NO_SECRET}")


def _places(value: object) -> list[str]:
    return _PLACE.findall(value) if isinstance(value, str) else []
