"""Partners that page, a kind each."""

from __future__ import annotations

from integration_monitor_tests.observe.answering import Asked, Reply
from integration_monitor_tests.observe.rest_examples import (
    orders,
    whole,
)

ALL = [str(n) for n in range(1, 8)]
ORDERS = orders(7)
BASE = 'list: {path: /orders, query: {since: "{since}", %s}}\nrecords: %s\n%s'


def cut(first: int, size: int = 3) -> list[dict[str, object]]:
    return ORDERS[first : first + size]


def by_cursor(asked: Asked) -> Reply:
    first = whole(asked, "after")
    following = str(first + 3) if first + 3 < len(ORDERS) else None
    return Reply({"data": cut(first), "meta": {"cursor": following}})


def by_header(asked: Asked) -> Reply:
    first = whole(asked, "after")
    more = first + 3 < len(ORDERS)
    return Reply(cut(first), headers={"X-Next-Cursor": str(first + 3)} if more else {})


def by_cursor_that_is_always_there(asked: Asked) -> Reply:
    first = whole(asked, "cursor")
    end = first + 3 >= len(ORDERS)
    return Reply({"orders": cut(first), "after_cursor": str(first + 3), "end_of_stream": end})


def by_page(asked: Asked) -> Reply:
    return Reply(cut((whole(asked, "page") - 1) * 3))


def by_page_of_at_most_ten(asked: Asked) -> Reply:
    # Asked for 100, it gives 10, and says nothing of it.
    first = (whole(asked, "page") - 1) * 10
    return Reply({"data": orders(25)[first : first + 10]})


def by_page_with_flag(asked: Asked) -> Reply:
    page = whole(asked, "page")
    return Reply({"data": cut(page * 3), "has_more": page < 2})


def by_offset(asked: Asked) -> Reply:
    # It was asked for pages of 5, but gives 2 at most.
    return Reply({"data": cut(whole(asked, "skip"), min(whole(asked, "limit"), 2))})


def by_link(asked: Asked) -> Reply:
    first = whole(asked, "from")
    target = f"/orders?from={first + 3}"
    links = f'<{target}>; rel="next", </orders>; rel="first"' if first + 3 < len(ORDERS) else ""
    return Reply(cut(first), headers={"Link": links})


def by_address(asked: Asked) -> Reply:
    first = whole(asked, "from")
    following = f"?from={first + 3}" if first + 3 < len(ORDERS) else None
    return Reply({"records": cut(first), "nextRecordsUrl": following})


def by_keyset(asked: Asked) -> Reply:
    after = whole(asked, "starting_after")
    found = [order for order in ORDERS if order["id"] > after][:3]
    return Reply({"data": found, "has_more": bool(found) and found[-1]["id"] < len(ORDERS)})


CURSOR = 'after: "{cursor}"'
PAGE = 'page: "{page}", per_page: "{size}"'
