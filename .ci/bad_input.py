"""What goes wrong, said so that an administrator can mend it: configuration, port, store, sources.

    bad_input.py BINARY
"""

import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import threading

from support import Daemon, Origin, expect, free_port, main, stories, until

NOBODY = 65534
CAUSE_AND_MEND = re.compile(r"\Alangbao: [^\n]+[^.\n]\n  mend: [^\n]+[^.\n]\n\Z")
REMARK = re.compile(r"^(?P<place>\S+\.toml:\d+:\d+): (error|warning): .+[^.]$", re.MULTILINE)

GOOD = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Nguồn lành</title><link>{base}/</link><description>x</description>
<item><title>Chợ phiên vùng cao mở lại sau mùa mưa lũ</title><link>{base}/tin/1</link><guid>{base}/tin/1</guid>
<pubDate>Sun, 01 Nov 2026 08:00:00 +0700</pubDate><description>Bà con các bản xuống chợ từ sớm.</description></item>
</channel></rss>
"""

MISTAKES = """[server]
listn = ["127.0.0.1:8080"]
base_url = "nope"

[schedule]
min_interval = "5 minutes"

[[source]]
id = "hai lan"
url = "ftp://example.vn/rss"

[[source]]
id = "an-giang"
url = "https://example.vn/rss"
province = "an-gian"

[[source]]
id = "an-giang"
url = "https://example.vn/khac.rss"
"""

# Lines of MISTAKES that hold a mistake.
LINES = (2, 3, 6, 9, 10, 15, 18)


def run(binary, *arguments, **more):
    return subprocess.run([binary, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=30, check=False, **more)


def says(answer, status, sentence, *words):
    """One line of cause, one of mend, the status, and the words that name the thing."""
    expect(answer.returncode == status, f"{sentence}: exit {status}", f"exit {answer.returncode}: {answer.stderr}")
    told = "\n".join(line for line in answer.stderr.splitlines(keepends=False) if not is_log(line)) + "\n"
    expect(CAUSE_AND_MEND.match(told), "    one line of cause, one of mend", told)
    missing = [word for word in words if word not in told]
    expect(not missing, "    which name " + ", ".join(words) if words else "    and no more", told)
    for line in told.splitlines():
        print(f"        {line}")


def is_log(line):
    return re.match(r"\d{4}-\d\d-\d\dT", line) is not None


def calm(text):
    return not re.search(r"panicked|RUST_BACKTRACE|stack backtrace|thread '", text)


def configuration(port, folder, store=None, sources=""):
    return f"""[server]
listen = ["127.0.0.1:{port}"]
base_url = "http://127.0.0.1:{port}/"
admin_socket = "{folder}/admin.sock"
[store]
path = "{store or folder + '/data'}"
[fetch]
allow_private = ["127.0.0.0/8"]
host_interval = "0s"
per_host = 16
max_body = "64KiB"
timeout = "2s"
{sources}"""


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def configurations(binary, folder):
    print("a configuration that is not there, or broken")
    absent = os.path.join(folder, "absent.toml")
    for command, arguments, status in (("run", ("--config", absent), 78), ("check", (absent,), 1)):
        answer = run(binary, command, *arguments)
        expect(answer.returncode == status, f"{command} without its file: exit {status}", answer.stderr)
        expect(absent in answer.stderr and "--config" in answer.stderr and calm(answer.stderr),
               "    which names the file and the mend", answer.stderr)
    broken = write(folder, "broken.toml", MISTAKES)
    for command, arguments, status in (("run", ("--config", broken), 78), ("check", (broken,), 1)):
        answer = run(binary, command, *arguments)
        expect(answer.returncode == status, f"{command} with a broken file: exit {status}", answer.stderr)
        places = {match["place"] for match in REMARK.finditer(answer.stderr)}
        lines = {int(place.rsplit(":", 2)[1]) for place in places if place.startswith(broken)}
        expect(lines == set(LINES), f"    every mistake with file, line and column ({len(LINES)} lines)",
               f"lines {sorted(lines)}, not {sorted(LINES)}\n{answer.stderr}")
        expect("listen" in answer.stderr and "an-giang" in answer.stderr, "    and the nearest right word")
    torn = write(folder, "torn.toml", '[server\nlisten = "')
    answer = run(binary, "check", torn)
    expect(answer.returncode == 1 and f"{torn}:1:8" in answer.stderr and calm(answer.stderr),
           "what is not TOML is named with its place too", answer.stderr)
    binary_file = os.path.join(folder, "binary.toml")
    with open(binary_file, "wb") as file:
        file.write(bytes(range(256)))
    answer = run(binary, "run", "--config", binary_file)
    expect(answer.returncode == 78 and binary_file in answer.stderr and calm(answer.stderr),
           "and what is not text: exit 78", answer.stderr)
    answer = run(binary, "run", "--config", folder)
    expect(answer.returncode == 78 and calm(answer.stderr), "and a folder: exit 78", answer.stderr)
    answer = run(binary, "run", "--frobnicate")
    expect(answer.returncode == 2 and "--frobnicate" in answer.stderr, "an unknown option: exit 2", answer.stderr)
    answer = run(binary, "frobnicate")
    expect(answer.returncode == 2 and "frobnicate" in answer.stderr, "an unknown command: exit 2", answer.stderr)


def port_and_store(binary, folder):
    print("a port in use, a store that is held or cannot be used")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = write(folder, "port.toml", configuration(port, folder))
        says(run(binary, "run", "--config", config), 1, "a port in use", f"127.0.0.1:{port}", "server.listen")

    holder = Daemon(binary, folder, port := free_port(), configuration(port, folder))
    holder.start()
    holder.wait_for()
    second = os.path.join(folder, "second")
    os.mkdir(second)
    config = write(second, "feeds.toml", configuration(free_port(), second, store=f"{folder}/data"))
    says(run(binary, "run", "--config", config), 75, "a store held by another process", f"{folder}/data")
    expect(holder.serves(), "    and the one that holds it goes on")
    holder.stop()

    damaged(binary, folder)
    in_place = write(folder, "not-a-folder", "")
    config = write(second, "feeds.toml", configuration(free_port(), second, store=in_place))
    says(run(binary, "run", "--config", config), 1, "a file in the store's place", in_place)
    below = os.path.join(in_place, "data")
    config = write(second, "feeds.toml", configuration(free_port(), second, store=below))
    says(run(binary, "run", "--config", config), 1, "a file in the way to the store", below)

    if os.geteuid() != 0:
        print("  SKIPPED: folders of another user (not root here)")
        return
    # Root may do everything; the daemon is nobody here, as under systemd.
    os.chmod(folder, 0o755)
    os.chmod(second, 0o777)
    program = os.path.join(second, "langbao")
    shutil.copy(binary, program)
    os.chmod(program, 0o755)
    nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": second}
    os.chmod(f"{folder}/data", 0o700)
    config = write(second, "feeds.toml", configuration(free_port(), second, store=f"{folder}/data"))
    says(run(program, "run", "--config", config, **nobody), 1, "a store of another user", f"{folder}/data")
    locked = os.path.join(folder, "locked")
    os.mkdir(locked, 0o755)
    for store in (locked, os.path.join(locked, "data")):
        config = write(second, "feeds.toml", configuration(free_port(), second, store=store))
        says(run(program, "run", "--config", config, **nobody), 1, "a folder that cannot be written", store)


def overwritten(path):
    with open(path, "r+b") as file:
        file.write(b"\xa5" * os.path.getsize(path))


def damaged(binary, folder):
    # sled refuses a foreign `conf`; a foreign `db` it opens as if nothing had ever been there.
    for number, (what, name, damage) in enumerate((
        ("a conf that is overwritten", "conf", overwritten),
        ("a db that is overwritten", "db", overwritten),
        ("a db that is emptied", "db", lambda path: os.truncate(path, 0)),
        ("a db that is gone", "db", os.remove),
    )):
        place = os.path.join(folder, f"damaged{number}")
        shutil.copytree(f"{folder}/data", f"{place}/data")
        damage(f"{place}/data/{name}")
        daemon = Daemon(binary, place, port := free_port(), configuration(port, place))
        daemon.start()
        daemon.wait_for()
        aside = [name for name in os.listdir(f"{place}/data") if name.startswith("damaged-")]
        loud = [line for line in daemon.log_text().splitlines() if "THE STORE WAS PUT ASIDE" in line]
        expect(len(aside) == 1 and os.listdir(os.path.join(place, "data", aside[0])),
               f"{what}: the store is put aside and a new one begun", daemon.log_text())
        expect(len(loud) == 1 and aside[0] in loud[0], "    said once, loudly", "\n".join(loud))
        print("        " + loud[0][:300])
        daemon.stop()


def hang_up(listener):
    """Takes each connection and drops it, without a word."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.close()


# What each bad source answers, and a word of the one line that must say so.
def bad_answers(base, silent, dropped, closed):
    return {
        "html": ("/html", ""),
        "absent": ("/absent", "404"),
        "broken": ("/broken", "500"),
        "garbage": ("/garbage", ""),
        "empty": ("/empty", ""),
        "blank": ("/blank", ""),
        "cut": ("/cut", ""),
        "circle": ("/circle", "redirect"),
        "large": ("/large", "64"),
        "bomb": ("/bomb", "64"),
        "not-gzip": ("/not-gzip", ""),
        "to-private": ("/to-private", "10.0.0.1"),
        "to-file": ("/to-file", ""),
        "private": ("http://10.0.0.1/rss", "10.0.0.1"),
        "metadata": ("http://169.254.169.254/latest/", "169.254.169.254"),
        "mapped": ("http://[::ffff:10.0.0.1]/rss", "10.0.0.1"),
        "nowhere": ("http://khong-co-may-nay.invalid/rss", "khong-co-may-nay.invalid"),
        "silent": (silent, ""),
        "dropped": (dropped, ""),
        "closed": (closed, ""),
    }


def sources(binary, folder):
    print("sources that answer anything but a feed")
    page = "<!DOCTYPE html><html><head><title>Đăng nhập</title></head><body><p>Mời đăng nhập</p></body></html>"

    def answer(path, _):
        base = origin.base
        answers = {
            "/good": (200, {"Content-Type": "application/rss+xml"}, GOOD.format(base=base).encode()),
            "/html": (200, {"Content-Type": "text/html; charset=utf-8"}, page.encode()),
            "/broken": (500, {}, b"error"),
            "/garbage": (200, {"Content-Type": "application/rss+xml"}, bytes(range(256)) * 40),
            "/empty": (200, {"Content-Type": "application/rss+xml"}, b""),
            "/blank": (200, {"Content-Type": "application/rss+xml"}, b" \n" * 9000),
            "/cut": (200, {"Content-Type": "application/rss+xml", "Content-Encoding": "gzip"},
                     gzip.compress(GOOD.encode())[:40]),
            "/circle": (302, {"Location": f"{base}/circle"}, b""),
            "/large": (200, {"Content-Type": "application/rss+xml"}, b"<rss>" + b" " * 70_000),
            "/bomb": (200, {"Content-Type": "application/rss+xml", "Content-Encoding": "gzip"},
                      gzip.compress(bytes(20_000_000))),
            "/not-gzip": (200, {"Content-Type": "application/rss+xml", "Content-Encoding": "gzip"}, b"<rss/>"),
            "/to-private": (302, {"Location": "http://10.0.0.1/rss"}, b""),
            "/to-file": (302, {"Location": "file:///etc/hostname"}, b""),
        }
        return answers.get(path, (404, {}, b""))

    origin = Origin(answer)
    silent, dropping, closed = socket.socket(), socket.socket(), socket.socket()
    for one in (silent, dropping, closed):
        one.bind(("127.0.0.1", 0))
    silent.listen()
    dropping.listen()
    threading.Thread(target=hang_up, args=(dropping,), daemon=True).start()
    ports = [one.getsockname()[1] for one in (silent, dropping, closed)]
    bad = bad_answers(origin.base, *(f"http://127.0.0.1:{port}/rss" for port in ports))
    blocks = "".join(
        f'[[source]]\nid = "{id}"\nurl = "{url if url.startswith("http") else origin.base + url}"\n'
        for id, (url, _) in {**bad, "good": ("/good", "")}.items()
    )
    place = os.path.join(folder, "sources")
    os.mkdir(place)
    port = free_port()
    daemon = Daemon(binary, place, port, configuration(port, place, sources=blocks), ["--log-format", "json"])
    daemon.start()
    daemon.wait_for("/readyz", 60)
    shown = {source["id"]: source for source in daemon.status()["sources"]}
    events = [json.loads(line) for line in daemon.log_text().splitlines() if line.startswith("{")]
    for id, (_, word) in bad.items():
        source = shown[id]
        told = source["last_error"] or ""
        expect(source["state"] not in ("ok", "new") and told and "\n" not in told and word in told and len(told) < 400,
               f"{id}: {source['state']}: {told}", json.dumps(source))
        lines = [event for event in events if event.get("fields", event).get("source") == id
                 and event["level"] in ("WARN", "ERROR")]
        expect(len(lines) == 1, f"    and the log says so in one line", json.dumps(lines, ensure_ascii=False))
    expect(shown["good"]["state"] == "ok" and len(stories(daemon.base + "/feed.atom")) == 1,
           "the good source among them is served")
    answer = daemon.command("poll", "garbage")
    expect(answer.returncode == 1, "poll names a failed source: exit 1", answer.stdout)
    until(10, "the daemon goes on", daemon.serves)
    expect(calm(daemon.log_text()), "nothing panicked")
    daemon.stop()
    for one in (silent, dropping, closed):
        one.close()


def check(binary, folder, _):
    configurations(binary, folder)
    port_and_store(binary, folder)
    sources(binary, folder)


if __name__ == "__main__":
    main(check, "bad_input.py BINARY")
