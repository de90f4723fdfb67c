"""Whether a webhook is the partner's: one verification for all schemes, which are data."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from integration_monitor.ingest.signature_error import SecretError, SignatureError
from integration_monitor.ingest.signature_header import decode, read_signatures, without_prefix
from integration_monitor.ingest.signature_time import check_time, raw_time
from integration_monitor.ingest.signed_content import contents
from integration_monitor.ingest.signed_request import SignedRequest, as_bytes, signed_request
from integration_monitor.manifest.signature_scheme import SIGNING, Key, SignatureScheme
from integration_monitor.manifest.signature_schemes import SchemeError, load_scheme

__all__ = ["SchemeError", "SecretError", "SignatureError", "Verifier", "load_scheme", "verify"]

_HASHES = {"hmac-sha256": "sha256", "hmac-sha1": "sha1", "hmac-sha512": "sha512"}

Content = Sequence[bytes | None]
"""What was signed; None stands for the secret's own bytes."""

Fits = Callable[[Content, bytes], bool]
"""Whether a signature is the one of a content, by one secret."""


def verify(
    scheme: SignatureScheme,
    *,
    secrets: Sequence[str],
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> None:
    """Return nothing where the request is the partner's, by any of the secrets.

    `url` is the configured address with the path and query of the request, never its Host; `body`
    the raw bytes; `now` is aware. Raises `SignatureError` with its `reason`, whatever came; and
    `SecretError` where a secret of our own is empty or cannot be a key of the scheme.
    """
    Verifier(scheme, secrets).check(signed_request(method, url, headers, body), now)


class Verifier:
    """`verify` for many requests: the secrets are made keys once."""

    def __init__(self, scheme: SignatureScheme, secrets: Sequence[str]) -> None:
        """Raises `SecretError`."""
        if not secrets or not all(secrets):
            raise SecretError("a signature needs a secret that is not empty")
        if not all(map(_is_utf8, secrets)):
            raise SecretError("the secret is not text in UTF-8")
        self._scheme = scheme
        self._secrets = secrets
        signs = scheme.algorithm in SIGNING
        self._fitting = [_fits(scheme, secret) for secret in secrets] if signs else []

    def check(self, request: SignedRequest, now: datetime) -> None:
        """Return nothing where the request is the partner's. Raises `SignatureError`."""
        scheme, secrets = self._scheme, self._secrets
        if self._fitting:
            _check_signed(scheme, self._fitting, request, now)
        elif scheme.algorithm == "none":
            _check_element(scheme, secrets, request)
        elif scheme.algorithm == "basic_auth":
            _check_shared(secrets, _basic(request.header(scheme.header)))
        else:
            value = without_prefix(request.header(scheme.header), scheme)
            _check_shared(secrets, as_bytes(value, scheme.header, "latin-1"))


def _check_signed(
    scheme: SignatureScheme, fitting: Sequence[Fits], request: SignedRequest, now: datetime
) -> None:
    found = read_signatures(request.header(scheme.header), scheme)
    rule = scheme.timestamp
    time = raw_time(rule, request, found.parts) if rule and rule.source != "json" else ""
    signed = list(contents(scheme, request, time))
    # No short cut: how long it takes tells nothing about which of them fits.
    if not sum(fits(c, s) for fits in fitting for c in signed for s in found.signatures):
        raise SignatureError("mismatch", "no signature fits any of the secrets")
    if rule is not None:
        # After the signature: strangers' bodies are not parsed, and a `timestamp` is a real one.
        check_time(rule, time or raw_time(rule, request, found.parts), now)


def _fits(scheme: SignatureScheme, secret: str) -> Fits:
    key = _key(scheme.key, secret)
    if scheme.algorithm == "ed25519":
        return _fits_ed25519(key)
    if scheme.algorithm == "sha256":
        return lambda content, given: _same(hashlib.sha256(_joined(content, key)).digest(), given)
    name = _HASHES[scheme.algorithm]
    return lambda content, given: _same(hmac.digest(key, _joined(content, key), name), given)


def _fits_ed25519(key: bytes) -> Fits:
    try:
        public = Ed25519PublicKey.from_public_bytes(key)
    except ValueError:
        raise SecretError("the secret is no public key of ed25519, which has 32 bytes") from None

    def fits(content: Content, given: bytes) -> bool:
        try:
            public.verify(given, _joined(content, key))
        except InvalidSignature:
            return False
        return True

    return fits


def _is_utf8(secret: str) -> bool:
    """The environment may hold other bytes, which Python gives as halves of characters."""
    try:
        secret.encode()
    except UnicodeEncodeError:
        return False
    return True


def _key(rule: Key, secret: str) -> bytes:
    text = secret.removeprefix(rule.strip_prefix)
    if rule.decode is None:
        return text.encode()
    try:
        key = decode(text, rule.decode)
    except ValueError:
        key = b""
    if not key:
        after = f" after `{rule.strip_prefix}`" if rule.strip_prefix else ""
        raise SecretError(f"the secret is not written in {rule.decode}{after}")
    return key


def _joined(content: Content, key: bytes) -> bytes:
    return b"".join(key if piece is None else piece for piece in content)


def _same(expected: bytes, given: bytes) -> bool:
    return hmac.compare_digest(expected, given)


def _check_shared(secrets: Iterable[str], given: bytes) -> None:
    if not sum(_same(secret.encode(), given) for secret in secrets):
        raise SignatureError("mismatch", "it shows none of the secrets")


def _basic(value: str) -> bytes:
    kind, _, credentials = value.partition(" ")
    try:
        if kind.lower() == "basic":
            return base64.b64decode(credentials, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise SignatureError("malformed", "the header is no Basic authorization")


def _check_element(scheme: SignatureScheme, secrets: Sequence[str], request: SignedRequest) -> None:
    """Every element of that name holds the secret: none can be hidden beside another."""
    name = re.escape(scheme.element).encode()
    found = re.findall(rb"<(?:[\w.-]+:)?" + name + rb"(?:\s[^<>]*)?>([^<]*)<", request.body)
    if not found:
        raise SignatureError("no_signature", f"the body has no element {scheme.element}")
    for value in found:
        _check_shared(secrets, value.strip())
