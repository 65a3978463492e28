"""Real readers subscribe: newsboat, sfeed and Python's feedparser, over cycles with new and updated stories.

    clients.py BINARY [PATH ...]

What each reader holds is compared with what the origin published: nothing twice, nothing lost. When nothing
changed, also over a restart, each reader is answered 304. Readers come through a proxy that counts.
With PATHs only these of the feeds below are subscribed to.
"""

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import threading
import time

from support import Daemon, Origin, expect, figure, free_port, get, main, until

CYCLES = 6
NEW_A_CYCLE = 27
EDITED_A_CYCLE = 4
TOPIC = "mua-thu-nghiem"

# A feed and the groups that belong into it.
FEEDS = {
    "feed.atom": lambda group: True,
    "provinces/an-giang.atom": lambda group: "an-giang" in group.provinces,
    "provinces/ca-mau.atom": lambda group: "ca-mau" in group.provinces,
    f"topics/{TOPIC}.atom": lambda group: group.topical,
    "sources/an-giang.atom": lambda group: "an-giang" in group.carriers,
    f"feed.atom?province=an-giang&topic={TOPIC}": lambda group: "an-giang" in group.provinces and group.topical,
    "feed.atom?province=an-giang&province=ca-mau&source=chung&source=ca-mau":
        lambda group: {"an-giang", "ca-mau"} & group.provinces and {"chung", "ca-mau"} & set(group.carriers),
}

# Source and the province its configuration gives it.
SOURCES = {"an-giang": "an-giang", "ca-mau": "ca-mau", "chung": None}
PASSED_ON = ("if-none-match", "if-modified-since", "accept", "accept-encoding", "a-im", "user-agent")
KEPT_BACK = ("content-length", "transfer-encoding", "connection", "date", "server")
WORDS = ("phiên chợ mùa vàng con đường cây cầu trường học đoàn xe cơn mưa dòng nước cánh đồng ngư dân nghệ nhân "
         "bến tàu khu phố đêm hội vụ lúa đàn trâu nhà máy du khách").split()


class Group:
    """One piece of news and the sources that carry it."""

    def __init__(self, number, carriers, names, topical, chance):
        self.number = number
        self.carriers = carriers
        self.provinces = ({names} if names else {SOURCES[one] for one in carriers if SOURCES[one]})
        self.topical = topical
        self.edition = 1
        self.at = time.time() - 5
        place = {"an-giang": "An Giang: ", "ca-mau": "Cà Mau: ", None: ""}[names]
        self.title = f"{place}Tin thứ {number} về {' '.join(chance.choices(WORDS, k=4))}"
        topic = " trong mùa thử nghiệm" if topical else ""
        self.text = f"Chuyện số {number} kể rằng {' '.join(chance.choices(WORDS, k=16))}{topic}."

    def shown_title(self):
        return self.title if self.edition == 1 else f"{self.title} (bổ sung lần {self.edition})"


class Newsrooms:
    def __init__(self, chance):
        self.chance = chance
        self.groups = []
        self.origin = Origin(self.answer)

    def link(self, source, group):
        return f"{self.origin.base}/{source}/{group.number}.html"

    def group_of(self, link):
        return self.groups[int(link.rsplit("/", 1)[1].removesuffix(".html"))]

    def publish(self):
        for turn in range(NEW_A_CYCLE):
            copied = turn % 9 == 4
            carriers = self.chance.sample(list(SOURCES), 2 if copied else 1)
            names = "an-giang" if carriers == ["chung"] and turn % 2 else None
            topical = self.chance.random() < 0.4
            self.groups.append(Group(len(self.groups), carriers, names, topical, self.chance))

    def edit(self):
        alone = [group for group in self.groups[-60:] if len(group.carriers) == 1]
        for group in self.chance.sample(alone, min(EDITED_A_CYCLE, len(alone))):
            group.edition += 1

    def answer(self, path, headers):
        source = path.removeprefix("/").removesuffix(".rss")
        if source not in SOURCES:
            return 404, {}, b""
        items = "".join(
            f"<item><title>{group.shown_title()}</title><link>{self.link(source, group)}</link>"
            f"<guid>{self.link(source, group)}</guid><description>{group.text}</description>"
            f"<pubDate>{time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(group.at))}</pubDate></item>"
            for group in reversed(self.groups[-120:]) if source in group.carriers
        )
        body = (f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Toà soạn {source}</title>'
                f"<link>{self.origin.base}/</link><description>x</description>{items}</channel></rss>")
        return 200, {"Content-Type": "application/rss+xml"}, body.encode()


class Counter:
    """A proxy before the daemon: who asked for what, and what came of it."""

    def __init__(self, base):
        self.base = base
        self.lock = threading.Lock()
        self.asked = []
        self.origin = Origin(self.answer)

    def answer(self, path, headers):
        asked = {name: headers[name] for name in PASSED_ON if name in headers}
        status, answered, body = get(self.base + path, asked)
        with self.lock:
            self.asked.append((headers.get("user-agent", "").split("/")[0].lower(), path, status))
        return status, {name: value for name, value in answered.items() if name not in KEPT_BACK}, body

    def forget(self):
        with self.lock:
            self.asked.clear()


class Feedparser:
    name = "feedparser"

    def __init__(self, folder, base, feeds):
        import feedparser
        self.parse = feedparser.parse
        self.base = base
        self.validators = {feed: {} for feed in feeds}
        self.held = {feed: {} for feed in feeds}

    def reload(self):
        for feed, validators in self.validators.items():
            answer = self.parse(f"{self.base}/{feed}", agent=self.name, **validators)
            expect_quiet(answer.get("status") in (200, 304) and not answer.bozo, f"feedparser reads /{feed}",
                         f"{answer.get('status')} {answer.get('bozo_exception')}")
            if answer.status == 200:
                self.validators[feed] = {"etag": answer.get("etag"), "modified": answer.get("modified")}
                seen = [entry.id for entry in answer.entries]
                expect_quiet(len(set(seen)) == len(seen), f"/{feed} has no id twice")
            for entry in answer.entries:
                self.held[feed][entry.id] = (entry.link, entry.title)

    def items(self, feed):
        return [(id, link, title) for id, (link, title) in self.held[feed].items()]


class Newsboat:
    """Keeps an item once, whichever of its feeds gave it: so a cache for each feed."""

    name = "newsboat"

    def __init__(self, folder, base, feeds):
        self.base = base
        self.homes = {feed: os.path.join(folder, f"newsboat-{number}") for number, feed in enumerate(feeds)}
        for feed, home in self.homes.items():
            os.mkdir(home)
            with open(os.path.join(home, "urls"), "w", encoding="utf-8") as file:
                file.write(f'"{base}/{feed}"\n')
            with open(os.path.join(home, "config"), "w", encoding="utf-8") as file:
                file.write("max-items 0\n")

    def reload(self):
        for home in self.homes.values():
            urls, cache, config = (os.path.join(home, name) for name in ("urls", "cache.db", "config"))
            called(["newsboat", "-u", urls, "-c", cache, "-C", config, "-x", "reload"],
                   {**os.environ, "HOME": home, "TERM": "dumb"})

    def items(self, feed):
        cache = sqlite3.connect(os.path.join(self.homes[feed], "cache.db"))
        with contextlib.closing(cache):
            return cache.execute("select guid, url, title from rss_item where deleted = 0").fetchall()


class Sfeed:
    name = "sfeed"

    def __init__(self, folder, base, feeds):
        self.home = os.path.join(folder, "sfeed")
        self.files = {feed: f"feed-{number}" for number, feed in enumerate(feeds)}
        os.makedirs(os.path.join(self.home, "feeds"))
        lines = "".join(f"\tfeed '{file}' '{base}/{feed}'\n" for feed, file in self.files.items())
        # Entity tags kept as sfeed's README shows it.
        with open(os.path.join(self.home, "sfeedrc"), "w", encoding="utf-8") as file:
            file.write(f"""sfeedpath="{self.home}/feeds"
fetch() {{
	curl -L --max-redirs 0 -A sfeed -f -s -m 15 --etag-save "$3.etag" --etag-compare "$3.etag" "$2"
}}
feeds() {{
{lines}}}
""")

    def reload(self):
        called(["sfeed_update", os.path.join(self.home, "sfeedrc")], os.environ)

    def items(self, feed):
        """sfeed keeps a line for each (id, title, link); the latest of an id is the item."""
        with open(os.path.join(self.home, "feeds", self.files[feed]), encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("\t") for line in file]
        latest = {}
        for row in rows:
            id, link, title = row[5], row[2], row[1]
            if id not in latest or (len(title), title) > (len(latest[id][2]), latest[id][2]):
                latest[id] = (id, link, title)
        return list(latest.values())


def expect_quiet(holds, sentence, detail=""):
    if not holds:
        expect(False, sentence, detail)


def called(command, environment):
    answer = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=60, check=False)
    expect_quiet(answer.returncode == 0, f"{command[0]} ends with status 0", answer.stdout + answer.stderr)


def readers(folder, base, feeds):
    found = []
    for kind, program in ((Feedparser, None), (Newsboat, "newsboat"), (Sfeed, "sfeed_update")):
        try:
            if program and not shutil.which(program):
                raise ImportError(program)
            found.append(kind(folder, base, feeds))
        except ImportError:
            print(f"  SKIPPED: {kind.name} is not installed")
    expect(found, "a reader is installed")
    return found


def configuration(port, folder, base, newsrooms):
    province = {source: f'province = "{one}"\n' if one else "" for source, one in SOURCES.items()}
    blocks = "".join(f'[[source]]\nid = "{source}"\nurl = "{newsrooms}/{source}.rss"\n{province[source]}'
                     for source in SOURCES)
    return f"""[server]
listen = ["127.0.0.1:{port}"]
base_url = "{base}/"
admin_socket = "{folder}/admin.sock"
[store]
path = "{folder}/data"
[fetch]
allow_private = ["127.0.0.0/8"]
host_interval = "0s"
[schedule]
min_interval = "1h"
[[topic]]
slug = "{TOPIC}"
label = {{ vi = "Mùa thử nghiệm", en = "Test season" }}
phrases = ["mùa thử nghiệm"]
{blocks}"""


def compare(reader, feed, belongs, newsrooms):
    """What is held twice, lost, or does not belong; and held titles that are out of date."""
    held = {}
    for id, link, title in reader.items(feed):
        held.setdefault(newsrooms.group_of(link).number, []).append((id, link, title))
    wanted = {group.number for group in newsrooms.groups if belongs(group)}
    twice = {number: items for number, items in held.items() if len(items) > 1}
    expect_quiet(not twice, f"{reader.name}: nothing twice in /{feed}", str(list(twice.values())[:5]))
    expect_quiet(wanted <= set(held), f"{reader.name}: nothing lost in /{feed}",
                 str([newsrooms.groups[number].title for number in sorted(wanted - set(held))][:5]))
    strange = set(held) - wanted
    expect_quiet(not strange, f"{reader.name}: nothing in /{feed} that does not belong there",
                 str([newsrooms.groups[number].title for number in sorted(strange)][:5]))
    stale = [items[0][2] for number, items in held.items()
             if items[0][2] != newsrooms.groups[number].shown_title()]
    expect_quiet(not stale, f"{reader.name}: updated stories are updated in /{feed}", str(stale[:5]))
    return len(held)


def check(binary, folder, arguments):
    feeds = {feed: belongs for feed, belongs in FEEDS.items() if not arguments or feed in arguments}
    seed = random.randrange(1 << 32)
    print(f"  seed {seed}")
    newsrooms = Newsrooms(random.Random(seed))
    port = free_port()
    proxy = Counter(f"http://127.0.0.1:{port}")
    base = proxy.origin.base
    daemon = Daemon(binary, folder, port, configuration(port, folder, base, newsrooms.origin.base))
    newsrooms.publish()
    daemon.start()
    daemon.wait_for("/readyz")
    for feed in feeds:
        status, _, body = get(f"{daemon.base}/{feed}")
        expect(status == 200, f"/{feed} is there", f"{status} {body[:200]}")
    subscribed = readers(folder, base, feeds)

    held = {}
    for cycle in range(CYCLES):
        if cycle:
            # Asked twice in a second, libcurl drops the second 200: its Last-Modified is no later than the first's.
            until(3, "the next second", lambda: int(time.time()) > second)
            newsrooms.publish()
            newsrooms.edit()
            answer = daemon.command("poll")
            expect_quiet(answer.returncode == 0, "poll is done", answer.stdout + answer.stderr)
        for reader in subscribed:
            reader.reload()
            for feed, belongs in feeds.items():
                held[reader.name, feed] = compare(reader, feed, belongs, newsrooms)
        second = int(time.time())
    edited = sum(1 for group in newsrooms.groups if group.edition > 1)
    copies = sum(len(group.carriers) - 1 for group in newsrooms.groups)
    for reader in subscribed:
        counts = ", ".join(str(held[reader.name, feed]) for feed in feeds)
        expect(True, f"{reader.name}: {CYCLES} cycles, {len(newsrooms.groups)} stories, {copies} copies, {edited} "
               f"updated: nothing twice, nothing lost, nothing stale (held: {counts})")

    def quiet(when):
        proxy.forget()
        for reader in subscribed:
            reader.reload()
            answers = {path: status for who, path, status in proxy.asked if who == reader.name}
            expect(len(answers) == len(feeds) and set(answers.values()) == {304},
                   f"{reader.name}: 304 for each of {len(feeds)} feeds, {when}", str(proxy.asked))
            for feed, belongs in feeds.items():
                compare(reader, feed, belongs, newsrooms)

    quiet("asked again at once")
    daemon.command("poll")
    quiet("after a poll that brought nothing new")
    daemon.stop()
    daemon.start()
    until(30, "the daemon is back", daemon.serves)
    quiet("after a restart")
    figure("clients", f"{', '.join(reader.name for reader in subscribed)}; {len(feeds)} feeds, {CYCLES} cycles: "
           "0 twice, 0 lost, all 304 when quiet")


if __name__ == "__main__":
    main(check, "clients.py BINARY [PATH ...]")
