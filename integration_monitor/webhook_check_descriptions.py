"""What the checks of webhooks say of themselves: question, rule, what to do. Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from integration_monitor.manifest.webhooks import Webhooks
from integration_monitor.signals.webhook_facts import (
    DELIVERY_WINDOW,
    LASTING,
    NEW_FOR,
    REQUEST_WINDOW,
)
from integration_monitor.signals.webhooks import WebhookSignal
from integration_monitor.signals.wording import span


def _volume(webhooks: Webhooks) -> str:
    rules = webhooks.volume
    text = (
        "**Does the partner still send what it usually does, to every tenant?**\n\n"
        "Five weeks tell what is usual in each hour of the week, of each tenant and event type and"
        " of all together. It fails where so much was expected since the last event that silence"
        f" is no chance any more: {rules.alarms:g} false alarms per stream and 30 days are borne."
        " Silence of several tenants, or of everything, is a page. Time in which no receiver of"
        " ours ran does not count."
    )
    if rules.every is not None:
        text += (
            f" A stream that is new or rare may be silent for {span(rules.every + rules.grace)}."
        )
    if rules.drop:
        text += f" Less than {_share(rules.drop)} of what is usual fails, as a ticket."
    if webhooks.subscription is not None:
        text += (
            "\n\nThe partner is asked whether the subscription is enabled every"
            f" {span(webhooks.subscription.every)}; where it is not, it fails at once."
        )
    return text


def _ingestion_lag(webhooks: Webhooks) -> str:
    rules = webhooks.lag
    if webhooks.occurred_at is None:
        measured = (
            "`occurred_at` is not declared, so of events it is known only how long they wait here:"
            " p95 of processed - received"
        )
    else:
        measured = "p95 of received - occurred, and of processed - received"
    return (
        "**How late are events?**\n\n"
        f"{measured}, over {span(rules.window)}: fails above {span(rules.p95)} that lasts for"
        f" {span(rules.lasting)}, and until enough newer events were in time: where"
        " none come, that is no recovery. A replay is no delay. A partner's clock that is ahead"
        " makes it `unknown`."
    )


def _signatures(webhooks: Webhooks) -> str:
    return (
        "**Is what comes really from the partner?**\n\n"
        f"Requests of the last {span(REQUEST_WINDOW)}, at all and by connection: fails where more"
        f" than {_share(webhooks.rejected)} were rejected for {span(LASTING)}; a page where nothing"
        " is accepted any more, unless nobody even tried to sign."
        f" A reason that was never seen before warns for {span(NEW_FOR)}."
    )


def _delivery(webhooks: Webhooks) -> str:
    if not webhooks.sinks:
        return (
            "**Do events reach your systems?**\n\n"
            "No sink is declared: events are kept, and not handed on. Fails where less than"
            f" {_share(webhooks.delivered)} of those of {span(DELIVERY_WINDOW)} could be processed."
        )
    return (
        "**Do events reach your systems?**\n\n"
        f"To each of {', '.join(sorted(webhooks.sinks))}: fails where less than"
        f" {_share(webhooks.delivered)} of the events of {span(DELIVERY_WINDOW)} arrived; warns"
        " where the newest do again, or only one or two did not. What is tried again has not"
        " arrived. Events that cannot be processed count against all that were read. Those that"
        " were given up: `integration-monitor webhooks dead`"
    )


def _backlog(webhooks: Webhooks) -> str:
    return (
        "**Does anything wait to be processed?**\n\n"
        f"Fails where the oldest event has waited for more than {span(webhooks.backlog)}, warns"
        " from half of it on. Where no worker runs, nothing is processed: start one with"
        " `integration-monitor webhooks process`"
    )


def _share(share: float) -> str:
    return f"{share * 100:g} %"


RULES: Mapping[WebhookSignal, Callable[[Webhooks], str]] = {
    "volume": _volume,
    "ingestion_lag": _ingestion_lag,
    "signatures": _signatures,
    "delivery": _delivery,
    "backlog": _backlog,
}
"""The description of each check, of an integration's webhooks."""
