"""What the checks of a partner's API say of themselves: question, rule, what to do. Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from integration_monitor.manifest.domain import Endpoint, Integration
from integration_monitor.signals.api import ApiSignal
from integration_monitor.signals.wording import span


def _errors(integration: Integration) -> str:
    rules, window = integration.calls.errors, span(integration.calls.window)
    return (
        "**Which calls fail, and whose fault is it?**\n\n"
        f"Per endpoint, over {window}: warns above {_share(rules.warn)} failed calls, fails above"
        f" {_share(rules.fail)} for {span(rules.lasting)}, from {integration.calls.minimum} calls"
        f" on. {rules.burst} of one kind within {span(rules.burst_within)} are told at once, and so"
        f" is {rules.rise:g} times the share of the hour before."
    )


def _auth(integration: Integration) -> str:
    return (
        "**Are we still let in?**\n\n"
        "One stray 401 is nothing. Told is a pattern: several tenants, or all calls of one, with"
        " how many there are and who has to act."
    )


def _latency(integration: Integration) -> str:
    rules = integration.calls.latency
    budgets = [
        f"{each.name} {budget}"
        for each in integration.endpoints.values()
        if (budget := _budget(each))
    ]
    return (
        "**How slow is it?**\n\n"
        "p50, p95 and p99 per endpoint, as the caller saw them, retries included. Against its"
        f" budget an endpoint warns from {_share(rules.at_risk)} of it on, and fails above it for"
        f" {span(rules.lasting)}.\n\n"
        + (f"Budgets: {'; '.join(budgets)}" if budgets else "No budget is declared: it is shown.")
    )


def _tenants(integration: Integration) -> str:
    rules = integration.calls.tenants
    return (
        "**For whom is it broken while the whole looks healthy?**\n\n"
        f"A tenant fails from {_share(rules.fail)} failed calls on, of at least {rules.minimum},"
        f" for {span(rules.lasting)}; the same kind of endpoint at other partners tells whether"
        " it is theirs or ours."
    )


def _rate_limits(integration: Integration) -> str:
    rules = integration.calls.rate_limits
    return (
        "**How near is the rate limit?**\n\n"
        f"Warns above {_share(rules.warn)} of calls turned away (429), fails above"
        f" {_share(rules.fail)}; warns where less than {_share(rules.headroom)} of a limit is left."
    )


def _deprecation(integration: Integration) -> str:
    rules = integration.calls.deprecation
    return (
        "**Has the partner announced the end of an endpoint?**\n\n"
        "By the headers `Deprecation` and `Sunset` of its answers. From its first appearance on it"
        f" warns; what ends within {span(rules.ticket)} is a ticket, within {span(rules.page)} it"
        f" fails and pages. Well again when the endpoint answers without the headers for"
        f" {span(rules.withdrawn_after)}, or is not called for as long."
    )


def _response_schema(integration: Integration) -> str:
    return (
        "**Do the answers still have the fields of the accepted baseline?**\n\n"
        f"Up to {integration.calls.samples_per_minute} answers per endpoint and minute are looked"
        " at. A field that is lost or has another type fails for a critical endpoint and warns for"
        " others, a first null warns. Red until it is as it was, or accepted.\n\n"
        f"See it: `integration-monitor drift show {integration.name}/api`; it is right as it is"
        f" now: `integration-monitor drift accept {integration.name}/api --note WHY`"
    )


def _changelog(integration: Integration) -> str:
    partner = integration.partner
    if partner is None or partner.changelog is None:
        return (
            "**What does the partner say it changes?**\n\n"
            "No `changelog` is declared in the manifest: nothing is read."
        )
    return (
        "**What does the partner say it changes?**\n\n"
        f"Its feed is read every {span(partner.changelog_every)}. New entries that speak of"
        " deprecation, removal, breaking changes, sunset or authentication warn, until somebody"
        " acknowledges them or a week is over. A feed that cannot be read is `unknown`.\n\n"
        f"`integration-monitor changelog show {integration.name}`;"
        f" `integration-monitor changelog acknowledge {integration.name} --note WHAT`"
    )


def _share(share: float) -> str:
    return f"{share * 100:g} %"


def _budget(endpoint: Endpoint) -> str:
    limits = endpoint.latency
    named = {"p50": limits.p50, "p95": limits.p95, "p99": limits.p99}
    return ", ".join(
        f"{name} {limit.total_seconds() * 1000:g} ms" for name, limit in named.items() if limit
    )


RULES: Mapping[ApiSignal, Callable[[Integration], str]] = {
    "errors": _errors,
    "auth": _auth,
    "latency": _latency,
    "tenants": _tenants,
    "rate_limits": _rate_limits,
    "deprecation": _deprecation,
    "response_schema": _response_schema,
    "changelog": _changelog,
}
"""The description of each check, of an integration."""
