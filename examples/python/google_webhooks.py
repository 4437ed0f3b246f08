"""Google's notifications, taken by a web server of the standard library.

    GMAIL_PUSH='{"topic": ..., "subscription": ..., "audience": ..., "service_account": ...}' \
    GOOGLE_CLIENT_ID=... GOOGLE_CLIENT_SECRET=... GOOGLE_REDIRECT_URI=... TOKEN_KEY=... \
    python google_webhooks.py ./workspace [port]

Google posts to /gmail/notify, /drive/notify and /calendar/notify. A notification only says that
something is new; a worker, here a thread, fetches it. Behind any other framework it is the same
call: `ws.google.gmail.notify(request.headers, body)`.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import besunny

LONGEST_BODY = 1_000_000


def google_from_environment() -> besunny.GoogleOptions:
    push = os.environ.get("GMAIL_PUSH")
    return besunny.GoogleOptions(
        client_id=os.environ["GOOGLE_CLIENT_ID"],
        client_secret=os.environ["GOOGLE_CLIENT_SECRET"],
        redirect_uri=os.environ["GOOGLE_REDIRECT_URI"],
        token_keys={"k1": os.environ["TOKEN_KEY"]},
        endpoints=os.environ.get("GOOGLE_ENDPOINTS"),
        push=json.loads(push) if push else None,
        webhook_address=os.environ.get("WEBHOOK_ADDRESS"),
    )


def handler(ws: besunny.Workspace) -> type[BaseHTTPRequestHandler]:
    places = {
        "/gmail/notify": ws.google.gmail,
        "/drive/notify": ws.google.drive,
        "/calendar/notify": ws.google.calendar,
    }

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            webhooks = places.get(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            if webhooks is None or not 0 <= length <= LONGEST_BODY:
                self.send_error(404 if webhooks is None else 413)
                return
            outcome = webhooks.notify(self.headers, self.rfile.read(length))
            body = outcome.text.encode()
            self.send_response(outcome.status)
            self.send_header("Content-Type", outcome.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def main(folder: str, port: int = 8080) -> None:
    with besunny.Workspace.open(folder, google=google_from_environment()) as ws:
        ws.google.start()
        stop = besunny.CancelToken()
        worker = threading.Thread(target=lambda: ws.jobs.work(stop=stop))
        worker.start()
        server = ThreadingHTTPServer(("127.0.0.1", port), handler(ws))
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            stop.cancel()
            worker.join()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
