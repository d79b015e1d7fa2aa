"""The command `metrics`: what Prometheus reads, once or as a server."""

import ipaddress
import logging
import socket
import sys
from collections.abc import Callable, Iterable
from typing import Annotated, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import typer
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from console import show
from console.command import settings_of
from console.events import say_event
from console.metrics import expose_metrics
from console.wiring import opened_database
from ledger.errors import LedgerError

LOG = logging.getLogger("zhida.metrics")
LOCAL = "127.0.0.1"
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def tell_metrics(
    context: typer.Context,
    listen: Annotated[
        str | None,
        typer.Option(help="Serve them at HOST:PORT, or at PORT of this machine alone."),
    ] = None,
) -> None:
    """Metrics in Prometheus' text format: runs, policies, awards, the journal, deliveries."""
    settings = settings_of(context)
    with opened_database(settings) as engine:
        if listen is None:
            sys.stdout.write(expose_metrics(engine).decode())
            return
        host, port = read_address(listen)
        with make_metrics_server(engine, host, port) as server:
            show.err.print(f"metrics: http://{host}:{server.server_port}/metrics (Ctrl-C ends it)")
            say_event(LOG, "listening", host=host, port=server.server_port)
            server.serve_forever()


def read_address(text: str) -> tuple[str, int]:
    """`HOST:PORT`, `:PORT` or `PORT`; without a host this machine alone. [::1]:9100 for IPv6."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or LOCAL
    if not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise typer.BadParameter(f'"{text}" is no address to listen at: write 127.0.0.1:9464')
    return host, int(port)


def make_metrics_server(engine: Engine, host: str, port: int) -> WSGIServer:
    """A server that answers /metrics; `port` 0 takes a free one. One question at a time."""
    return make_server(host, port, serve_metrics(engine), _server_class(host), _Quiet)


def serve_metrics(engine: Engine) -> Application:
    """The application: GET /metrics, read anew for each question; nothing else is told."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") not in ("/", "/metrics"):
            return _say(start, "404 Not Found", b"nothing here: /metrics\n")
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return _say(start, "405 Method Not Allowed", b"only GET\n")
        try:
            body = expose_metrics(engine)
        except (SQLAlchemyError, LedgerError) as error:
            # what is wrong is for the log, not for whoever asks
            say_event(LOG, "database refused", error=type(error).__name__)
            return _say(start, "503 Service Unavailable", b"the database cannot be read\n")
        return _say(start, "200 OK", body, CONTENT_TYPE_LATEST)

    return answer


def _say(
    start: Callable[..., Any], status: str, body: bytes, kind: str = "text/plain; charset=utf-8"
) -> Iterable[bytes]:
    start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


class _Quiet(WSGIRequestHandler):
    """Writes no line for each question; one that says nothing is given up."""

    timeout = 10

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _server_class(host: str) -> type[WSGIServer]:
    try:
        is_six = ipaddress.ip_address(host).version == 6
    except ValueError:
        return WSGIServer
    return _OverSix if is_six else WSGIServer


class _OverSix(WSGIServer):
    address_family = socket.AF_INET6
