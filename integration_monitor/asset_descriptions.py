"""What an asset says of itself on its page: what and where it is, what is promised, who helps.

Markdown made of a manifest alone; of references only the names are said.
"""

from __future__ import annotations

from collections.abc import Iterator

from integration_monitor.manifest.domain import (
    BrokenManifest,
    Integration,
    Lag,
    Reference,
    RequestTemplate,
    RestSide,
    Side,
    SingleConnection,
    SqlSide,
    Sync,
    Tolerance,
)
from integration_monitor.manifest.webhooks import SqlSink
from integration_monitor.signals.mapped import Role, side_of
from integration_monitor.signals.wording import count, span


def of_side(integration: Integration, sync: Sync, role: Role) -> str:
    """The page of one side of a sync."""
    title = sync.title or sync.name
    is_source = role == "source"
    goes = "Its records go to" if is_source else "It is filled from"
    other = side_of(sync, "destination" if is_source else "source")
    what = (
        f"The **{role}** of *{title}* in {integration.title}: {_place(side_of(sync, role))}."
        f" {goes} {_place(other)}."
    )
    facts = [*_where(integration, side_of(sync, role)), *_promises(integration, sync)]
    return _page(what, [*facts, *_people(integration)], integration)


def of_manifest(integration: Integration) -> str:
    """The page of an integration as a whole."""
    what = f"**{integration.title}**, as the manifest `{integration.file}` describes it."
    syncs = [
        f"**Sync** {sync.title or sync.name}: {_place(sync.source)} → {_place(sync.destination)},"
        f" measured every {sync.every.text}"
        for sync in integration.syncs.values()
    ]
    base = [f"**Partner** at {at}"] if (at := _base(integration)) else []
    return _page(what, [*base, *syncs, *_people(integration)], integration)


def of_api(integration: Integration | BrokenManifest) -> str:
    """The page of a partner's API, as our calls see it."""
    if isinstance(integration, BrokenManifest):
        return ""
    what = f"**The API of {integration.title}**, as your calls see it."
    base = [f"**Partner** at {at}"] if (at := _base(integration)) else []
    endpoints = [
        f"**Endpoint** {each.name}: `{each.path}`" + (", critical" if each.critical else "")
        for each in integration.endpoints.values()
    ]
    how = "**Calls** are counted where they are made, and judged every half a minute"
    return _page(what, [*base, *endpoints, how, *_people(integration)], integration)


def of_webhooks(integration: Integration | BrokenManifest) -> str:
    """The page of what a partner sends."""
    if isinstance(integration, BrokenManifest) or integration.webhooks is None:
        return ""
    webhooks = integration.webhooks
    what = f"**The webhooks of {integration.title}**, as they reach the receiver."
    facts = [f"**Sent to** `{webhooks.public_url}`"] if webhooks.public_url else []
    facts += [f"**Event** {_code(name)} is `{rule.type}`" for name, rule in webhooks.events.items()]
    facts += [
        f"**Sink** {name}: "
        + (f"the table `{sink.table}`" if isinstance(sink, SqlSink) else "HTTP")
        for name, sink in webhooks.sinks.items()
    ]
    facts.append("**Judged** every half a minute, from what the receiver and the workers store")
    return _page(what, [*facts, *_people(integration)], integration)


def allowed(tolerance: Tolerance) -> str:
    """`no record`, `up to 3 records`, `up to 3 records or 0.1 % of those expected in 24 h`."""
    parts = [count(tolerance.missing, "record")] if tolerance.missing else []
    if tolerance.ratio:
        parts.append(f"{tolerance.ratio * 100:g} % of those expected in 24 h")
    return f"up to {' or '.join(parts)}" if parts else "no record"


def limits(lag: Lag) -> str:
    """`warns above 15 min, fails above 60 min (page)`."""
    return f"warns above {span(lag.warn)}, fails above {span(lag.fail)} ({lag.severity})"


def _page(what: str, facts: list[str], integration: Integration) -> str:
    listed = "\n".join(f"- {fact}" for fact in facts)
    summary = integration.runbook.summary
    links = " · ".join(f"[{text}]({url})" for text, url in _links(integration))
    return "\n\n".join(text for text in (what, summary, listed, links) if text)


def _place(side: Side) -> str:
    match side.at:
        case SqlSide(table=str(table)):
            return f"the table `{table}`"
        case SqlSide():
            return "a SQL query"
        case RestSide(list=found, lookup=lookup):
            template = found or lookup
            return _call(template.request) if template else "a REST collection"


def _code(text: str) -> str:
    # JMESPath writes literals in backticks.
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _call(request: RequestTemplate) -> str:
    return f"`{request.method} {request.path}`"


def _where(integration: Integration, side: Side) -> Iterator[str]:
    match side.at:
        case SqlSide(url=url):
            yield f"**Database** that `{url.env}` names"
        case RestSide(list=found, lookup=lookup):
            if base := _base(integration):
                yield f"**Partner** at {base}"
            if found and lookup:
                batch = f"{lookup.batch} at once" if lookup.batch > 1 else "one by one"
                yield f"**Looked up** by {_call(lookup.request)}, {batch}"
    fields = {"Key": side.key, "changed at": side.updated_at, "tenant": side.tenant}
    fields |= {"loaded at": side.loaded_at, "only where": side.where}
    yield ", ".join(f"**{name}** {_code(text)}" for name, text in fields.items() if text)


def _base(integration: Integration) -> str | None:
    base = integration.partner.base_url if integration.partner else None
    if isinstance(base, Reference):
        return f"the address that `{base.env}` names"
    return f"`{base}`" if base else None


def _promises(integration: Integration, sync: Sync) -> Iterator[str]:
    apart = not isinstance(integration.connections, SingleConnection)
    whom = ", for each connection apart" if apart else ""
    yield f"**Measured** every {sync.every.text} (`{sync.every.cron}`, UTC){whom}"
    yield f"**Grace** {span(sync.grace)}: so long a record may be on its way before it is a gap"
    yield f"**May be missing**: {allowed(sync.tolerance)}"
    if sync.lag:
        yield f"**Lag** {limits(sync.lag)}"


def _people(integration: Integration) -> Iterator[str]:
    owner, runbook = integration.owner, integration.runbook
    yield f"**Owner** {owner.name}, {owner.email}"
    helps = {"Who relies on it": runbook.reliant, "To pause it": runbook.pause}
    helps |= {"Partner's contact": runbook.contact}
    yield from (f"**{label}**: {text}" for label, text in helps.items() if text)


def _links(integration: Integration) -> Iterator[tuple[str, str]]:
    partner = integration.partner
    links = {
        "Runbook": integration.runbook.url,
        "Partner's status": partner.status_page if partner else None,
        "Partner's changelog": partner.changelog if partner else None,
    }
    return ((text, url) for text, url in links.items() if url)
