"""How soon a silent stream is told, and how often in vain, beside plain Poisson and fixed gaps.

Rules are trained on five weeks and tried on the week after, then moved on by a week. Streams are
made ones (every event by itself, or in clusters and on busy days) and departures of 2013.
`--later 1` begins a week later: the first week that is tried is otherwise that of a snow storm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.flat_line_protocol import Outcome, Rule, compare
from benchmarks.flat_line_streams import EventStream, departures, synthetic
from benchmarks.measuring import Row, options, show

PLAIN, OURS, SUM, FIVE_PERCENT = "plain Poisson", "ours", "ours, as a sum", "tail of 5 %"
RULES = [
    *(
        Rule(f"{name} {alarms}", alarms, tail)
        for alarms in (0.1, 1.0)
        for name, tail in ((PLAIN, "none"), (OURS, "hours"), (SUM, "sum"), (FIVE_PERCENT, "5 %"))
    ),
    *(Rule(f"gap of {hours} h", gap_h=hours) for hours in (1, 2, 12)),
]


def main() -> None:
    """Try all rules on all streams."""
    chosen = options(__doc__, weeks=30, later=0)
    sets: Mapping[str, Sequence[EventStream]] = {
        "plain, 30 streams": synthetic(chosen.weeks, bursty=False),
        "bursty, 30 streams": synthetic(chosen.weeks, bursty=True),
        "departures, 27 streams": departures(pooled=False),
        "departures, with holidays": departures(pooled=False, holidays="US"),
        "departures, as one stream": departures(pooled=True),
    }
    show(
        [
            _row(name, rule, of)
            for name, each in sets.items()
            for rule, of in _tried(each, chosen.later)
        ],
        as_json=chosen.json,
    )


def _tried(streams: Sequence[EventStream], later: int) -> Sequence[tuple[str, Outcome]]:
    return list(compare(streams, RULES, later=later).items())


def _row(streams: str, rule: str, outcome: Outcome) -> Row:
    return {
        "streams": streams,
        "rule": rule,
        "stream-months": round(outcome.months),
        "false alarms": outcome.false_alarms,
        "a stream-month": f"{outcome.false_a_month:.3f}",
        "median delay, min": round(outcome.delay),
    }


if __name__ == "__main__":
    main()
