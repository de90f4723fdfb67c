"""What a partner signed: the template of its scheme, filled from the raw bytes of a request."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlsplit

from integration_monitor.ingest.signature_error import SignatureError
from integration_monitor.ingest.signed_request import SignedRequest, as_bytes
from integration_monitor.manifest.signature_scheme import Piece, SignatureScheme, UrlRules

_PORTS = {"http": 80, "https": 443}
_FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 1000


def contents(
    scheme: SignatureScheme, request: SignedRequest, timestamp: str
) -> Iterator[Sequence[bytes | None]]:
    """The pieces of each content that may have been signed; None stands for the secret."""
    _check_body_digest(scheme, request)
    for url in _urls(request.url, scheme.url) if scheme.signs_url else ("",):
        yield [_filled(piece, request, timestamp, url) for piece in scheme.content]


def _check_body_digest(scheme: SignatureScheme, request: SignedRequest) -> None:
    """A body that is no form has to be covered by its digest in the signed address."""
    if not scheme.signs_form:
        return
    if _is_form(request) or any(piece.kind == "body" for piece in scheme.content):
        return
    given = _parameter(request.url, scheme.url.body_digest) if scheme.url.body_digest else None
    if given is None:
        if request.body:
            raise SignatureError("no_signature", "nothing signs this body: it is no form")
        return
    digest = hashlib.sha256(request.body).hexdigest()
    if not hmac.compare_digest(digest.encode(), as_bytes(given.lower(), "the digest")):
        raise SignatureError("mismatch", "the body is not the one whose digest is signed")


def _filled(piece: Piece, request: SignedRequest, timestamp: str, url: str) -> bytes | None:
    match piece.kind:
        case "text":
            return piece.text.encode()
        case "timestamp":
            return as_bytes(timestamp, "the time", "latin-1")
        case "body":
            return request.body
        case "method":
            return as_bytes(request.method.upper(), "the method")
        case "url":
            return as_bytes(url, "the address")
        case "form_sorted":
            return _form_sorted(request)
        case "secret":
            return None
        case "header":
            return as_bytes(request.header(piece.text), piece.text, "latin-1")


def _is_form(request: SignedRequest) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() == _FORM


def _form_sorted(request: SignedRequest) -> bytes:
    """Names and values of a form, sorted, without separators, each pair once."""
    if not _is_form(request):
        return b""
    try:
        fields = parse_qsl(
            request.body.decode(),
            keep_blank_values=True,
            max_num_fields=_MAX_FIELDS,
            errors="strict",
        )
    except ValueError:
        raise SignatureError("malformed", "the body is no form") from None
    return "".join(name + value for name, value in sorted(set(fields))).encode()


def _parameter(url: str, name: str) -> str | None:
    try:
        fields = parse_qsl(urlsplit(url).query, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise SignatureError("malformed", "the address cannot be read") from None
    found = [value for key, value in fields if key == name]
    if len(found) > 1:
        raise SignatureError("malformed", f"the address holds {name} twice")
    return found[0] if found else None


def _urls(url: str, rules: UrlRules) -> list[str]:
    if rules.decode_only:
        escapes = "|".join(map(re.escape, rules.decode_only))
        url = re.sub(escapes, lambda found: chr(int(found[0][1:], 16)), url, flags=re.IGNORECASE)
    try:
        found = [_variant(url, variant) for variant in rules.variants]
    except ValueError:
        raise SignatureError("malformed", "the address cannot be read") from None
    return list(dict.fromkeys(found))


def _variant(url: str, variant: str) -> str:
    if variant == "as_is":
        return url
    parts = urlsplit(url)
    port = f":{parts.port or _PORTS[parts.scheme]}" if parts.scheme in _PORTS else ""
    host = re.sub(r":[0-9]*$", "", parts.netloc) + (port if variant == "with_default_port" else "")
    # Nothing but the host is written anew: putting the parts together would drop an empty query.
    scheme, slashes, rest = url.partition("//")
    return scheme + slashes + host + rest.removeprefix(parts.netloc)
