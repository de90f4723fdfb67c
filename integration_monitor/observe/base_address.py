"""Addresses that differ from tenant to tenant: templates whose structure no value can change."""

from __future__ import annotations

import re
from urllib.parse import quote

import httpx

from integration_monitor.manifest.domain import Reference
from integration_monitor.observe.authentication.credentials import Credentials
from integration_monitor.observe.side import ReadError

_PLACE = re.compile(r"\{connection\.([A-Za-z0-9_]+)\}")
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_HOST_AND_PORT = re.compile(rf"{_HOST.pattern}(:[0-9]{{1,5}})?")


def fill_address(template: str | Reference, credentials: Credentials, name: str) -> str:
    """The address for one connection; `name` is its key, for messages.

    A credential may be the whole address at the beginning, names of a host, a port, or a step of
    a path; whatever would lead elsewhere is a `ReadError` of kind `config`, without the value.
    """
    if isinstance(template, Reference) or not _PLACE.search(template):
        return credentials.text(template, name)
    whole = _PLACE.match(template)
    if whole:
        address = _whole(credentials.text(whole[0], name), whole[1], name)
        return address + _filled_path(template[whole.end() :], credentials, name)
    scheme, separator, rest = template.rpartition("://")
    authority, slash, path = rest.partition("/")
    host = _filled_host(authority, credentials, name)
    return f"{scheme}{separator}{host}{_filled_path(slash + path, credentials, name)}"


def _whole(value: str, credential: str, name: str) -> str:
    try:
        url = httpx.URL(value.strip())
    except httpx.InvalidURL:
        url = httpx.URL("")
    fit = url.scheme in ("http", "https") and url.host and re.fullmatch(r"[!-~]+", value.strip())
    if not fit or url.userinfo or url.query or url.fragment or "\\" in value:
        raise _unfit(credential, name, "is not an http(s) address")
    return value.strip().rstrip("/")


def _filled_host(authority: str, credentials: Credentials, name: str) -> str:
    def host(place: re.Match[str]) -> str:
        value = credentials.text(place[0], name)
        allowed = _HOST_AND_PORT if place[0] == authority else _HOST
        if not allowed.fullmatch(value):
            raise _unfit(place[1], name, "is not the name of a host, or a part of one")
        return value

    return _PLACE.sub(host, authority)


def _filled_path(path: str, credentials: Credentials, name: str) -> str:
    def step(place: re.Match[str]) -> str:
        value = credentials.text(place[0], name)
        if value in (".", ".."):
            raise _unfit(place[1], name, "is not a step of a path")
        return quote(value, safe="")

    return _PLACE.sub(step, path)


def _unfit(credential: str, name: str, reason: str) -> ReadError:
    return ReadError("config", f"`{name}`: `{credential}` of the connection {reason}")
