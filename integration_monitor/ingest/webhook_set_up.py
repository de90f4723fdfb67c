"""What of webhooks cannot work with the values that the environment has now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from integration_monitor.ingest.processing.lane import open_sink
from integration_monitor.ingest.processing.sink import SinkUnusable
from integration_monitor.ingest.signature import SchemeError, SecretError, Verifier, load_scheme
from integration_monitor.manifest.domain import Fleet, ManifestError, Reference
from integration_monitor.manifest.webhooks import HttpSink, Sink, Webhooks
from integration_monitor.manifest.yaml_document import Path, parse_yaml

_SECRET: Path = ("webhooks", "secret")


def unusable(fleet: Fleet, environ: Mapping[str, str]) -> tuple[ManifestError, ...]:
    """Secrets that cannot be keys, and sinks that cannot be opened; never with a value.

    References that are not set are left out: those are mistakes of their own. Connects nowhere.
    """
    found = []
    for integration in fleet.integrations:
        if integration.webhooks is None:
            continue
        document = parse_yaml(fleet.texts[integration.file])
        for path, message in _of(integration.webhooks, environ):
            found.append(ManifestError(integration.file, *document.position(path), message))
    return tuple(sorted(found))


def _of(webhooks: Webhooks, environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    for index, secret in enumerate(webhooks.secrets):
        why = _why_no_key(webhooks, secret, environ)
        if why is not None:
            path = (*_SECRET, index) if len(webhooks.secrets) > 1 else _SECRET
            yield path, f"{secret.env}: {why}; webhooks are answered 503"
    for name, sink in webhooks.sinks.items():
        why = _why_not_open(sink, environ)
        if why is not None:
            yield ("webhooks", "sinks", name), f"`{name}`: {why}; events wait for this sink"


def _why_no_key(webhooks: Webhooks, secret: Reference, environ: Mapping[str, str]) -> str | None:
    value = environ.get(secret.env)
    if not value:
        return None
    try:
        Verifier(load_scheme(webhooks.signature), [value])
    except (SchemeError, SecretError) as error:
        return str(error)
    return None


def _why_not_open(sink: Sink, environ: Mapping[str, str]) -> str | None:
    references = [sink.url, sink.secret] if isinstance(sink, HttpSink) else [sink.url]
    if not all(environ.get(one.env) for one in references if isinstance(one, Reference)):
        return None
    try:
        open_sink(sink, environ).close()
    except SinkUnusable as error:
        return str(error)
    return None
