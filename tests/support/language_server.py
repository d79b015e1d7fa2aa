"""yaml-language-server driven as an editor drives it: the engine of most editors' YAML support."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class LanguageServer:
    """One server over a folder; files are opened as texts with `|` where the cursor stands."""

    def __init__(self, command: str, folder: Path) -> None:
        self.process = subprocess.Popen(
            [command, "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.folder = folder
        self.asked = self.opened = 0
        self.slips: dict[str, list[str]] = {}
        snippets = {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}}
        hover = {"contentFormat": ["markdown"]}
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": folder.as_uri(),
                "workspaceFolders": [{"uri": folder.as_uri(), "name": "policies"}],
                "capabilities": {"textDocument": {"completion": snippets, "hover": hover}},
            },
        )
        self.send({"method": "initialized", "params": {}})

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """The next message; what the server asks of an editor is answered with nothing."""
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline()) != b"\r\n":
            if not line:
                raise EOFError("the language server has ended")
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        if "method" in message and "id" in message:
            wanted = message.get("params", {}).get("items", [])
            self.send({"id": message["id"], "result": [None for _ in wanted] or None})
        if message.get("method") == "textDocument/publishDiagnostics":
            told = message["params"]
            self.slips[told["uri"]] = [slip["message"] for slip in told["diagnostics"]]
        return message

    def request(self, method: str, params: dict[str, Any]) -> Any:
        self.asked += 1
        self.send({"id": self.asked, "method": method, "params": params})
        while (message := self.receive()).get("id") != self.asked or "method" in message:
            pass
        return message["result"]

    def open(self, text: str) -> str:
        self.opened += 1
        uri = (self.folder / f"{self.opened}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return uri

    def _at_cursor(self, method: str, marked: str) -> Any:
        before = marked[: marked.index("|")]
        uri = self.open(marked.replace("|", "", 1))
        place = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        return self.request(method, {"textDocument": {"uri": uri}, "position": place})

    def complete(self, marked: str) -> dict[str, str]:
        """What is proposed at the cursor, and what is told of each."""
        found = self._at_cursor("textDocument/completion", marked)
        items = found["items"] if isinstance(found, dict) else found or []
        told = {}
        for item in items:
            says = item.get("documentation") or ""
            told[item["label"]] = says["value"] if isinstance(says, dict) else says
        return told

    def hover(self, marked: str) -> str:
        """What is told of what stands under the cursor."""
        found = self._at_cursor("textDocument/hover", marked)
        return "" if found is None else str(found["contents"]["value"])

    def find_slips(self, text: str) -> list[str]:
        """What is marked in a file."""
        uri = self.open(text)
        while uri not in self.slips:
            self.receive()
        return self.slips[uri]


@contextmanager
def serving(command: str, folder: Path) -> Iterator[LanguageServer]:
    """A server for the length of a test."""
    server = LanguageServer(command, folder)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.communicate()
