"""What the checks share: a scripted origin, the daemon as a process, its feed read back.

Python's standard library only. A check ends at the first sentence that does not hold, with the tail of
the daemon's log; figures are printed as `figure: NAME = VALUE`, which `run` gathers.
"""

import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

ATOM = "{http://www.w3.org/2005/Atom}"
STOP_SECONDS_MAX = 10
LOG_LINES_SHOWN = 30

_daemons = []


class Failed(Exception):
    """A sentence that does not hold."""


def expect(holds, sentence, detail=""):
    if not holds:
        raise Failed(sentence + (f"\n    {detail}" if detail else ""))
    print(f"  ok  {sentence}", flush=True)


def figure(name, value):
    print(f"figure: {name} = {value}", flush=True)


def until(seconds, what, question):
    """Asks again until the answer is true; it is given back."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def main(check, usage):
    """Runs `check(binary, folder, arguments)` in a folder that goes with it."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(f"usage: {usage}", file=sys.stderr)
        sys.exit(2)
    binary = os.path.abspath(sys.argv[1])
    folder = tempfile.mkdtemp(prefix="langbao-ci-")
    try:
        check(binary, folder, sys.argv[2:])
    except Failed as failed:
        print(f"  NOT {failed}", file=sys.stderr, flush=True)
        for daemon in _daemons:
            daemon.print_log_tail()
        sys.exit(1)
    finally:
        for daemon in _daemons:
            daemon.end()
        shutil.rmtree(folder, ignore_errors=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url, headers=None, timeout=30):
    """Status, headers in lower case, body; also of a refusal."""
    request = urllib.request.Request(url, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, lower(answer.headers), answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, lower(refusal.headers), refusal.read()


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}


class Origin:
    """A web server on loopback. `answer(path, headers)` gives status, headers and body."""

    def __init__(self, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                status, headers, body = answer(self.path, lower(self.headers))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET" and status != 304:
                    self.wfile.write(body)

            do_HEAD = do_GET

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:
                    pass  # the daemon was killed while it read

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512

        self.server = Server(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Daemon:
    """`langbao run` with a configuration, its log beside it."""

    def __init__(self, binary, folder, port, config, arguments=()):
        self.binary = binary
        self.config = os.path.join(folder, "feeds.toml")
        self.log = os.path.join(folder, "daemon.log")
        self.base = f"http://127.0.0.1:{port}"
        self.arguments = list(arguments)
        self.process = None
        self.write_config(config)
        _daemons.append(self)

    def write_config(self, text):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "run", "--config", self.config, *self.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )

    def serves(self, path="/healthz", timeout=10):
        if self.process.poll() is not None:
            raise Failed(f"the daemon goes on: it ended with status {self.process.returncode}")
        try:
            return get(self.base + path, timeout=timeout)[0] == 200
        except OSError:
            return False

    def wait_for(self, path="/healthz", seconds=60):
        until(seconds, f"{path} answers 200", lambda: self.serves(path))

    def stop(self):
        """SIGTERM; the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            raise Failed(f"SIGTERM ends the daemon within {STOP_SECONDS_MAX} s") from None
        if status != 0:
            raise Failed(f"SIGTERM ends the daemon with status 0, not {status}")
        return time.monotonic() - began

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def command(self, *arguments, timeout=300):
        return subprocess.run(
            [self.binary, *arguments, "--config", self.config],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
        )

    def status(self):
        return json.loads(get(self.base + "/status.json")[2])

    def rss_peak_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        raise Failed("the kernel tells the peak of memory")

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def print_log_tail(self):
        lines = self.log_text().splitlines()[-LOG_LINES_SHOWN:]
        print(f"  the log's last {len(lines)} lines:", file=sys.stderr)
        for line in lines:
            print("    " + line[:400], file=sys.stderr)


class Story:
    """An entry of a feed."""

    def __init__(self, entry):
        self.id = entry.findtext(ATOM + "id")
        self.title = entry.findtext(ATOM + "title") or ""
        self.alternate = None
        self.related = []
        for link in entry.findall(ATOM + "link"):
            relation = link.get("rel", "alternate")
            if relation == "alternate":
                self.alternate = link.get("href")
            elif relation == "related":
                self.related.append(link.get("href"))
        self.categories = [
            ((one.get("scheme") or "").rstrip("/").rsplit("/", 1)[-1], one.get("term"))
            for one in entry.findall(ATOM + "category")
        ]

    def links(self):
        return ([self.alternate] if self.alternate else []) + self.related


def pages(url):
    """Every page of a feed, over rel=next; their bytes."""
    seen = set()
    while url:
        if url in seen:
            raise Failed(f"rel=next leads on, not back to {url}")
        seen.add(url)
        status, _, body = get(url)
        if status != 200:
            raise Failed(f"{url} answers 200, not {status}")
        yield body
        following = [
            link.get("href")
            for link in ElementTree.fromstring(body).findall(ATOM + "link")
            if link.get("rel") == "next"
        ]
        url = urllib.parse.urljoin(url, following[0]) if following else None


def stories(url):
    """The stories of a feed, all pages."""
    return [
        Story(entry)
        for body in pages(url)
        for entry in ElementTree.fromstring(body).findall(ATOM + "entry")
    ]
