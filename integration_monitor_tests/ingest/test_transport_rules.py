"""What a manifest says of calls, in the transport."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from integration_monitor.ingest.transport import MonitoredTransport
from integration_monitor_tests.ingest.recording import MANIFEST, MemorySink, manifests, recorder

CONTACTS = "http://127.0.0.1/api/v1/contacts"


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


class Calls:
    """A client of a manifest and of a partner that always answers the same."""

    def __init__(self, tmp_path: Path, sink: MemorySink) -> None:
        self.recording = recorder(sink, tmp_path / "spill")
        self._directory = tmp_path / "manifests"

    def client(self, text: str, status: int, body: object, **headers: str) -> httpx.Client:
        inner = httpx.MockTransport(lambda _: httpx.Response(status, json=body, headers=headers))
        transport = MonitoredTransport(
            "crm", inner, manifests=manifests(self._directory, text), recorder=self.recording
        )
        return httpx.Client(transport=transport)


@pytest.fixture
def calls(tmp_path: Path, sink: MemorySink) -> Calls:
    return Calls(tmp_path, sink)


def test_the_key_of_a_record_that_could_not_be_written_is_kept(
    calls: Calls, sink: MemorySink
) -> None:
    text = MANIFEST.replace('contacts/{id}"}', 'contacts/{id}", record_key: "{id}"}')
    text = text.replace("{path: /v1/contacts}", "{path: /v1/contacts, record_key: contact.id}")
    with calls.client(text, 422, {}) as client:
        client.put(f"{CONTACTS}/c-17", json={"plan": "x"})
        client.get(f"{CONTACTS}/c-19")
        client.post(CONTACTS, json={"contact": {"id": 18}})
        client.post(CONTACTS, content=b"not json")
        client.post(CONTACTS, content=iter([b"streamed"]))
    calls.recording.flush(10)
    keys = sorted((one.endpoint, str(one.key)) for one in sink.exemplars)
    assert keys == [
        ("contact", "None"),
        ("contact", "c-17"),
        ("contacts", "18"),
        ("contacts", "None"),
        ("contacts", "None"),
    ]


def test_an_error_inside_a_success_is_one_where_the_manifest_says_so(
    calls: Calls, sink: MemorySink
) -> None:
    rule = "error_in_200: {path: errors, code: 'errors[0].code', classes: {SLOW: rate_limited}}"
    text = MANIFEST.replace("{path: /v1/contacts}", f"{{path: /v1/contacts, {rule}}}")
    body = {"errors": [{"code": "SLOW", "message": "easy"}]}
    with calls.client(text, 200, body) as client:
        for _ in range(20):
            assert client.get(CONTACTS).json() == body
    calls.recording.flush(10)
    assert sink.by("outcome") == {("rate_limited",): 20}
    assert {one.error_code for one in sink.exemplars} == {"SLOW"}
    assert not sink.batches[0].shapes


@pytest.mark.parametrize(("samples", "records"), [(0, None), (2, 2), (1000, 9)])
def test_as_many_answers_are_looked_at_as_the_manifest_says(
    calls: Calls, sink: MemorySink, samples: int, records: int | None
) -> None:
    text = f"{MANIFEST}calls: {{samples_per_minute: {samples}}}\n"
    with calls.client(text, 200, {"id": 1}) as client:
        for _ in range(9):
            client.get(CONTACTS)
    calls.recording.flush(10)
    shapes = sink.batches[0].shapes
    assert [one.shape.records for one in shapes] == ([records] if records else [])


def test_the_elements_of_a_list_are_its_records(calls: Calls, sink: MemorySink) -> None:
    with calls.client(MANIFEST, 200, [{"id": 1, "plan": "x"}, {"id": 2}]) as client:
        client.get(CONTACTS)
    calls.recording.flush(10)
    (one,) = sink.batches[0].shapes
    assert (one.shape.records, sorted(one.shape.fields)) == (2, ["id", "plan"])


def test_limits_are_passed_on_and_still_kept_as_the_partner_said_them(
    calls: Calls, sink: MemorySink
) -> None:
    text = f"{MANIFEST}calls: {{retry: {{rate_limited: pass_on}}, rate_limit_headers: github}}\n"
    said = {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "0", "retry-after": "7"}
    with calls.client(text, 429, {}, **said) as client:
        response = client.get(CONTACTS)
    assert {
        name: text for name, text in response.headers.items() if name.startswith("ratelimit")
    } == {"ratelimit-limit": "60", "ratelimit-remaining": "0", "ratelimit-reset": "7"}
    calls.recording.flush(10)
    limits = sink.batches[0].rate_limits
    assert [(one.limit, one.remaining) for one in limits] == [(60, 0)]


CONTINUED = """
import sys
from pathlib import Path
import httpx2
from integration_monitor.ingest.transport import MonitoredTransport
from integration_monitor_tests.ingest.recording import MemorySink, recorder

sink = MemorySink()
recording = recorder(sink, Path("spill"))

def answer(request):
    return httpx2.Response(200, stream=httpx2.ByteStream(b'{}'))

transport = MonitoredTransport(
    "crm", httpx2.MockTransport(answer), manifests="none", recorder=recording
)
with httpx2.Client(transport=transport) as client:
    assert client.get("http://127.0.0.1/").json() == {}
recording.flush(10)
assert sink.by("outcome") == {("ok",): 1}
"""


def test_a_library_that_continues_httpx_under_another_name(tmp_path: Path) -> None:
    package: Any = httpx
    shutil.copytree(Path(package.__file__).parent, tmp_path / "httpx2")
    for file in (tmp_path / "httpx2").glob("**/*.py"):
        text = file.read_text()
        file.write_text(text.replace("import httpx ", "import httpx2 "))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CONTINUED],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
