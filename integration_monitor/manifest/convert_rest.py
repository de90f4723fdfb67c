"""The wire model of a REST side → its domain objects."""

from __future__ import annotations

from integration_monitor.manifest import domain, paging, wire_rest


def rest(read: wire_rest.RestSide) -> domain.RestSide:
    """A REST collection with its requests."""
    return domain.RestSide(
        endpoint=read.endpoint,
        list=_list(read.list_request, read.time),
        lookup=_lookup(read.lookup),
        records=read.records,
        pages=paging.CursorPages(body=read.next) if read.next else _pages(read.pages),
        count=_count(read.count),
        errors=read.errors,
        time=read.time or "iso8601",
    )


def _list(
    read: wire_rest.ListRequest | None, time: domain.TimeFormat | None
) -> domain.ListRequest | None:
    if read is None:
        return None
    return domain.ListRequest(
        _template(read), read.mode, read.time or time or "iso8601", read.max_results, read.etag
    )


def _lookup(read: wire_rest.LookupRequest | None) -> domain.LookupRequest | None:
    return domain.LookupRequest(_template(read), read.batch) if read is not None else None


def _pages(read: wire_rest.Pages | None) -> paging.Pages | None:
    if read is None:
        return None
    match read.type:
        case "cursor":
            return paging.CursorPages(read.body, read.header, read.more)
        case "page_number":
            start = 1 if read.start is None else read.start
            return paging.NumberedPages(start, read.size, read.more)
        case "offset":
            return paging.OffsetPages(read.start or 0, read.size, read.more)
        case "link_header":
            return paging.LinkHeaderPages(read.more)
        case "next_url":
            return paging.NextUrlPages(_checked(read.body), read.more)
        case "keyset":
            return paging.KeysetPages(_checked(read.cursor), read.size, read.more)


def _count(read: wire_rest.Count | None) -> domain.Count | None:
    if read is None:
        return None
    request = _template(read.request) if read.request else None
    return domain.Count(read.body, read.header, read.paging or False, request)


def _template(read: wire_rest.RequestTemplate) -> domain.RequestTemplate:
    return domain.RequestTemplate(read.method, read.path, read.query, read.body, read.headers)


def _checked(path: str | None) -> str:
    if path is None:
        raise AssertionError("pages without a path passed the checks")
    return path
