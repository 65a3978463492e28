"""The main job on real input: feeds of the wild, polled, stored and republished by the release binary.

    corpus.py BINARY CORPUS

Serves the corpus's real-world and Vietnamese files on loopback, reads the merged feed on every page, holds
each page against RFC 4287, starts again on the same store (same ids, same bytes) and polls again (all 304).
"""

import collections
import hashlib
import json
import os
import subprocess
import threading
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree

from support import ATOM, Daemon, Origin, expect, figure, free_port, main, pages

KINDS = ("real-world", "vietnamese")
READY_SECONDS_MAX = 300


class Shelf:
    """The corpus's files behind entity tags; counts what was asked."""

    def __init__(self, corpus, records):
        self.files = {"/" + urllib.parse.quote(record["file"]): record for record in records}
        self.corpus = corpus
        self.lock = threading.Lock()
        self.whole = collections.Counter()
        self.unchanged = collections.Counter()

    def answer(self, path, headers):
        record = self.files.get(path)
        if record is None:
            return 404, {}, b""
        tag = f'"{record["sha256"][:32]}"'
        asked_before = headers.get("if-none-match") == tag
        with self.lock:
            (self.unchanged if asked_before else self.whole)[path] += 1
        if asked_before:
            return 304, {"ETag": tag}, b""
        with open(os.path.join(self.corpus, record["file"]), "rb") as file:
            body = file.read()
        return 200, {"Content-Type": record["content_type"], "ETag": tag}, body

    def forget(self):
        with self.lock:
            self.whole.clear()
            self.unchanged.clear()


def configuration(port, folder, sources):
    blocks = "".join(f'\n[[source]]\nid = "{id}"\nurl = "{url}"\n' for id, url in sources)
    return f"""[server]
listen = ["127.0.0.1:{port}"]
base_url = "http://127.0.0.1:{port}/"
admin_socket = "{folder}/admin.sock"

[store]
path = "{folder}/data"
retention = "36500d"

[fetch]
allow_private = ["127.0.0.0/8"]
per_host = 64
host_interval = "0s"
{blocks}"""


def feedparser_entries(shelf):
    """What feedparser counts in the files; none where it is not installed."""
    try:
        import feedparser
    except ImportError:
        return None
    count = 0
    for record in shelf.files.values():
        with open(os.path.join(shelf.corpus, record["file"]), "rb") as file:
            headers = {"content-type": record["content_type"]}
            count += len(feedparser.parse(file.read(), response_headers=headers).entries)
    return count


def valid(feed, folder, schema):
    paths = []
    for number, body in enumerate(feed):
        paths.append(os.path.join(folder, f"page-{number}.atom"))
        with open(paths[-1], "wb") as file:
            file.write(body)
    answer = subprocess.run(
        ["xmllint", "--noout", "--relaxng", schema, *paths], capture_output=True, text=True, check=False
    )
    wrong = [line for line in answer.stderr.splitlines() if not line.endswith(" validates")]
    expect(answer.returncode == 0, f"{len(paths)} pages are valid by RFC 4287", "\n    ".join(wrong[:20]))


def ids(feed):
    return [
        entry.findtext(ATOM + "id")
        for body in feed
        for entry in ElementTree.fromstring(body).findall(ATOM + "entry")
    ]


def check(binary, folder, arguments):
    corpus = os.path.abspath(arguments[0])
    with open(os.path.join(corpus, "manifest.jsonl"), encoding="utf-8") as file:
        records = [record for record in map(json.loads, file) if record["kind"] in KINDS]
    shelf = Shelf(corpus, records)
    origin = Origin(shelf.answer)
    sources = [
        ("f-" + hashlib.sha256(path.encode()).hexdigest()[:12], origin.base + path) for path in shelf.files
    ]
    port = free_port()
    daemon = Daemon(binary, folder, port, configuration(port, folder, sources))

    began = time.monotonic()
    daemon.start()
    daemon.wait_for("/readyz", READY_SECONDS_MAX)
    seconds = time.monotonic() - began
    expect(len(shelf.whole) == len(sources), f"each of {len(sources)} sources was asked")
    feed = list(pages(daemon.base + "/feed.atom"))
    valid(feed, folder, os.path.join(corpus, "schema", "atom-rfc4287-appendixB.rng"))
    before = ids(feed)
    expect(before and len(set(before)) == len(before), f"{len(before)} stories have {len(before)} ids")
    expect(daemon.status()["stories"] == len(before), "rel=next leads through every visible story")
    rss_peak = daemon.rss_peak_mib()
    expect(daemon.stop() >= 0, "SIGTERM ends it with status 0 within 10 s")

    shelf.forget()
    daemon.start()
    daemon.wait_for("/readyz")
    again = list(pages(daemon.base + "/feed.atom"))
    expect(ids(again) == before, "after a restart the ids are the same, in the same order")
    expect(again == feed, "and so are the bytes of every page")

    daemon.command("poll")
    status = daemon.status()
    read = {source["url"] for source in status["sources"] if source["state"] == "ok"}
    asked_twice = {url: shelf.unchanged[url.removeprefix(origin.base)] for url in read}
    others = sum(shelf.whole[url.removeprefix(origin.base)] for url in read)
    wrong = [url for url, count in asked_twice.items() if count != 1]
    expect(not wrong and others == 0, f"asked again, {len(read)} of {len(read)} sources answer 304, once each",
           "\n    ".join(wrong[:10]))
    third = list(pages(daemon.base + "/feed.atom"))
    expect(third == feed, "and the feed is as it was")
    for source in status["sources"]:
        if source["state"] != "ok":
            path = source["url"].removeprefix(origin.base + "/")
            print(f'  {source["state"]}: {path}: {source["last_error"]}')
    log = daemon.log_text()
    expect("panicked" not in log, "nothing panicked")
    rss_peak = max(rss_peak, daemon.rss_peak_mib())
    daemon.stop()

    entries = sum(source["entries"] for source in status["sources"])
    counted = feedparser_entries(shelf)
    figure("corpus sources", f"{len(sources)}, {len(read)} read")
    figure("corpus entries in", f"{entries}" + (f" (feedparser counts {counted})" if counted else ""))
    figure("corpus stories out", f"{len(before)} on {len(feed)} pages")
    figure("corpus seconds", f"{seconds:.1f}")
    figure("corpus peak RSS", f"{rss_peak:.0f} MiB")


if __name__ == "__main__":
    main(check, "corpus.py BINARY CORPUS")
