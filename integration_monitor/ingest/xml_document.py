"""Bodies in XML as plain data, so that the paths of a manifest find their way in them. Pure."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class XmlError(ValueError):
    """No XML, or more than is read of it."""


def read_xml(body: bytes) -> dict[str, Any]:
    """`{root: …}`: an element is a mapping of its children by their names, without namespaces.

    One that comes several times is a list; attributes are named `@name`; an element that holds
    text alone is that text, one that holds nothing, or is `xsi:nil`, is null. A document with a
    type (DTD) is refused: entities could be defined there. Raises `XmlError`.
    """
    if b"<!DOCTYPE" in body:
        raise XmlError("the body is XML with a document type, which is not read")
    try:
        # Without a document type there are no entities; expat itself bounds how they may grow.
        root = ET.fromstring(body)  # noqa: S314
        return {_name(root.tag): _value(root)}
    except (ET.ParseError, LookupError, ValueError) as error:
        raise XmlError("the body is not XML, as its content type says") from error
    except RecursionError:
        raise XmlError("the body is nested too deeply") from None


def _value(element: Element) -> Any:
    if element.get(_NIL) in ("true", "1"):
        return None
    text = (element.text or "").strip()
    found: dict[str, Any] = {f"@{_name(key)}": value for key, value in element.attrib.items()}
    for child in element:
        _add(found, _name(child.tag), _value(child))
    if not found:
        return text or None
    return {**found, "#text": text} if text else found


def _add(found: dict[str, Any], name: str, value: Any) -> None:
    if name not in found:
        found[name] = value
    elif isinstance(found[name], list):
        found[name].append(value)
    else:
        found[name] = [found[name], value]


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]
