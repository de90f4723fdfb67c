"""Questions with proposals; without a person there, the proposals and the flags must do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import typer

from integration_monitor.cli.context import fail


@dataclass(frozen=True)
class Ask:
    """Asks a person, or takes what was given and what is proposed."""

    yes: bool
    """Take every proposal and ask nothing."""

    def value(
        self, label: str, flag: str, *, given: str | None = None, proposed: str | None = None
    ) -> str:
        """A text that must be there. Ends the program where nobody says it."""
        if given is not None:
            return given
        if not self.yes:
            answer: str = typer.prompt(label, default=proposed)
            return answer
        if proposed is None:
            fail(f"{label}? Give {flag}, or leave --yes out to be asked")
        return proposed

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
        """One of a few words. Ends the program for another one."""
        answer = self.value(f"{label} ({', '.join(among)})", flag, given=given)
        if answer not in among:
            fail(f"{flag} {answer}: it is one of {', '.join(among)}")
        return answer
