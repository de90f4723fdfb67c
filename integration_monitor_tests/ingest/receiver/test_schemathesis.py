"""Requests that a stranger makes up from the OpenAPI document: no answer is an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from integration_monitor.store.engine import Store
from integration_monitor_tests.ingest.receiver.webhook_examples import (
    FLEET,
    Receiver,
    receiver,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def running(store: Store) -> Iterator[Receiver]:
    with receiver(store) as one:
        yield one


def test_what_strangers_make_up(running: Receiver) -> None:
    url = str(running.http.base_url).rstrip("/")
    schema = schemathesis.openapi.from_dict(running.http.get("/openapi.json").json())
    operations = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    described = {operation.label for operation in operations}
    assert {"POST /webhooks/{integration}", "GET /webhooks/{integration}/{tenant}"} <= described
    # One has another status for what is rejected, which the document cannot know; two lack a
    # secret of ours, and are rightly answered 503.
    names = st.sampled_from(sorted(set(FLEET) - {"chat", "unset", "unkeyed"}))
    for operation in operations:

        @settings(
            max_examples=40,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), name=names)
        def hold(case: Any, name: str) -> None:
            if "integration" in case.path_parameters:
                case.path_parameters["integration"] = name
            # Which partner has a handshake is said by the manifests, not by the document.
            case.call_and_validate(base_url=url, excluded_checks=[positive_data_acceptance])

        hold()
    assert running.rows("webhook_events") == []
