"""What is particular about Salesforce: sessions by org, and a destination that can be listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from integration_monitor_tests.integrations import salesforce
from integration_monitor_tests.integrations.case import Changed
from integration_monitor_tests.integrations.conftest import Run
from integration_monitor_tests.integrations.server import Request, Response


class _Forgetful(salesforce.Salesforce):
    """Ends all sessions once, after two answers to queries."""

    answered = 0

    def answer(self, request: Request) -> Response:
        response = super().answer(request)
        if request.method == "GET":
            self.answered += 1
            if self.answered == 2:
                self.tokens.clear()
        return response


def test_one_session_is_opened_for_each_org(run: Run) -> None:
    case = run(salesforce.OPPORTUNITIES)
    case.fill(2)
    assert case.measure().verdicts[0].status == "ok"
    asked = [request.headers["authorization"] for request in case.api.asked(salesforce.TOKEN)]
    assert len(asked) == len(set(asked)) == len(salesforce.CLIENTS)


def test_a_session_that_ends_between_two_pages_is_opened_anew(run: Run) -> None:
    case = run(replace(salesforce.OPPORTUNITIES, api=_Forgetful))
    filled = len(case.fill(3 * salesforce.BATCH))
    measured = case.measure()
    assert measured.verdicts[0].status == "ok", measured.verdicts[0].reason
    assert measured.source["read"] == filled
    assert case.api.refused != []


def test_a_wrong_secret_is_told_without_the_secret(run: Run) -> None:
    case = run(salesforce.OPPORTUNITIES)
    case.environ["SALESFORCE_EMEA_CLIENT_SECRET"] = "hunter2"
    verdict = case.measure().verdicts[0]
    assert (verdict.status, verdict.blind) == ("unknown", ("emea",))
    assert "hunter2" not in repr(verdict)


def test_an_account_that_only_salesforce_has_is_an_extra(run: Run) -> None:
    case = run(salesforce.ACCOUNTS)
    case.fill(2)
    only_there = Changed("900", case.source_now() - timedelta(minutes=5), "amer")
    case.arrive(only_there)
    case.measure()
    case.clock.pass_(minutes=31)
    assert (case.measure().verdicts[0].status, case.gaps()) == ("warn", {only_there.gap("extra")})


def test_accounts_that_are_not_to_be_synced_are_not_owed(run: Run) -> None:
    case = run(salesforce.ACCOUNTS)
    case.at_source(Changed("1", case.clock() - timedelta(hours=1), "emea"))
    with case.connect() as connection:
        connection.execute("update accounts set plan = 'internal'")
    assert case.measure().source["read"] == 0
