"""What is the partner's passes; everything else is refused with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_monitor.ingest.signature import (
    SchemeError,
    SecretError,
    SignatureError,
    load_scheme,
    verify,
)
from integration_monitor.manifest.signature_schemes import presets
from integration_monitor_tests.ingest.signing import (
    BODY,
    NOW,
    SECRET,
    SIGNERS,
    URL,
    Signed,
    b64,
    mac,
    twilio_json,
)

TIMED = [name for name, one in presets().items() if (t := one.scheme.timestamp) and t.tolerance]
OWN: dict[str, Any] = {"algorithm": "hmac-sha512", "header": "X-Sig", "content": "{body}"}


def check(
    scheme: str | Mapping[str, object],
    request: Signed,
    *secrets: str,
    now: datetime = NOW,
) -> None:
    """Verify a request, by its own secret where none is given."""
    verify(
        load_scheme(scheme),
        secrets=secrets or (request.secret,),
        method=request.method,
        url=request.url,
        headers=request.headers,
        body=request.body,
        now=now,
    )


def reason(
    scheme: str | Mapping[str, object], request: Signed, *secrets: str, now: datetime = NOW
) -> str:
    """Why a request is refused."""
    with pytest.raises(SignatureError) as refused:
        check(scheme, request, *secrets, now=now)
    for secret in (*secrets, request.secret):
        assert secret not in str(refused.value)
    return refused.value.reason


def test_every_scheme_has_a_signer() -> None:
    assert list(SIGNERS) == list(presets())


@pytest.mark.parametrize("name", SIGNERS)
def test_what_the_partner_signed_passes(name: str) -> None:
    check(name, SIGNERS[name](NOW))


@pytest.mark.parametrize("name", SIGNERS)
def test_any_listed_secret_is_enough(name: str) -> None:
    request = SIGNERS[name](NOW)
    other = {"whsec_": "whsec_AAAA", "whpk_": "whpk_" + b64(bytes(32))}
    previous = next((v for k, v in other.items() if request.secret.startswith(k)), "previous")
    check(name, request, previous, request.secret)
    assert reason(name, request, previous) == "mismatch"


@pytest.mark.parametrize("name", sorted(SIGNERS.keys() - {"pipedrive", "salesforce_outbound"}))
def test_another_body_is_refused(name: str) -> None:
    request = SIGNERS[name](NOW)
    assert reason(name, replace(request, body=request.body + b"x")) == "mismatch"


@pytest.mark.parametrize("name", ["hubspot_v2", "hubspot_v3", "square", "twilio"])
def test_another_address_is_refused(name: str) -> None:
    request = SIGNERS[name](NOW)
    assert reason(name, replace(request, url=URL.replace("crm", "erp"))) == "mismatch"


@pytest.mark.parametrize("name", sorted(SIGNERS.keys() - {"salesforce_outbound"}))
def test_a_request_without_headers_is_refused(name: str) -> None:
    assert reason(name, replace(SIGNERS[name](NOW), headers={})) == "missing_header"


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("sign", [1, -1])
def test_ten_minutes_off_is_refused_on_both_sides_and_the_edge_passes(name: str, sign: int) -> None:
    rule = load_scheme(name).timestamp
    assert rule is not None
    assert rule.tolerance is not None
    assert reason(name, SIGNERS[name](NOW + sign * timedelta(minutes=10))) == "timestamp"
    check(name, SIGNERS[name](NOW + sign * rule.tolerance))


def test_a_time_is_signed_as_it_is_written() -> None:
    scheme = OWN | {
        "content": "{timestamp}{body}",
        "timestamp": {"from": "header:X-Time", "unit": "s"},
    }
    time = f"00{NOW.timestamp():.0f}"
    headers = {"x-sig": mac(time.encode() + BODY, "sha512").hex(), "x-time": time}
    check(scheme, Signed(headers))


@pytest.mark.parametrize(
    ("name", "header", "value", "expected"),
    [
        ("github", "X-Hub-Signature-256", "sha1=ab", "malformed"),
        ("github", "X-Hub-Signature-256", "sha256=xyz", "malformed"),
        ("github", "X-Hub-Signature-256", "sha256=", "malformed"),
        ("github", "X-Hub-Signature-256", "sha256=ab", "mismatch"),
        ("shopify", "X-Shopify-Hmac-Sha256", "ä", "malformed"),
        ("shopify", "X-Shopify-Hmac-Sha256", "A" * 10_000, "malformed"),
        ("stripe", "Stripe-Signature", "t", "malformed"),
        ("stripe", "Stripe-Signature", "v1=ab", "malformed"),
        ("stripe", "Stripe-Signature", "t=1,v0=ab", "no_signature"),
        ("stripe", "Stripe-Signature", "t=1,v1=zz,v1=", "malformed"),
        ("stripe", "Stripe-Signature", "t=1,v1=zz,v1=ab", "mismatch"),
        ("stripe", "Stripe-Signature", "t=1,t=2,v1=ab", "malformed"),
        ("stripe", "Stripe-Signature", "t=1," + "v1=ab," * 16 + "v1=ab", "malformed"),
        ("svix", "svix-signature", "v2,AAAA", "no_signature"),
        ("pipedrive", "Authorization", "Bearer AAAA", "malformed"),
        ("pipedrive", "Authorization", "Basic ä", "malformed"),
        ("twilio", "content-type", "text/plain", "no_signature"),
    ],
)
def test_what_is_wrong_with_a_header(name: str, header: str, value: str, expected: str) -> None:
    request = SIGNERS[name](NOW)
    assert reason(name, replace(request, headers={**request.headers, header: value})) == expected


def test_a_time_that_is_none_is_malformed_though_it_is_signed() -> None:
    made = mac(b"soon." + BODY).hex()
    assert reason("stripe", Signed({"Stripe-Signature": f"t=soon,v1={made}"})) == "malformed"


def test_a_signature_that_came_twice_is_refused() -> None:
    made = f"sha256={mac(BODY).hex()}"
    headers = {"X-Hub-Signature-256": made, "x-hub-signature-256": made}
    assert reason("github", Signed(headers)) == "malformed"


def test_hubspot_decodes_its_twelve_escapes_and_no_other() -> None:
    assert len(load_scheme("hubspot_v3").url.decode_only) == 12
    lower = replace(SIGNERS["hubspot_v3"](NOW), url=URL.replace("%2F", "%2f"))
    check("hubspot_v3", lower)


@pytest.mark.parametrize("port", [":443", ""])
def test_twilio_signs_with_the_port_or_without(port: str) -> None:
    request = SIGNERS["twilio"](NOW)
    check("twilio", replace(request, url=URL.replace(".com/", f".com{port}/")))
    signed = URL.replace(".com/", ".com:443/")
    headers = {"X-Twilio-Signature": b64(mac(signed, "sha1"))}
    check("twilio", Signed(headers, b""))


def test_a_body_that_is_no_form_is_held_to_its_digest() -> None:
    request = twilio_json(NOW)
    check("twilio", request)
    assert reason("twilio", replace(request, body=b"{}")) == "mismatch"


def test_the_published_example_of_twilio() -> None:
    """From the page on the security of webhooks in Twilio's documentation."""
    caller = "%2B14158675309"
    body = f"CallSid=CA1234567890ABCDE&Caller={caller}&Digits=1234&From={caller}&To=%2B18005551212"
    headers = {
        "X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    request = Signed(headers, body.encode(), "12345", url)
    check("twilio", request)


def test_the_published_example_of_github() -> None:
    """From the page on validating deliveries in GitHub's documentation."""
    made = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"X-Hub-Signature-256": f"sha256={made}"}
    check("github", Signed(headers, b"Hello, World!", "It's a Secret to Everybody"))


@pytest.mark.parametrize(
    ("name", "header", "listed"),
    [
        ("stripe", "Stripe-Signature", "v1=zz,{}"),
        ("stripe", "Stripe-Signature", "{},v1=zz"),
        ("svix", "svix-signature", "v1,? {}"),
        ("svix", "svix-signature", "{} v1,?"),
    ],
)
def test_a_signature_that_cannot_be_read_hides_no_other(
    name: str, header: str, listed: str
) -> None:
    request = SIGNERS[name](NOW)
    beside = listed.format(request.headers[header])
    check(name, replace(request, headers={**request.headers, header: beside}))


def test_an_organization_cannot_be_hidden_beside_another() -> None:
    request = SIGNERS["salesforce_outbound"](NOW)
    name = "salesforce_outbound"
    assert reason(name, replace(request, body=b"<a/>")) == "no_signature"
    added = request.body + b"<OrganizationId>00D000000000002AAA</OrganizationId>"
    assert reason(name, replace(request, body=added)) == "mismatch"


def test_an_own_scheme_as_data() -> None:
    check(OWN, Signed({"X-SIG": mac(BODY, "sha512").hex()}))
    token = {"algorithm": "shared_secret", "header": "X-Token", "format": {"kind": "single"}}
    check(token, Signed({"x-token": SECRET}))
    assert reason(token, Signed({"x-token": "ä"})) == "mismatch"


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("whsec_not base64",), ("\udcff",)])
def test_a_secret_that_is_none_is_an_error_of_ours(secrets: tuple[str, ...]) -> None:
    request = SIGNERS["svix"](NOW)
    with pytest.raises(SecretError) as error:
        verify(
            load_scheme("svix"),
            secrets=secrets,
            method="POST",
            url=URL,
            headers=request.headers,
            body=BODY,
            now=NOW,
        )
    assert "not base64" not in str(error.value)


def test_an_unknown_scheme_names_the_choices_and_a_bad_one_its_key() -> None:
    with pytest.raises(SchemeError, match=r"did you mean `github`.*shopify"):
        load_scheme("githb")
    with pytest.raises(SchemeError, match="unknown key `secrte`"):
        load_scheme(OWN | {"secrte": "x-very-secret"})
    with pytest.raises(SchemeError, match=r"`content`: needs \{body\}"):
        load_scheme(OWN | {"content": "{url}"})


ANYTHING = st.text(max_size=80) | st.sampled_from(["t=1,v1=ab", "v1,AAAA", "sha256=ab", "Basic "])


@given(data=st.data(), name=st.sampled_from(sorted(SIGNERS)))
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_refused_with_a_reason(data: st.DataObject, name: str) -> None:
    genuine = SIGNERS[name](NOW)
    headers = {key: data.draw(ANYTHING, key) for key in genuine.headers}
    if data.draw(st.booleans()):
        headers["content-type"] = "application/x-www-form-urlencoded"
    url = data.draw(st.just(URL) | st.text(max_size=60) | st.just("https://[::1"))
    body = data.draw(st.binary(max_size=80))
    method = data.draw(st.text(max_size=8))
    reason(name, Signed(headers, body, genuine.secret, url, method))


@given(body=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_a_signed_body_of_any_kind_is_read_without_another_error(body: bytes) -> None:
    """Who knows the secret may still send nonsense where the time should be."""
    assert reason("linear", Signed({"linear-signature": mac(body).hex()}, body)) in (
        "malformed",
        "timestamp",
    )


def test_a_thousand_malformed_headers_are_refused() -> None:
    makes = (
        "=",
        ",",
        "v1=",
        "t=,v1=",
        "v1,",
        "\x00",
        "ÿ",
        "t=9" + "9" * 400,
        "v1=\ud800",
        "Basic =",
    )
    for name in SIGNERS.keys() - {"salesforce_outbound"}:
        request = SIGNERS[name](NOW)
        for number in range(50):
            value = makes[number % 10] * (number // 10 + 1)
            header = load_scheme(name).header
            others = {k: v for k, v in request.headers.items() if k.lower() != header}
            found = reason(name, replace(request, headers={**others, header: value}))
            assert found in ("malformed", "mismatch", "no_signature")
