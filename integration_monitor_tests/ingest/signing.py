"""Requests as partners sign them, by their SDKs where there is one, otherwise by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

import stripe
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hubspot.utils.signature import Signature
from slack_sdk.signature import SignatureVerifier
from square.utils.webhooks_helper import verify_signature
from standardwebhooks import Webhook
from starlette.datastructures import ImmutableMultiDict
from svix import Webhook as SvixWebhook
from twilio.request_validator import RequestValidator

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
SECRET = "a-secret-of-ours"
KEY = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = "whpk_" + base64.b64encode(PRIVATE.public_key().public_bytes_raw()).decode()
URL = "https://hooks.example.com/webhooks/crm?a=1%2F2&b=%20c"
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


@dataclass(frozen=True)
class Signed:
    """A request and the secret it is signed with."""

    headers: Mapping[str, str]
    body: bytes = '{"a": "ä", "n": 1.0}'.encode()
    secret: str = SECRET
    url: str = URL
    method: str = "POST"
    time: datetime = field(default=NOW)


Signer = Callable[[datetime], Signed]
BODY = Signed({}).body
TEXT = BODY.decode()


def mac(content: bytes | str, algorithm: str = "sha256") -> bytes:
    """The HMAC of a content by the secret."""
    data = content.encode() if isinstance(content, str) else content
    return hmac.new(SECRET.encode(), data, algorithm).digest()


def b64(data: bytes) -> str:
    """Base64 as text."""
    return base64.b64encode(data).decode()


def seconds(at: datetime) -> str:
    """The time in whole seconds."""
    return str(int(at.timestamp()))


def millis(at: datetime) -> str:
    """The time in milliseconds."""
    return str(int(at.timestamp() * 1000))


def _stripe(at: datetime) -> Signed:
    payload = f"{seconds(at)}.{TEXT}"
    made = stripe.WebhookSignature._compute_signature(payload, SECRET)
    return Signed({"Stripe-Signature": f"t={seconds(at)},v1={made},v0=6ffbb59b"})


def _slack(at: datetime) -> Signed:
    made = SignatureVerifier(SECRET).generate_signature(timestamp=seconds(at), body=TEXT)
    assert made is not None
    return Signed({"X-Slack-Signature": made, "X-Slack-Request-Timestamp": seconds(at)})


def _standard(prefix: str, by: type[Webhook | SvixWebhook]) -> Signer:
    def sign(at: datetime) -> Signed:
        made = by(KEY).sign("msg_1", at, TEXT)
        named = {"id": "msg_1", "timestamp": seconds(at), "signature": f"v1a,AAAA {made}"}
        return Signed({f"{prefix}-{name}": value for name, value in named.items()}, secret=KEY)

    return sign


def _asymmetric(prefix: str) -> Signer:
    def sign(at: datetime) -> Signed:
        made = b64(PRIVATE.sign(f"msg_1.{seconds(at)}.{TEXT}".encode()))
        named = {"id": "msg_1", "timestamp": seconds(at), "signature": f"v1,AAAA v1a,{made}"}
        return Signed({f"{prefix}-{name}": value for name, value in named.items()}, secret=PUBLIC)

    return sign


def _hubspot_v3(at: datetime) -> Signed:
    # HubSpot decodes before it signs, its SDK signs the address that it is given.
    decoded = "https://hooks.example.com/webhooks/crm?a=1/2&b=%20c"
    made = Signature.get_signature(SECRET, TEXT, "v3", decoded, timestamp=millis(at))
    return Signed({"X-HubSpot-Signature-v3": made, "X-HubSpot-Request-Timestamp": millis(at)})


def _hubspot(version: str) -> Signer:
    made = Signature.get_signature(SECRET, TEXT, version, URL)
    return lambda at: Signed({"X-HubSpot-Signature": made})


def _square(at: datetime) -> Signed:
    # Its SDK does not sign, but it verifies.
    header, made = "x-square-hmacsha256-signature", b64(mac(URL.encode() + BODY))
    assert verify_signature(
        request_body=TEXT, signature_header=made, signature_key=SECRET, notification_url=URL
    )
    return Signed({header: made})


def _zendesk(at: datetime) -> Signed:
    time = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    name = "X-Zendesk-Webhook-Signature"
    return Signed({name: b64(mac(f"{time}{TEXT}")), f"{name}-Timestamp": time})


def _twilio(algorithm: str) -> Signer:
    def sign(at: datetime) -> Signed:
        pairs = [("To", "+1"), ("Body", "ä b"), ("Tag", "2"), ("Tag", "1"), ("Tag", "2")]
        form = ImmutableMultiDict(pairs)
        made = RequestValidator(SECRET).compute_signature(URL, form, algorithm)
        return Signed({"X-Twilio-Signature": made, **FORM}, urlencode(pairs).encode())

    return sign


def twilio_json(at: datetime) -> Signed:
    """A body that is no form is signed by its digest in the address."""
    url = f"{URL}&bodySHA256={hashlib.sha256(BODY).hexdigest()}"
    return Signed({"X-Twilio-Signature": b64(mac(url, "sha1")), **JSON}, url=url)


def _linear(at: datetime) -> Signed:
    body = json.dumps({"webhookTimestamp": int(millis(at))})
    return Signed({"Linear-Signature": mac(body).hex()}, body.encode())


def _calendly(at: datetime) -> Signed:
    made = mac(f"{seconds(at)}.{TEXT}").hex()
    return Signed({"Calendly-Webhook-Signature": f"t={seconds(at)},v1={made}"})


def _of_body(header: str, value: str) -> Signer:
    return lambda at: Signed({header: value})


_ORGANIZATION = b"<x:Envelope><x:OrganizationId>00D000000000001AAA</x:OrganizationId></x:Envelope>"

SIGNERS: Mapping[str, Signer] = {
    "calendly": _calendly,
    "github": _of_body("X-Hub-Signature-256", f"sha256={mac(BODY).hex()}"),
    "hubspot_v1": _hubspot("v1"),
    "hubspot_v2": _hubspot("v2"),
    "hubspot_v3": _hubspot_v3,
    "intercom": _of_body("X-Hub-Signature", f"sha1={mac(BODY, 'sha1').hex()}"),
    "linear": _linear,
    "pipedrive": lambda at: Signed({"Authorization": f"Basic {b64(b'me:pass')}"}, secret="me:pass"),
    "salesforce_outbound": lambda at: Signed({}, _ORGANIZATION, "00D000000000001AAA"),
    "shopify": _of_body("X-Shopify-Hmac-Sha256", b64(mac(BODY))),
    "slack": _slack,
    "square": _square,
    "standard_webhooks": _standard("webhook", Webhook),
    "standard_webhooks_asymmetric": _asymmetric("webhook"),
    "stripe": _stripe,
    "svix": _standard("svix", SvixWebhook),
    "svix_asymmetric": _asymmetric("svix"),
    "twilio": _twilio("HMAC_SHA1"),
    "twilio_sha256": _twilio("HMAC_SHA256"),
    "typeform": _of_body("Typeform-Signature", f"sha256={b64(mac(BODY))}"),
    "xero": _of_body("x-xero-signature", b64(mac(BODY))),
    "zendesk": _zendesk,
}
"""By the name of each scheme."""
