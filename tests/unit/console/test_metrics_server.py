"""The server of metrics: what it answers, and where it listens."""

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from prometheus_client.parser import text_string_to_metric_families

from console.metrics_command import make_metrics_server, read_address
from ledger.database import open_database


@pytest.fixture
def port(sqlite_template: Path, tmp_path: Path) -> Iterator[int]:
    """A server over a migrated database in a file of its own."""
    file = tmp_path / "zhida.db"
    file.write_bytes(sqlite_template.read_bytes())
    engine = open_database(f"sqlite:///{file}")
    with make_metrics_server(engine, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()
    engine.dispose()


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers["Content-Type"]
    finally:
        connection.close()


def test_metrics_are_served_anew_for_each_question(port: int) -> None:
    for _ in range(2):
        status, text, kind = ask(port, "/metrics")
        assert status == 200
        assert kind.startswith("text/plain; version=")
        names = {family.name for family in text_string_to_metric_families(text)}
        assert "zhida_journal_entries_unsealed" in names


def test_nothing_else_is_told(port: int) -> None:
    assert ask(port, "/etc/passwd")[0] == 404
    assert ask(port, "/metrics", "POST")[0] == 405
    assert ask(port, "/metrics", "HEAD")[1] == ""


def test_a_database_that_cannot_be_read_is_no_traceback(
    tmp_path: Path, port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "zhida.db").write_text("this is no database", encoding="utf-8")
    status, text, _ = ask(port, "/metrics")
    assert (status, text) == (503, "the database cannot be read\n")
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "address"),
    [("9464", ("127.0.0.1", 9464)), (":9464", ("127.0.0.1", 9464)),
     ("0.0.0.0:80", ("0.0.0.0", 80)), ("[::1]:9464", ("::1", 9464))],
)  # fmt: skip
def test_without_a_host_it_is_this_machine_alone(text: str, address: tuple[str, int]) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize("text", ["", "host", "host:", "1:x", "1:65536", "1:-1", "1:９４６４"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"127\.0\.0\.1:9464"):
        read_address(text)
