"""What the references and templates of a manifest stand for, for one connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from integration_monitor.manifest.domain import Reference
from integration_monitor.observe.reading import resolve
from integration_monitor.observe.side import ReadError
from integration_monitor.observe.templates import Values, fill_text


@dataclass(frozen=True)
class Credentials:
    """The credentials of one tenant. Its texts raise `ReadError` of kind `config`."""

    tenant: str
    connection: Mapping[str, str] = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)

    @property
    def values(self) -> Values:
        """For templates."""
        return Values(connection={"tenant": self.tenant, **self.connection})

    def text(self, value: str | Reference, name: str) -> str:
        """A text with its credentials, without the line end that files and variables may have.

        `name` is the key of `auth`, for messages.
        """
        if isinstance(value, Reference):
            found = resolve(value, self.environ)
        else:
            found = fill_text(value, self.values)
        found = found.strip("\r\n")
        if not found:
            raise ReadError("config", f"`{name}` of `auth` is empty")
        return found

    def token(self, value: str | Reference, name: str) -> str:
        """As `text`, without any space around it."""
        found = self.text(value, name).strip()
        if not found:
            raise ReadError("config", f"`{name}` of `auth` is empty")
        return found
