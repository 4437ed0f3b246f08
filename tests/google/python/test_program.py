"""The program as it runs by default: with the machine's clock, and posting pushes."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from conftest import ANA, PROGRAM, Fake


def test_pushes_are_posted() -> None:
    got: queue.Queue[dict[str, str]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            got.put({name.lower(): value for name, value in self.headers.items()})
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    program = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert program.stdout and program.stdin
    with program:
        fake = Fake(json.loads(program.stdout.readline()))
        fake.control("accounts.add", email=ANA)
        calendar = fake.service("calendar.v3", fake.credentials(ANA, "https://www.googleapis.com/auth/calendar"))
        address = f"http://127.0.0.1:{server.server_port}/"
        calendar.events().watch(
            calendarId="primary", body={"id": "c", "type": "web_hook", "address": address, "token": "t"}
        ).execute()
        calendar.events().insert(
            calendarId="primary", body={"start": {"date": "2026-07-01"}, "end": {"date": "2026-07-02"}}
        ).execute()
        states = [got.get(timeout=10)["x-goog-resource-state"] for _ in range(2)]
        assert sorted(states) == ["exists", "sync"]
        program.stdin.close()
        assert program.wait(10) == 0
    server.shutdown()
    server.server_close()
