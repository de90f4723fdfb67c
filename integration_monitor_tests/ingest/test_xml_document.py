"""XML as plain data: what paths find in it, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.ingest.event_body import UnreadableBody, read_document
from integration_monitor.ingest.xml_document import XmlError, read_xml


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b"<a/>", {"a": None}),
        (b"<a> 1 </a>", {"a": "1"}),
        (b"<a><b>1</b><c/></a>", {"a": {"b": "1", "c": None}}),
        (b"<a><b>1</b><b>2</b><b>3</b></a>", {"a": {"b": ["1", "2", "3"]}}),
        (b'<a x="1">t<b/></a>', {"a": {"@x": "1", "b": None, "#text": "t"}}),
        (b'<n:a xmlns:n="urn:n" n:x="1"><n:b>2</n:b></n:a>', {"a": {"@x": "1", "b": "2"}}),
        (
            b'<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><b xsi:nil="true"/></a>',
            {"a": {"b": None}},
        ),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a>ü</a>'.encode("latin-1"), {"a": "ü"}),
        (b"<a><![CDATA[<b>]]><!-- said --></a>", {"a": "<b>"}),
    ],
)
def test_elements_are_mappings(body: bytes, document: dict[str, Any]) -> None:
    assert read_xml(body) == document


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<a>", "the body is not XML"),
        (b"no", "the body is not XML"),
        (b'<?xml version="1.0" encoding="none-such"?><a/>', "the body is not XML"),
        (b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', "a document type, which is not read"),
        (b"<a>&e;</a>", "the body is not XML"),
        (b"<a>" * 5000 + b"</a>" * 5000, "nested too deeply"),
    ],
)
def test_what_is_not_read(body: bytes, reason: str) -> None:
    with pytest.raises(XmlError, match=reason):
        read_xml(body)


def test_entities_do_not_grow_without_bound() -> None:
    """Also where the document type is not seen, because of its encoding."""
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 100}">' for n in range(9))
    text = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY e0 "x">{entities}]>'
    with pytest.raises(XmlError):
        read_xml(f"{text}<a>&e9;</a>".encode("utf-16"))


@given(st.binary())
def test_no_body_is_a_mistake_of_ours(body: bytes) -> None:
    with suppress(UnreadableBody):
        read_document(body, "application/soap+xml; charset=utf-8")


def test_xml_is_read_where_the_content_type_says_so() -> None:
    assert read_document(b"<a>1</a>", "text/xml; charset=utf-8") == {"a": "1"}
    assert read_document(b'{"a": 1}', "text/xml") == {"a": 1}
    with pytest.raises(UnreadableBody, match="the body is not JSON"):
        read_document(b"<a>1</a>", "text/plain")
