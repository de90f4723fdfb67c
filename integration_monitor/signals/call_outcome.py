"""How a call to a partner ended: the normalized taxonomy, and what each class asks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from integration_monitor.manifest.calls import CallOutcome
from integration_monitor.manifest.calls import ErrorClass as ErrorClass

Outcome = CallOutcome
Fault = Literal["partner", "ours", "customer", "nobody", "unclear"]


@dataclass(frozen=True)
class ClassOfError:
    """What is known of a class whoever the partner is."""

    fault: Fault
    means: str
    """What happened, for a sentence: `the partner …`."""
    next_move: str
    """What to do, in the imperative."""
    is_failure: bool = True
    """Whether it counts as an error of the endpoint; a conflict or a missing record does not."""


ERROR_CLASSES: Mapping[ErrorClass, ClassOfError] = {
    "network": ClassOfError(
        "partner", "the partner cannot be reached", "back off; see whether others are reached"
    ),
    "timeout": ClassOfError(
        "partner", "the partner does not answer in time", "ask for smaller pages; mind the timeout"
    ),
    "rate_limited": ClassOfError(
        "ours", "we ask more often than the limit allows", "pace the calls, wait for the reset"
    ),
    "quota_exhausted": ClassOfError(
        "customer", "the quota is used up", "go on after the reset, or buy more"
    ),
    "auth_expired": ClassOfError(
        "unclear", "the token is no longer accepted", "refresh it; if that fails, authorize anew"
    ),
    "needs_reauth": ClassOfError(
        "customer", "the authorization was revoked", "send the customer the link to authorize anew"
    ),
    "scope_missing": ClassOfError(
        "customer", "a scope is missing", "ask the customer's admin to grant it"
    ),
    "permission": ClassOfError(
        "customer", "the account may not do this", "check its role and its plan"
    ),
    "our_config": ClassOfError(
        "ours", "our client or address is wrong", "check the client's credentials and the base URL"
    ),
    "bad_request": ClassOfError(
        "ours",
        "the partner tightened validation or our payload changed",
        "compare the payload with the schema and the mapping",
    ),
    "not_found": ClassOfError(
        "unclear", "it is not there", "check the version of the API", is_failure=False
    ),
    "conflict": ClassOfError("nobody", "somebody else changed it", "try again", is_failure=False),
    "server": ClassOfError(
        "partner", "the partner fails", "back off; see the partner's status page"
    ),
    "bad_response": ClassOfError(
        "partner", "the answer is not what it says it is", "look at the sample; tell the partner"
    ),
}
"""Faults and next moves by class."""

_UNHEARD_OF = ClassOfError("unclear", "it failed in an unknown way", "look at the failing calls")
HARMLESS: tuple[str, ...] = (
    "ok", *(name for name, known in ERROR_CLASSES.items() if not known.is_failure),
)  # fmt: skip
"""Outcomes that do not count against the endpoint: there was an answer to use."""

AUTH: tuple[ErrorClass, ...] = (
    "auth_expired", "needs_reauth", "scope_missing", "permission", "our_config",
)  # fmt: skip
"""Errors of who asks: another answer needs another token, account or client."""


def class_of(outcome: str) -> ClassOfError:
    """What is known of an error's class, also of one that nobody heard of."""
    return ERROR_CLASSES.get(outcome, _UNHEARD_OF)  # type: ignore[call-overload, no-any-return]


def is_failure(outcome: str) -> bool:
    """Whether an outcome counts against the endpoint; one that nobody heard of does."""
    return outcome not in HARMLESS
