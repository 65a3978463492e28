"""A hundred kill -9 while ingesting: nothing ever visible is lost, renumbered or doubled.

    kill.py BINARY [--kills N] [--seed N]

An origin with many sources publishes, copies and edits without pause. Each life of the daemon ends at a random
instant, some before it is up; all that any reader was ever shown is asked for again in the next life.
"""

import argparse
import html
import http.client
import random
import threading
import time
import xml.etree.ElementTree as ElementTree

from support import Daemon, Failed, Origin, expect, figure, free_port, main, stories

SOURCES = 24
LISTED_MAX = 40
ITEMS_MAX = 6000
PAUSE_SECONDS = 0.03
LIFE_SECONDS_MAX = 2.0
EARLY_SHARE = 0.15
EARLY_SECONDS_MAX = 0.12
SECONDS_MAX = 280
WORDS = ("bản làng phiên chợ mùa vàng con đường cây cầu trường học đoàn xe cơn mưa dòng sông cánh đồng "
         "ngư dân nghệ nhân bến cảng khu phố lễ hội vụ lúa đàn trâu nhà máy du khách").split()


class Newsrooms:
    """Sources that never rest. An item is edited in place; a copy has an address of its own."""

    def __init__(self, random_source):
        self.random = random_source
        self.lock = threading.Lock()
        self.listed = [[] for _ in range(SOURCES)]
        self.published = 0
        self.copied = 0
        self.edited = 0
        self.stopped = threading.Event()
        self.origin = Origin(self.answer)

    def work(self):
        while not self.stopped.wait(PAUSE_SECONDS * self.random.random() * 2):
            with self.lock:
                dice = self.random.random()
                if dice < 0.25 and self.published:
                    self.edit()
                elif self.published < ITEMS_MAX:
                    self.publish(copies=dice < 0.5)

    def publish(self, copies):
        self.published += 1
        number = self.published
        words = " ".join(self.random.choices(WORDS, k=14))
        item = {"title": f"Tin số {number}: {' '.join(self.random.choices(WORDS, k=5))}",
                "text": f"Chuyện thứ {number} kể rằng {words}.", "edition": 1,
                "at": time.time() - self.random.uniform(3600, 40 * 86400)}
        carriers = self.random.sample(range(SOURCES), self.random.randint(2, 4) if copies else 1)
        self.copied += len(carriers) - 1
        for source in carriers:
            link = f"{self.origin.base}/{source}/tin/{number}.html"
            self.listed[source].append({**item, "link": link})
            del self.listed[source][:-LISTED_MAX]

    def edit(self):
        items = self.listed[self.random.randrange(SOURCES)]
        if items:
            self.edited += 1
            self.random.choice(items)["edition"] += 1

    def answer(self, path, headers):
        source = path.removeprefix("/").removesuffix(".xml")
        if not source.isdigit() or int(source) >= SOURCES:
            return 404, {}, b""
        with self.lock:
            items = "".join(
                f"<entry><id>{item['link']}</id><title>{html.escape(item['title'])} (bản {item['edition']})</title>"
                f"<link href=\"{item['link']}\"/><published>{stamp(item['at'])}</published>"
                f"<updated>{stamp(item['at'] + item['edition'])}</updated>"
                f"<summary>{html.escape(item['text'])}</summary></entry>"
                for item in reversed(self.listed[int(source)])
            )
        body = (f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
                f"<id>{self.origin.base}/{source}</id><title>Toà soạn {source}</title>"
                f"<updated>2026-01-01T00:00:00Z</updated>{items}</feed>").encode()
        return 200, {"Content-Type": "application/atom+xml"}, body


def stamp(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


class Memory:
    """All that a reader was ever shown: link to id, and the latest edition of the shown article."""

    def __init__(self):
        self.ids = {}
        self.editions = {}
        self.led = 0

    def see(self, feed):
        for story in feed:
            for link in story.links():
                self.ids.setdefault(link, story.id)
            if story.alternate:
                known = self.editions.get(story.alternate, 0)
                self.editions[story.alternate] = max(known, edition(story))

    def held_against(self, feed, leads_to):
        """What was lost, doubled, renumbered or set back."""
        now, doubled, seen = {}, [], set()
        editions = {}
        for story in feed:
            if story.id in seen:
                doubled.append(f"{story.id} is there twice")
            seen.add(story.id)
            for link in story.links():
                if link in now:
                    doubled.append(f"{link} is in {now[link]} and {story.id}")
                now[link] = story.id
            if story.alternate:
                editions[story.alternate] = edition(story)
        lost = [f"{link} of {id}" for link, id in self.ids.items() if link not in now]
        lost += [f"{id}, a story" for id in set(self.ids.values()) - seen]
        renumbered = [f"{link}: {id} became {now[link]}" for link, id in self.ids.items()
                      if link in now and now[link] != id]
        # A story whose only article became a copy by an edit, or that was bridged, leads to the other one for good.
        led = {id: leads_to(id) for id in set(self.ids.values()) - seen}
        lost = [what for what in lost if led.get(what.removesuffix(", a story")) not in seen]
        renumbered = [what for what in renumbered if led.get(what.split(" ")[1]) != what.split(" ")[3]]
        self.led += sum(1 for into in led.values() if into in seen)
        self.ids.update((link, led[id]) for link, id in self.ids.items() if led.get(id) in seen)
        set_back = [f"{link}: edition {known} became {editions[link]}" for link, known in self.editions.items()
                    if link in editions and editions[link] < known]
        return lost, doubled, renumbered, set_back


def edition(story):
    return int(story.title.rpartition("(bản ")[2].rstrip(")"))


class Reader(threading.Thread):
    """Reads the merged feed again and again, until the daemon is gone."""

    def __init__(self, base):
        super().__init__(daemon=True)
        self.base = base
        self.shown = []
        self.failed = None

    def run(self):
        try:
            while True:
                self.shown.append(stories(self.base + "/feed.atom?limit=1000"))
                del self.shown[:-3]
        except (OSError, http.client.HTTPException):
            pass  # killed under our hands
        except (Failed, ElementTree.ParseError) as error:
            self.failed = error


def configuration(port, folder, base):
    blocks = "".join(f'[[source]]\nid = "s{n}"\nurl = "{base}/{n}.xml"\n' for n in range(SOURCES))
    return f"""[server]
listen = ["127.0.0.1:{port}"]
base_url = "http://127.0.0.1:{port}/"
admin_socket = "{folder}/admin.sock"
[store]
path = "{folder}/data"
[fetch]
allow_private = ["127.0.0.0/8"]
per_host = 64
host_interval = "0s"
[schedule]
min_interval = "1s"
max_interval = "1s"
{blocks}"""


def check(binary, folder, arguments):
    options = argparse.ArgumentParser(prog="kill.py BINARY")
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = options.parse_args(arguments)
    print(f"  seed {options.seed}")
    chance = random.Random(options.seed)
    newsrooms = Newsrooms(random.Random(chance.random()))
    threading.Thread(target=newsrooms.work, daemon=True).start()
    port = free_port()
    daemon = Daemon(binary, folder, port, configuration(port, folder, newsrooms.origin.base))
    memory = Memory()
    totals = [0, 0, 0, 0]
    examples = []
    began = time.monotonic()
    kills, early = 0, 0
    slowest = 0.0

    def look():
        """The new life's whole feed against all that was ever visible."""
        feed = stories(daemon.base + "/feed.atom?limit=1000")
        for at, found in enumerate(memory.held_against(feed, leads_to)):
            totals[at] += len(found)
            examples.extend(found[:5])
        memory.see(feed)
        return feed

    def leads_to(id):
        """The story to which the address of another one leads."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/stories/" + id.rpartition(":")[2])
        answer = connection.getresponse()
        place = answer.getheader("Location") if answer.status == 301 else None
        connection.close()
        return place and id.rpartition(":")[0] + ":" + place.rpartition("/")[2]

    while kills < options.kills:
        if time.monotonic() - began > SECONDS_MAX:
            raise Failed(f"{options.kills} kills within {SECONDS_MAX} s: only {kills}")
        life_began = time.monotonic()
        daemon.start()
        if chance.random() < EARLY_SHARE:
            time.sleep(chance.uniform(0, EARLY_SECONDS_MAX))
            early += 1
        else:
            daemon.wait_for()
            slowest = max(slowest, time.monotonic() - life_began)
            look()
            reader = Reader(daemon.base)
            reader.start()
            time.sleep(chance.uniform(0, LIFE_SECONDS_MAX))
            daemon.kill()
            reader.join(30)
            if reader.failed:
                raise Failed(f"a reader is served whole documents until the kill: {reader.failed}")
            for feed in reader.shown:
                memory.see(feed)
        daemon.kill()
        kills += 1
        if kills % 20 == 0:
            print(f"  {kills} kills, {len(memory.ids)} links of {len(set(memory.ids.values()))} stories seen, "
                  f"{time.monotonic() - began:.0f} s", flush=True)
        if any(totals):
            break

    newsrooms.stopped.set()
    if not any(totals):
        daemon.start()
        daemon.wait_for()
        look()
        took = daemon.stop()
        print(f"  a last life: opened, looked at, stopped in {took:.1f} s")
    lost, doubled, renumbered, set_back = totals
    with_copies = len(memory.ids) - len(set(memory.ids.values()))
    figure("kills", f"{kills} (seed {options.seed}, {early} before it was up)")
    figure("visible", f"{len(set(memory.ids.values()))} stories, {len(memory.ids)} links, {with_copies} of them copies")
    figure("lost", lost)
    figure("doubled", doubled)
    figure("renumbered", renumbered)
    figure("set back", set_back)
    figure("led to the story they are part of", memory.led)
    expect(not any(totals), f"{kills} kills: nothing lost, doubled, renumbered or set back", "\n    ".join(examples[:20]))
    expect("panicked" not in daemon.log_text(), "the store opened each time "
           f"(at most {slowest:.2f} s until it served), nothing panicked")
    expect(newsrooms.copied and newsrooms.edited and with_copies,
           f"{newsrooms.published} items, {newsrooms.copied} copies, {newsrooms.edited} edits were published meanwhile")


if __name__ == "__main__":
    main(check, "kill.py BINARY [--kills N] [--seed N]")
