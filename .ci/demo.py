"""`langbao demo`: within ten seconds of its start something is to be seen, and it leaves nothing behind.

    demo.py BINARY
"""

import os
import re
import signal
import subprocess
import time

from support import expect, figure, main, stories, until

SECONDS_MAX = 10
STORIES_MIN = 24
STORIES_WITH_COPIES_MIN = 2


def complete(feed):
    schemes = {scheme for story in feed for scheme, _ in story.categories}
    with_copies = sum(1 for story in feed if story.related)
    return (len(feed) >= STORIES_MIN and {"province", "topic"} <= schemes
            and with_copies >= STORIES_WITH_COPIES_MIN)


def check(binary, folder, _):
    printed = os.path.join(folder, "printed")
    # Its temporary folder is made here, so that what stays behind is seen.
    temporary = os.path.join(folder, "tmp")
    os.mkdir(temporary)
    began = time.monotonic()
    with open(printed, "wb") as out, open(os.path.join(folder, "log"), "wb") as log:
        demo = subprocess.Popen([binary, "demo"], stdin=subprocess.DEVNULL, stdout=out, stderr=log,
                                env={**os.environ, "TMPDIR": temporary})
    try:
        def address():
            if demo.poll() is not None:
                with open(os.path.join(folder, "log"), encoding="utf-8") as log:
                    expect(False, "the demo goes on", log.read())
            with open(printed, encoding="utf-8") as file:
                return re.search(r"http://127\.0\.0\.1:\d+/(?=\s)", file.read())

        base = until(SECONDS_MAX, "an address is printed", address)[0]
        expect(base, f"it prints the address to open: {base}")
        feed = []

        def seen():
            feed[:] = stories(base + "feed.atom")
            return complete(feed)

        until(SECONDS_MAX - (time.monotonic() - began),
              f"{STORIES_MIN} stories, provinces and topics, {STORIES_WITH_COPIES_MIN} stories with copies", seen)
        seconds = time.monotonic() - began
        copies = sum(1 for story in feed if story.related)
        expect(True, f"after {seconds:.1f} s: {len(feed)} stories, {copies} with copies, provinces and topics")
        ids = [story.id for story in feed]
        expect(len(set(ids)) == len(ids), "no id twice")
        expect(os.listdir(temporary), "it works in a temporary folder")
        demo.send_signal(signal.SIGTERM)
        status = demo.wait(10)
        expect(status == 0, "SIGTERM ends it with status 0 within 10 s", f"status {status}")
        expect(not os.listdir(temporary), "and the folder is gone", str(os.listdir(temporary)))
        figure("demo", f"{len(feed)} stories in {seconds:.1f} s")
    finally:
        if demo.poll() is None:
            demo.kill()


if __name__ == "__main__":
    main(check, "demo.py BINARY")
