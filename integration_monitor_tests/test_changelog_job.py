"""The job that reads changelogs, and when its schedule launches it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import dagster as dg
import pytest

from integration_monitor.builder import build_integration_monitor_defs
from integration_monitor.changelog_job import NAME
from integration_monitor.manifest.domain import Fleet, Partner
from integration_monitor.resources import STORE, StoreResource
from integration_monitor_tests.observe.feeds import FeedServer, item, rss, serving
from integration_monitor_tests.plugin import StoreIsAway, a_fleet, an_integration, store_resource


@pytest.fixture
def resource(store_url: str) -> Iterator[StoreResource]:
    """The resource on a real, empty store."""
    with store_resource(store_url) as opened:
        yield opened


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serving() as started:
        started.body = rss(item("Faster lists"))
        yield started


def fleet_of(server: FeedServer) -> Fleet:
    partner = Partner("https://api.example.com", changelog=server.url)
    hubspot = replace(an_integration("hubspot"), partner=partner)
    return a_fleet(hubspot, replace(hubspot, name="stripe"), an_integration("shop"))


def due(defs: dg.Definitions, resource: StoreResource) -> dg.RunRequest | str:
    """What the schedule decides now."""
    schedule = defs.resolve_schedule_def(NAME)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance=instance, resources={STORE: resource})
        tick = schedule.evaluate_tick(context)
    return tick.run_requests[0] if tick.run_requests else str(tick.skip_message)


def test_a_run_reads_what_is_due_and_then_nothing_is(
    server: FeedServer, resource: StoreResource
) -> None:
    defs = build_integration_monitor_defs(manifests=fleet_of(server), store=resource)
    request = due(defs, resource)
    assert isinstance(request, dg.RunRequest)
    job = defs.resolve_job_def(NAME)
    assert job.execute_in_process(run_config=request.run_config).success
    assert len(server.asked) == 2
    assert due(defs, resource) == "no changelog is due"
    # By hand it reads them whether they are due or not.
    assert job.execute_in_process().success
    assert len(server.asked) == 4


def test_a_feed_that_fails_does_not_fail_the_run(
    server: FeedServer, resource: StoreResource
) -> None:
    server.status = 500
    defs = build_integration_monitor_defs(manifests=fleet_of(server), store=resource)
    result = defs.resolve_job_def(NAME).execute_in_process()
    assert result.success
    [event] = [e for e in result.all_events if e.is_successful_output]
    metadata = event.step_output_data.metadata
    assert (metadata["feeds"].value, metadata["unread"].value) == (2, 2)


def test_a_store_that_is_away_is_said(server: FeedServer) -> None:
    away = StoreIsAway()
    defs = build_integration_monitor_defs(manifests=fleet_of(server), store=away)
    assert "the store does not answer" in str(due(defs, away))
    result = defs.resolve_job_def(NAME).execute_in_process(raise_on_error=False)
    assert not result.success
    assert server.asked == []


def test_without_a_changelog_there_is_no_job() -> None:
    defs = build_integration_monitor_defs(manifests=a_fleet())
    assert NAME not in {schedule.name for schedule in defs.schedules or ()}
