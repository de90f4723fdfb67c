"""Whether calls go well again after an alarm. Pure.

It takes less to keep an alarm than to raise it. Otherwise one that hovers around its limit, or a
window with few calls in it, would end an alarm whose cause is still there, and raise it again.
"""

from __future__ import annotations

from integration_monitor.manifest.calls import CallRules
from integration_monitor.signals.call_facts import EndpointCalls, EndpointLatency, TenantCalls
from integration_monitor.signals.call_outcome import AUTH
from integration_monitor.signals.call_rules import FEWEST

EASED = 0.75
"""The share of a limit below which an alarm ends."""
_LIKELY = FEWEST
"""So many failed calls are awaited before their absence says something: by chance they are all
absent once in twenty times."""


def endpoint_is_well(calls: EndpointCalls, told: float, rules: CallRules) -> bool:
    """Whether an endpoint of which this share failed works again.

    The newest stretch decides that has calls enough to show the fault, were it still there.
    """
    enough = min(float(rules.minimum), _LIKELY / told) if told > 0 else float(rules.minimum)
    stretches = (
        (calls.failed.newer, calls.calls.newer),
        (calls.failed.lasting, calls.calls.lasting),
        (calls.failed.window, calls.calls.window),
    )
    for failed, of in stretches:
        if of >= enough:
            return failed < EASED * min(rules.errors.warn, told) * of
    return False


def endpoint_is_fast(latency: EndpointLatency | None, quantile: str, ms: float, least: int) -> bool:
    """Whether a percentile that was over `ms` is below it again, however few the calls are.

    Percentiles of as many calls as are judged have been judged.
    """
    if latency is None:
        return True
    return latency.calls.window >= least or latency.quantiles.get(quantile, 0.0) < ms


def tenant_is_well(calls: TenantCalls, signal: str, rules: CallRules) -> bool:
    """Whether a tenant that was broken, or refused, works again.

    It does not where too few calls came to judge it, and they fail like those before.
    """
    if signal == "auth":
        refused, of = calls.of(AUTH).window, calls.of().window
        return of == 0 or of >= FEWEST or refused < of
    for endpoint in calls.endpoints:
        failed, of = calls.failed(endpoint).window, calls.of(endpoint=endpoint).window
        if 0 < of < max(rules.tenants.minimum, FEWEST) and failed >= rules.tenants.fail * of:
            return False
    return True
