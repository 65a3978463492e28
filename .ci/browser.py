"""The front page in a real browser: headless Chromium on a running demo, in a narrow and a wide window.

    browser.py BINARY [FOLDER]

Holds: stories are shown, the feeds are announced, nothing is loaded from elsewhere, the console stays empty,
nothing is wider than the window. Screenshots go into FOLDER. Chromium is driven over its own pipe (the DevTools
protocol), since `--window-size` goes no narrower than 500 pixels.
"""

import base64
import json
import os
import re
import select
import shutil
import signal
import subprocess
import time

from support import Failed, expect, figure, main, stories, until

WIDTHS = {"narrow": 390, "wide": 1280}
HEIGHT = 900
CHROMIUM = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--remote-debugging-pipe")
ANSWER_SECONDS_MAX = 60


class Browser:
    """One page of a headless Chromium; what it told meanwhile is kept in `events`."""

    def __init__(self, folder):
        self.events = []
        self.number = 0
        self.buffer = b""
        to_read, self.to_browser = os.pipe()
        self.from_browser, to_write = os.pipe()
        # The protocol is spoken on descriptors 3 and 4.
        script = f'exec "$@" 3<&{to_read} 4>&{to_write}'
        with open(os.path.join(folder, "chromium.log"), "wb") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", script, "bash", *CHROMIUM, f"--user-data-dir={folder}/profile", "about:blank"],
                pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        os.close(to_read)
        os.close(to_write)
        self.session = None
        target = until(30, "a page is open", self.page)
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def page(self):
        found = self.ask("Target.getTargets")["targetInfos"]
        return next((target["targetId"] for target in found if target["type"] == "page"), None)

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        while True:
            told = self.next(deadline, method)
            if told.get("id") == self.number:
                if "error" in told:
                    raise Failed(f"the browser does {method}: {told['error']}")
                return told["result"]
            self.events.append(told)

    def next(self, deadline, method):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.from_browser], [], [], max(0, deadline - time.monotonic()))
            read = os.read(self.from_browser, 1 << 20) if ready else b""
            if not read:
                raise Failed(f"the browser answers {method} within {ANSWER_SECONDS_MAX} s")
            self.buffer += read
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def value(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def open(self, url, width):
        self.events.clear()
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=HEIGHT, deviceScaleFactor=1,
                 mobile=width < 600)
        self.ask("Page.navigate", url=url)
        until(30, "the page is loaded",
              lambda: self.value("document.readyState") == "complete" and self.value("location.href") == url)

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))

    def complaints(self):
        """Console messages of weight, exceptions, what would not load."""
        found = []
        for event in self.events:
            method, told = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(str(told["exceptionDetails"].get("text")))
            elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
                found.append(f"console.{told['type']}")
            elif method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
                found.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        return found

    def asked(self):
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"]

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def look(browser, base, name, width, shown_min, folder):
    browser.open(base, width)
    articles = browser.value("document.querySelectorAll('article').length")
    expect(articles >= shown_min, f"{name} ({width} px): {articles} stories are shown")
    empty = browser.value("[...document.querySelectorAll('article')].filter(one => !one.innerText.trim()).length")
    expect(empty == 0, "    none of them empty")
    links = browser.value("[...document.querySelectorAll('head link[rel~=alternate][type]')].map(one => one.type)")
    expect("application/atom+xml" in links, f"    feeds are announced: {', '.join(links)}")
    expect(browser.value("document.documentElement.lang"), "    the page names its language")
    expect(browser.value("innerWidth") == width, "    the window is as wide as asked", str(browser.value("innerWidth")))
    wide = browser.value("document.documentElement.scrollWidth")
    expect(wide <= width, "    nothing is wider than the window", f"{wide} px")
    asked = browser.asked()
    strange = [url for url in asked if not url.startswith((base, "data:"))]
    expect(asked and not strange, "    nothing is loaded from elsewhere", str(strange))
    complaints = browser.complaints()
    expect(not complaints, "    the console is empty", str(complaints))
    path = os.path.join(folder, f"page-{name}.png")
    browser.screenshot(path)
    expect(os.path.getsize(path) > 10_000, "    and it can be photographed")


def check(binary, folder, arguments):
    pictures = os.path.abspath(arguments[0]) if arguments else folder
    os.makedirs(pictures, exist_ok=True)
    printed = os.path.join(folder, "printed")
    if not shutil.which("chromium"):
        raise Failed("chromium is installed")
    with open(printed, "wb") as out, open(os.path.join(folder, "log"), "wb") as log:
        demo = subprocess.Popen([binary, "demo"], stdin=subprocess.DEVNULL, stdout=out, stderr=log)
    browser = None
    try:
        def address():
            with open(printed, encoding="utf-8") as file:
                return re.search(r"http://127\.0\.0\.1:\d+/(?=\s)", file.read())

        base = until(10, "an address is printed", address)[0]
        until(10, "24 stories", lambda: len(stories(base + "feed.atom")) >= 24)
        browser = Browser(folder)
        for name, width in WIDTHS.items():
            look(browser, base, name, width, 24, pictures)
        figure("browser", ", ".join(f"{name} {width} px" for name, width in WIDTHS.items()) + ": in order")
    finally:
        if browser:
            browser.end()
        demo.terminate()
        demo.wait(15)


if __name__ == "__main__":
    main(check, "browser.py BINARY [FOLDER]")
