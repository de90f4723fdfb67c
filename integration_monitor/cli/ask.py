"""Questions with proposals; without a person there, the proposals and the flags must do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import typer

from integration_monitor.cli.context import fail, progress

Check = Callable[[str], str | None]
"""What is wrong with an answer, None where nothing is."""


def _anything(answer: str) -> None:
    """Nothing is wrong with it."""


@dataclass(frozen=True)
class Ask:
    """Asks a person, or takes what was given and what is proposed."""

    yes: bool
    """Take every proposal and ask nothing."""

    def value(
        self,
        label: str,
        flag: str,
        *,
        given: str | None = None,
        proposed: str | None = None,
        check: Check = _anything,
    ) -> str:
        """A text that must be there. A person with a wrong answer is asked again.

        Ends the program where nobody says it, and for a flag that `check` complains of.
        """
        if given is None and not self.yes:
            return _asked(label, proposed, check)
        answer = given if given is not None else proposed
        if answer is None:
            fail(f"{label}? Give {flag}, or leave --yes out to be asked")
        wrong = check(answer)
        if wrong is not None:
            fail(wrong)
        return answer

    def maybe(
        self, label: str, *, given: str | None = None, proposed: str | None = None
    ) -> str | None:
        """A text that may be left out, by answering `-`."""
        if given is not None:
            return None if given == "-" else given
        if self.yes:
            return proposed
        answer: str = typer.prompt(f"{label} (- for none)", default=proposed or "-")
        return None if answer == "-" else answer

    def choice(self, label: str, flag: str, among: Sequence[str], given: str | None) -> str:
        """One of a few words."""

        def wrong(answer: str) -> str | None:
            there = ", ".join(among)
            return None if answer in among else f"{flag} {answer}: it is one of {there}"

        return self.value(f"{label} ({', '.join(among)})", flag, given=given, check=wrong)


def _asked(label: str, proposed: str | None, check: Check) -> str:
    while True:
        answer: str = typer.prompt(label, default=proposed)
        wrong = check(answer)
        if wrong is None:
            return answer
        progress(wrong)
