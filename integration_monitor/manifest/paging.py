"""How a partner cuts a list into pages. Paths are JMESPath expressions.

Each kind may have `more`: a path on the document; what it finds is falsy on the last page. An
answer that does not have its key, such as that of a look-up, tells nothing by it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CursorPages:
    """Each page tells the `{cursor}` of the next one, in its body or in a header.

    Where the request has no `{cursor}`, what is found is read as the next page's address.
    """

    body: str | None = None
    header: str | None = None
    more: str | None = None


@dataclass(frozen=True)
class NumberedPages:
    """`{page}` counts from `start`. The last page is empty, or has fewer than `size` records."""

    start: int = 1
    size: int | None = None
    more: str | None = None


@dataclass(frozen=True)
class OffsetPages:
    """`{offset}` counts the records received, from `start`. Ends as numbered pages do."""

    start: int = 0
    size: int | None = None
    more: str | None = None


@dataclass(frozen=True)
class LinkHeaderPages:
    """A `Link` header with `rel="next"` (RFC 8288 §3) has the next page's address."""

    more: str | None = None


@dataclass(frozen=True)
class NextUrlPages:
    """The body has the next page's address, absolute or relative."""

    body: str
    more: str | None = None


@dataclass(frozen=True)
class KeysetPages:
    """The next `{cursor}` is taken from the list of a page's records, such as `[-1].id`."""

    cursor: str
    size: int | None = None
    more: str | None = None


Pages = CursorPages | NumberedPages | OffsetPages | LinkHeaderPages | NextUrlPages | KeysetPages
