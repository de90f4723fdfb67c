"""What is kept of a partner's words."""

from __future__ import annotations

import base64
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.ingest.redaction import LONGEST, redacted


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        # What helps stays.
        ("Property \"plan\" does not exist", "Property \"plan\" does not exist"),
        ("The field 'address.city' is required", "The field 'address.city' is required"),
        ("Rate limit of 100 calls in 10 seconds", "Rate limit of 100 calls in 10 seconds"),
        ("no /crm/v3/objects/contacts/notes", "no /crm/v3/objects/contacts/notes"),
        ("INVALID_FIELD_FOR_INSERT_UPDATE: bad", "INVALID_FIELD_FOR_INSERT_UPDATE: bad"),
        ("error code: 400, it's not allowed", "error code: 400, it's not allowed"),
        ("InvalidAuthenticationToken", "InvalidAuthenticationToken"),
        ("", ""),
        # E-mail addresses, also in other clothes.
        ("jane.doe@example.com is taken", "… is taken"),
        ("mail to <jane@example.com>, please", "mail to … please"),
        ("jane%40example.com", "…"),
        ("GET https://user:pass@api.example.com/a failed", "GET … failed"),
        # Addresses lose their queries.
        ("GET https://api.example.com/a?token=abc&b=c", "GET https://api.example.com/a…"),
        ("GET /contacts?hapikey=abc", "GET /contacts…"),
        ("see https://example.com/callback#access_token=abc", "see https://example.com/callback…"),
        ("https://example.com/a?secret", "https://example.com/a…"),
        # Secrets by their names and schemes.
        ("Authorization: Bearer abc", "Authorization: …"),
        ("token bearer abc is bad", "token bearer … is bad"),
        ('{"password":"hunter two","a":"b"}', '{"password":…,"a":"b"}'),
        ("api_key=abc, x-api-key: def", "api_key=… x-api-key: …"),
        ("client_secret = 'a b c' is wrong", "client_secret = … is wrong"),
        ("cookie sid=abc refused", "cookie sid=… refused"),
        ("page=10 is the last", "page=10 is the last"),
        # What looks random.
        ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "…"),
        ("key sk_live_51HQ9b2eZvKYlo2C is not active", "key … is not active"),
        ("xoxb-123456789012-abcdefghij", "…"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N", "…"),
        ("contact 550e8400-e29b-41d4-a716-446655440000 is gone", "contact … is gone"),
        ("at deadbeef", "at …"),
        ("no /contacts/4f2a9c11/notes", "no …"),
        # Numbers of people and of accounts.
        ("call +49 (30) 1234-5678 now", "call … now"),
        ("card 4242 4242 4242 4242 declined", "card … declined"),
        ("account 12345678", "account …"),
        # Values in quotes.
        ('"Jane Doe" is no valid name', '"…" is no valid name'),
        ("`12 Main St` is no address", "`…` is no address"),
        # One line.
        ("a\nb\t\x00c\u2028d", "a b c d"),
    ],
)  # fmt: skip
def test_messages(message: str, kept: str) -> None:
    assert redacted(message) == kept


def test_a_long_message_is_cut() -> None:
    assert redacted("word " * 100) == ("word " * 100)[: LONGEST - 1] + "…"
    cut_within = "ab cd@ef " * 300 + "x" * 5000
    assert len(redacted(cut_within)) <= LONGEST
    assert "x" not in redacted(cut_within)


SECRETS = st.one_of(
    st.emails(),
    st.uuids().map(str),
    st.binary(min_size=16, max_size=48).map(lambda raw: raw.hex()),
    st.binary(min_size=24, max_size=48).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
    st.binary(min_size=24, max_size=48).map(lambda raw: base64.b64encode(raw).decode()),
    st.integers(10**5, 10**18).map(str),
)
AROUND = st.text(st.characters(whitelist_categories=["L", "Zs"]), max_size=20)


@given(AROUND, SECRETS, AROUND)
def test_a_secret_between_words_does_not_survive(before: str, secret: str, after: str) -> None:
    assert secret not in redacted(f"{before} {secret} {after}")
    assert secret not in redacted(f'{before} "{secret}", {after}')
    assert secret not in redacted(f"{before} https://a.example/b?c={secret} {after}")


@given(st.text(max_size=3000))
def test_any_text_becomes_one_short_line(message: str) -> None:
    found = redacted(message)
    assert len(found) <= LONGEST
    assert found.isprintable()
    assert "@" not in found


def test_what_was_redacted_stays_so() -> None:
    message = f"token {uuid.uuid4()} of jane@example.com: 'a b' at /a?b=c"
    assert redacted(redacted(message)) == redacted(message)
