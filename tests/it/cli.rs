//! The binary itself: what it prints, with what status it ends, and what becomes of the store.

use std::fs::File;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::house::ON_LOOPBACK;
use crate::support::origin::{Answer, Origin};

const COMMANDS: [&str; 13] = [
    "run", "demo", "check", "probe", "poll", "reload", "status", "retract", "held", "release",
    "explain", "export", "import",
];
const DONE: i32 = 0;
const NO: i32 = 1;
const USAGE: i32 = 2;
const HELD: i32 = 75;
const CONFIG: i32 = 78;

/// Past this a process that is waited for has failed.
const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(10);

/// A folder in which commands are typed.
struct Desk {
    folder: TempDir,
}

#[derive(Debug)]
struct Ended {
    status: i32,
    stdout: String,
    stderr: String,
}

fn langbao(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_langbao"));
    command.current_dir(folder);
    // As on a machine that knows nothing of langbao; a back-trace would show.
    for variable in [
        "LANGBAO_CONFIG",
        "STATE_DIRECTORY",
        "RUNTIME_DIRECTORY",
        "CREDENTIALS_DIRECTORY",
        "RUST_LOG",
    ] {
        command.env_remove(variable);
    }
    command.env("RUST_BACKTRACE", "1");
    command
}

fn run_in(folder: &Path, args: &[&str], input: &str) -> Ended {
    let mut child = langbao(folder)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("piped");
    // A command that does not want it may be gone already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    Ended {
        status: output.status.code().expect("no signal ended it"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

impl Ended {
    /// It ended so, with one line of cause and one of mend on standard error and nothing else.
    #[track_caller]
    fn assert_failed(&self, status: i32, cause: &str, mend: &str) {
        assert_eq!(self.status, status, "{self:?}");
        let lines: Vec<&str> = self.stderr.lines().collect();
        let [first, second] = lines.as_slice() else {
            panic!("not two lines: {self:?}");
        };
        assert!(
            first.starts_with("langbao: ") && first.contains(cause),
            "{first:?}"
        );
        assert!(
            second.starts_with("  mend: ") && second.contains(mend),
            "{second:?}"
        );
        assert_eq!(self.stdout, "");
    }

    #[track_caller]
    fn assert_done(&self) -> &str {
        assert_eq!((self.status, self.stderr.as_str()), (DONE, ""), "{self:?}");
        &self.stdout
    }
}

impl Desk {
    fn new() -> Desk {
        Desk {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// With a feeds.toml of these sources, a store `data` and no fixed port.
    fn with(sources: &str) -> Desk {
        let desk = Desk::new();
        desk.configure(sources);
        desk
    }

    fn configure(&self, sources: &str) {
        self.write(
            "feeds.toml",
            &format!(
                "[server]\nbase_url = \"https://tin.example.vn/\"\nlisten = [\"127.0.0.1:0\"]\n\
                 {ON_LOOPBACK}[store]\npath = \"data\"\n{sources}"
            ),
        );
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a folder of our own");
    }

    fn run(&self, args: &[&str]) -> Ended {
        run_in(self.folder.path(), args, "")
    }

    fn give(&self, args: &[&str], input: &str) -> Ended {
        run_in(self.folder.path(), args, input)
    }

    /// Starts the daemon and waits until it answers.
    fn start(&self) -> Running {
        let log = File::create(self.path("log")).expect("a folder of our own");
        let child = langbao(self.folder.path())
            .arg("run")
            .stderr(log)
            .spawn()
            .expect("the command starts");
        let running = Running { child };
        let socket = self.path("data/admin.sock");
        self.wait_for("the daemon", || UnixStream::connect(&socket).is_ok());
        self.run(&["status"]).assert_done();
        running
    }

    #[track_caller]
    fn wait_for(&self, what: &str, mut is_there: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_there() {
            let log = || std::fs::read_to_string(self.path("log")).unwrap_or_default();
            assert!(
                Instant::now() < deadline,
                "waited in vain for {what}\n{}",
                log()
            );
            std::thread::sleep(TICK);
        }
    }

    fn status(&self) -> Value {
        let ended = self.run(&["status", "--json"]);
        serde_json::from_str(ended.assert_done()).expect("JSON")
    }

    fn ids(&self) -> Vec<String> {
        let status = self.status();
        let sources = status["sources"].as_array().expect("a list");
        let id = |source: &Value| source["id"].as_str().expect("an id").to_owned();
        sources.iter().map(id).collect()
    }
}

/// A daemon that is killed with its test.
struct Running {
    child: Child,
}

impl Running {
    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.expect("a shell").success());
    }

    fn end(mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("our child") {
                return status.code();
            }
            assert!(Instant::now() < deadline, "it does not stop at SIG{signal}");
            std::thread::sleep(TICK);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn source(id: &str, url: &str) -> String {
    format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\n")
}

/// Never asked: the domain cannot exist.
fn silent(id: &str) -> String {
    source(id, &format!("https://{id}.example.invalid/rss")) + "enabled = false\n"
}

const RSS: &str = "<rss version=\"2.0\"><channel><title>Báo Quê</title><link>https://bao.example.vn/</link>\
    <description>Tin</description><item><guid isPermaLink=\"false\">1</guid>\
    <title>Làng chài mở lớp dạy đan lưới</title><link>https://bao.example.vn/1.html</link>\
    <pubDate>Sun, 22 Nov 2020 07:00:00 +0700</pubDate></item></channel></rss>";

/// An origin with a source that answers and one that does not, and a desk for both.
async fn newsrooms() -> (Origin, Desk) {
    let origin = Origin::start().await;
    origin.say("/rss", Answer::tagged_feed(RSS));
    let bad = source("hong", &origin.url("/hong"));
    let desk = Desk::with(&(source("bao", &origin.url("/rss")) + &bad));
    (origin, desk)
}

#[track_caller]
fn assert_golden(name: &str, actual: &str) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/cli")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, actual).expect("a folder of our own");
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(actual, expected, "UPDATE_GOLDEN=1 takes {name} over");
}

const LISTING: &str = "<html><head><title>Tin làng nghề</title></head><body><div class='list'>\
    <article><h3><a href='/tin/gom-phu-lang-do-lua-1.html'>Gốm Phù Lãng đỏ lửa trở lại</a></h3><time>20/11/2026</time></article>\
    <article><h3><a href='/tin/hoi-cho-ocop-mo-cua-2.html'>Hội chợ OCOP Bắc Ninh mở cửa</a></h3><time>19/11/2026</time></article>\
    <article><h3><a href='/tin/lua-chin-som-tren-dong-3.html'>Lúa chín sớm trên đồng Tháp Mười</a></h3><time>18/11/2026</time></article>\
    </div></body></html>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probe_finds_the_feed_a_page_names_and_proposes_a_block_that_works() {
    let origin = Origin::start().await;
    origin.say("/rss", Answer::feed(RSS));
    let named = "<link rel='alternate' type='application/rss+xml' href='/rss'>";
    origin.say(
        "/",
        Answer::html(&LISTING.replace("<title>", &format!("{named}<title>"))),
    );
    let desk = Desk::with("");
    let probed = desk.run(&["probe", &origin.url("/")]);
    let said = probed.assert_done();
    assert!(
        said.contains("+ Làng chài mở lớp dạy đan lưới (2020-11-22T00:00:00Z)"),
        "{said}"
    );
    assert_eq!(origin.asked("/rss").len(), 1, "each address is asked once");
    let block = said.split("for feeds.toml:").nth(1).expect("a block");
    assert!(
        block.contains(&format!("url = \"{}\"", origin.url("/rss"))),
        "{block}"
    );
    desk.configure(block);
    let polled = desk.run(&["poll"]);
    assert!(polled.stdout.contains("1 new"), "{polled:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probe_reads_the_list_of_a_page_without_a_feed() {
    let origin = Origin::start().await;
    origin.say("/tin", Answer::html(LISTING));
    let desk = Desk::with("");
    let probed = desk.run(&["probe", &origin.url("/tin")]);
    let said = probed.assert_done();
    for expected in [
        "it has no feed; its list is read",
        "items stand at ",
        "3 entries would be taken:",
        "+ Gốm Phù Lãng đỏ lửa trở lại (2026-11-19T17:00:00Z)",
        "    Bắc Ninh, ",
        "kind = \"page\"",
    ] {
        assert!(said.contains(expected), "{expected} is not in {said}");
    }
    assert_eq!(origin.asked("/tin").len(), 1);
    let block = said.split("for feeds.toml:").nth(1).expect("a block");
    desk.configure(block);
    assert!(desk.run(&["poll"]).stdout.contains("3 new"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probe_obeys_robots_txt_and_reads_a_feed_all_the_same() {
    let origin = Origin::start().await;
    origin.say("/robots.txt", Answer::html("User-agent: *\nDisallow: /\n"));
    origin.say("/rss", Answer::feed(RSS));
    origin.say("/tin", Answer::html(LISTING));
    let desk = Desk::with("");
    let feed = desk.run(&["probe", &origin.url("/rss")]);
    assert!(
        feed.assert_done().contains("1 entries would be taken"),
        "{feed:?}"
    );
    let page = desk.run(&["probe", &origin.url("/tin")]);
    assert_eq!(page.status, NO);
    assert!(
        page.stderr.contains("robots: ") && !page.stdout.contains("Gốm"),
        "{page:?}"
    );
    assert_eq!(
        origin.asked("/tin").len(),
        0,
        "what is refused is not asked for"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probe_reads_a_packed_sitemap_and_says_why_an_address_is_not_taken() {
    let set = "<urlset><url><loc>/tin/gom-phu-lang-do-lua-1.html</loc></url></urlset>";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(set.as_bytes()).expect("into memory");
    let packed = packed.finish().expect("into memory");
    let origin = Origin::start().await;
    origin.say("/tin.xml.gz", Answer::feed(packed.clone()));
    let damaged = RSS.replace("Báo Quê", "R&D&nbsp;");
    origin.say("/hong.rss", Answer::feed(damaged));
    origin.say("/hong.xml.gz", Answer::feed(packed[..9].to_vec()));
    origin.say("/sitemap.xml", Answer::feed(packed));
    let desk = Desk::with("");
    let own = desk.run(&["probe", &origin.url("/tin.xml.gz")]);
    let said = own.assert_done();
    assert!(
        said.contains("tin.xml.gz: sitemap") && said.contains("full_text = true"),
        "{said}"
    );
    let mended = desk.run(&["probe", &origin.url("/hong.rss")]);
    let said = mended.assert_done();
    assert!(
        said.contains("! mended: & that stands for itself"),
        "{said}"
    );
    let other = desk.run(&["probe", &origin.url("/hong.xml.gz")]);
    let said = other.assert_done();
    assert!(
        said.contains("hong.xml.gz: the file does not unpack"),
        "{said}"
    );
    assert!(said.contains("/sitemap.xml: sitemap"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probe_says_what_it_tried_where_nothing_is_found() {
    let origin = Origin::start().await;
    origin.say(
        "/tin",
        Answer::html("<html><body><p>Trang đang bảo trì.</p></body></html>"),
    );
    let desk = Desk::with("");
    let probed = desk.run(&["probe", &origin.url("/tin")]);
    assert_eq!(probed.status, NO);
    for tried in [
        "/tin: a page in which no list of news was found",
        "/rss_feed/",
        "/sitemap.xml: HTTP 404",
    ] {
        assert!(
            probed.stderr.contains(tried),
            "{tried} is not in {probed:?}"
        );
    }
    desk.run(&["probe", "::"])
        .assert_failed(NO, "no address of the web", "give one");
}

#[test]
fn help_lists_what_works_and_nothing_else() {
    let ended = Desk::new().run(&["--help"]);
    let help = ended.assert_done();
    assert_golden("help.txt", help);
    let listed: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(listed, COMMANDS);
}

#[test]
fn the_help_of_each_command_gives_an_example() {
    let desk = Desk::new();
    for command in COMMANDS {
        let ended = desk.run(&[command, "--help"]);
        let help = ended.assert_done();
        let example = help.split_once("Example:").map(|(_, example)| example);
        let shows = example.is_some_and(|example| example.contains(&format!("langbao {command}")));
        // `import` is shown at the end of a pipe.
        assert!(shows, "{command}: {help}");
    }
}

#[test]
fn bad_usage_ends_with_2_and_says_what_is_right() {
    let desk = Desk::new();
    for (args, word) in [
        (&["pol"][..], "poll"),
        (&["poll", "--dryrun"], "--dry-run"),
        (&["probe"], "<URL>"),
        (&["run", "--log-format", "xml"], "journald"),
        (&["check", "a.toml", "b.toml"], "b.toml"),
        (&["--config"], "--config"),
    ] {
        let ended = desk.run(args);
        assert_eq!(
            (ended.status, ended.stdout.as_str()),
            (USAGE, ""),
            "{args:?}"
        );
        assert!(ended.stderr.contains(word), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn check_shows_every_mistake_at_once_with_its_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cli/check");
    let ended = run_in(&folder, &["check", "feeds.toml"], "");
    assert_eq!((ended.status, ended.stdout.as_str()), (NO, ""));
    assert_golden("check/expected.txt", &ended.stderr);
}

#[test]
fn check_says_that_a_good_file_is_in_order() {
    let desk = Desk::with(&(source("a", "https://a.example.vn/rss") + &silent("b")));
    for args in [
        &["check"][..],
        &["check", "feeds.toml"],
        &["check", "--config", "feeds.toml"],
    ] {
        let ended = desk.run(args);
        let said = ended.assert_done();
        assert_eq!(
            said,
            "feeds.toml: in order: 2 sources, 1 enabled, 0 warnings\n"
        );
    }
}

#[test]
fn run_ends_with_78_when_the_configuration_is_missing_or_broken() {
    let desk = Desk::new();
    desk.write("broken.toml", "[server\nlisten = 5\n");
    desk.write("unknown.toml", "[servr]\n");
    for (file, word) in [
        ("missing.toml", "cannot be read"),
        ("broken.toml", "broken.toml:1:"),
        ("unknown.toml", "servr"),
    ] {
        for args in [&["run", "--config", file][..], &["--config", file]] {
            let ended = desk.run(args);
            assert_eq!(ended.status, CONFIG, "{ended:?}");
            let lines: Vec<&str> = ended.stderr.lines().collect();
            let [.., cause, mend] = lines.as_slice() else {
                panic!("{ended:?}");
            };
            assert!(ended.stderr.contains(word), "{ended:?}");
            assert_eq!(*cause, format!("langbao: {file} has mistakes"));
            assert!(mend.starts_with("  mend: "), "{mend:?}");
            assert!(!ended.stderr.contains("backtrace"), "{ended:?}");
        }
        // For any other command the answer is merely no.
        assert_eq!(desk.run(&["check", file]).status, NO);
        assert_eq!(desk.run(&["poll", "--config", file]).status, NO);
    }
}

#[test]
fn no_configuration_at_all_is_said_with_what_to_do() {
    if Path::new("/etc/langbao/feeds.toml").exists() {
        eprintln!("SKIPPED: this machine has a configuration of its own");
        return;
    }
    let desk = Desk::new();
    for (args, status) in [(&["run"][..], CONFIG), (&[], CONFIG), (&["check"], NO)] {
        desk.run(args)
            .assert_failed(status, "no configuration", "langbao demo");
    }
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port of loopback");
    let address = taken.local_addr().expect("bound").to_string();
    let desk = Desk::with("");
    let config = std::fs::read_to_string(desk.path("feeds.toml")).expect("it was configured");
    desk.write("feeds.toml", &config.replace("127.0.0.1:0", &address));
    let ended = desk.run(&["run"]);
    ended.assert_failed(
        NO,
        &format!("{address}: the address is in use"),
        "server.listen",
    );
}

#[test]
fn a_store_path_that_is_a_file_is_named() {
    let desk = Desk::with("");
    desk.write("data", "không phải kho");
    for args in [&["run"][..], &["poll"], &["export"], &["import"]] {
        let ended = desk.run(args);
        ended.assert_failed(NO, "the store folder data cannot be used", "store.path");
    }
}

#[test]
fn commands_that_need_a_daemon_say_so_when_there_is_none() {
    let desk = Desk::with("");
    for args in [&["status"][..], &["reload"]] {
        desk.run(args)
            .assert_failed(NO, "no daemon of this configuration", "langbao run");
    }
    let named = desk.run(&["poll", "--socket", "nowhere.sock"]);
    named.assert_failed(NO, "no daemon answers at nowhere.sock", "--socket");
    desk.run(&["export"])
        .assert_failed(NO, "there is no store at data", "store.path");
}

#[test]
fn a_store_that_another_process_holds_ends_with_75() {
    let desk = Desk::with("");
    let running = desk.start();
    let second = desk.run(&["run", "--socket", "second.sock"]);
    second.assert_failed(
        HELD,
        "the store data is held by another process",
        "store.path",
    );
    desk.run(&["import"])
        .assert_failed(HELD, "is held by another process", "store.path");
    assert_eq!(running.end("TERM"), Some(DONE));
    // Nothing is left of it that would keep the next one out.
    assert_eq!(desk.start().end("INT"), Some(DONE));
}

#[test]
fn a_signal_ends_the_daemon_in_an_orderly_way() {
    for signal in ["TERM", "INT"] {
        let desk = Desk::with("");
        let running = desk.start();
        assert_eq!(running.end(signal), Some(DONE), "SIG{signal}");
        assert!(!desk.path("data/admin.sock").exists());
        let log = std::fs::read_to_string(desk.path("log")).expect("it logs");
        assert!(log.trim_end().ends_with("stopped"), "{log}");
    }
}

#[test]
fn a_reload_is_told_and_a_bad_one_refused() {
    let desk = Desk::with(&silent("a"));
    let running = desk.start();
    desk.configure(&(silent("a") + &silent("b")));
    assert_eq!(desk.run(&["reload"]).assert_done(), "added: b\n");
    assert_eq!(desk.ids(), ["a", "b"]);

    desk.configure("[[source]]\nid = \"c\"\n");
    let refused = desk.run(&["reload"]);
    assert_eq!((refused.status, refused.stdout.as_str()), (NO, ""));
    let lines: Vec<&str> = refused.stderr.lines().collect();
    assert!(
        lines[0].starts_with("feeds.toml:") && lines[0].contains("url"),
        "{lines:?}"
    );
    assert_eq!(
        lines[1],
        "langbao: refused; the old configuration stays in force"
    );
    assert_eq!(desk.ids(), ["a", "b"]);

    // A file that is no TOML at all does not hide the daemon either.
    desk.write("feeds.toml", "[server\n");
    let refused = desk.run(&["reload"]);
    assert!(
        refused
            .stderr
            .contains("the old configuration stays in force"),
        "{refused:?}"
    );
    assert_eq!(refused.status, NO);

    desk.configure(&silent("d"));
    running.signal("HUP");
    desk.wait_for("SIGHUP's reload", || desk.ids() == ["d"]);
    assert_eq!(running.end("TERM"), Some(DONE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poll_prints_what_is_new_and_its_status_is_the_answer() {
    let (origin, desk) = newsrooms().await;
    let first = desk.run(&["poll", "bao"]);
    assert_eq!(first.status, DONE, "{first:?}");
    let expected = "bao: read: 1 listed, 1 new, 0 changed, 0 the same\n  \
        + Làng chài mở lớp dạy đan lưới\n    https://bao.example.vn/1.html\n\
        1 sources asked, 0 failed: 1 new, 0 of them copies, 0 changed\n";
    assert_eq!(first.stdout, expected);
    let asked = origin.asked("/rss");
    assert_eq!(asked[0].header("if-none-match"), None);

    for (args, status) in [
        // None named: only if all failed.
        (&["poll"][..], DONE),
        (&["poll", "hong"], NO),
        (&["poll", "bao", "hong"], NO),
        (&["poll", "khong-co"], NO),
        (&["poll", "bao", "--dry-run"], DONE),
    ] {
        let ended = desk.run(args);
        assert_eq!(ended.status, status, "{args:?}: {ended:?}");
        assert!(!ended.stdout.contains("panicked"), "{ended:?}");
    }
    assert!(origin.asked("/rss")[1].header("if-none-match").is_some());
    origin.say("/rss", Answer::status(500));
    assert_eq!(desk.run(&["poll"]).status, NO);
    let unknown = desk.run(&["poll", "baoo"]);
    assert!(
        unknown.stdout.contains("the nearest is \"bao\""),
        "{unknown:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_leaves_the_store_as_it_was() {
    let (_origin, desk) = newsrooms().await;
    for _ in 0..2 {
        let ended = desk.run(&["poll", "bao", "--dry-run"]);
        assert!(ended.stdout.contains("1 new"), "{ended:?}");
        assert!(
            ended.stdout.ends_with("; nothing was stored\n"),
            "{ended:?}"
        );
    }
    // Where there is no store yet, none is made: what it is minted with would stand for ever.
    assert!(!desk.path("data").exists());
    // A store without an article: its one source fails.
    assert_eq!(desk.run(&["poll", "hong"]).status, NO);
    let before = desk.run(&["export"]);
    desk.run(&["poll", "bao", "--dry-run"]);
    assert_eq!(desk.run(&["export"]).assert_done(), before.assert_done());
    assert!(!before.assert_done().contains("\"article\":{"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_go_through_the_daemon_that_holds_the_store() {
    let (origin, desk) = newsrooms().await;
    let running = desk.start();
    desk.wait_for("the first polls", || {
        let status = desk.status();
        let sources = status["sources"].as_array().expect("a list").clone();
        sources.iter().all(|source| source["polls"] == 1)
    });
    let polled = desk.run(&["poll", "bao"]);
    assert_eq!(polled.status, DONE, "{polled:?}");
    assert!(
        polled.stdout.starts_with("bao: unchanged: 1 listed, 0 new"),
        "{polled:?}"
    );
    assert_eq!(origin.asked("/rss").len(), 2);

    let table = desk.run(&["status"]);
    let lines: Vec<&str> = table.assert_done().lines().collect();
    assert!(lines[0].contains("1 stories of 1 articles"), "{lines:?}");
    assert!(lines[1].starts_with("store: "), "{lines:?}");
    assert!(lines[3].starts_with("bao     ok "), "{lines:?}");
    assert!(lines[4].starts_with("hong    failing "), "{lines:?}");

    let through = desk.run(&["export"]);
    assert_eq!(running.end("TERM"), Some(DONE));
    assert_eq!(desk.run(&["export"]).assert_done(), through.assert_done());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_gives_the_store_that_was_exported() {
    let (_origin, desk) = newsrooms().await;
    desk.run(&["poll", "bao"]).assert_polled();
    let export = desk.run(&["export"]);
    let lines = export.assert_done();
    let count = lines.lines().count();

    let other = Desk::with("");
    let imported = other.give(&["import"], lines);
    assert_eq!(
        imported.assert_done(),
        format!("{count} lines: 1 stories of 1 articles\n")
    );
    assert_eq!(other.run(&["export"]).assert_done(), lines);

    let again = other.give(&["import"], lines);
    again.assert_failed(NO, "the store is not empty", "store.path");
    assert_eq!(other.run(&["export"]).assert_done(), lines);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_was_damaged_is_refused() {
    let (_origin, desk) = newsrooms().await;
    desk.run(&["poll", "bao"]).assert_polled();
    let export = desk.run(&["export"]);
    let lines: Vec<&str> = export.assert_done().lines().collect();
    let cut_short = lines[..lines.len() - 1].join("\n");
    let headless = lines[1..].join("\n");
    let garbled = format!("{}\n{{\"article\":", lines[0]);
    for (damaged, cause) in [
        (cut_short.as_str(), "ends early"),
        (headless.as_str(), "line 1 of the export"),
        (garbled.as_str(), "line 2 of the export"),
        ("", "ends early"),
    ] {
        let ended = Desk::with("").give(&["import"], damaged);
        ended.assert_failed(NO, cause, "export");
    }
}

impl Ended {
    /// A poll that is done; its log is on standard error.
    #[track_caller]
    fn assert_polled(&self) {
        assert_eq!(self.status, DONE, "{self:?}");
    }
}

#[test]
fn the_shipped_configuration_is_in_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ended = run_in(root, &["check", "feeds.toml"], "");
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    // A shipped file cannot know the public address; nothing else is to be remarked.
    let warnings: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| line.contains(" warning: "))
        .collect();
    assert!(
        warnings.iter().all(|line| line.contains("loopback")),
        "{warnings:?}"
    );
    assert!(ended.stdout.contains("enabled"), "{}", ended.stdout);
}

/// What `langbao export` says of the only story.
fn only_story(desk: &Desk) -> Value {
    let export = desk.run(&["export"]);
    let lines = export.assert_done().lines();
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let stories: Vec<Value> = lines
        .filter_map(|mut line| Some(line.get_mut("story")?.take()))
        .collect();
    let [story] = stories.as_slice() else {
        panic!("not one story: {stories:?}");
    };
    story.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_is_retracted_and_brought_back_with_the_daemon_and_without() {
    let (_origin, desk) = newsrooms().await;
    assert_eq!(desk.run(&["poll", "bao"]).status, DONE);
    let address = "https://bao.example.vn/1.html";
    for through_the_daemon in [false, true] {
        let running = through_the_daemon.then(|| desk.start());
        let gone = desk.run(&["retract", address]);
        let gone = gone.assert_done();
        assert!(
            gone.ends_with(": Làng chài mở lớp dạy đan lưới\n"),
            "{gone}"
        );
        let id = gone.split([' ', ':']).nth(1).expect("an id").to_owned();
        assert!(only_story(&desk)["standing"]["retracted"]["at"].is_number());
        desk.run(&["retract", &id])
            .assert_failed(NO, "it is retracted since", "last colon");
        desk.run(&["retract", "--undo", &id]).assert_done();
        assert_eq!(only_story(&desk)["standing"], "shown");
        desk.run(&["release", &id])
            .assert_failed(NO, "nothing of it is held", "last colon");
        desk.run(&["release", "niemand-0"]).assert_failed(
            NO,
            "there is no story \"niemand-0\"",
            "last colon",
        );
        let held = desk.run(&["held"]);
        assert_eq!(held.assert_done(), "0 articles are held\n");
        drop(running);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_decided_survives_export_and_import() {
    let (origin, desk) = newsrooms().await;
    let hold = "[[rule]]\nmatch = { title = \"đan lưới\" }\naction = \"hold\"\n";
    let sources = source("bao", &origin.url("/rss")) + hold;
    desk.configure(&sources);
    assert_eq!(desk.run(&["poll"]).status, DONE);
    let held = desk.run(&["held"]);
    assert!(held.assert_done().contains("rule 1"), "{held:?}");
    desk.run(&["release", "https://bao.example.vn/1.html"])
        .assert_done();
    desk.run(&["retract", "https://bao.example.vn/1.html"])
        .assert_done();
    let export = desk.run(&["export"]);

    let other = Desk::with(&sources);
    other.give(&["import"], export.assert_done()).assert_done();
    assert_eq!(only_story(&other), only_story(&desk));
    other
        .run(&["retract", "--undo", "https://bao.example.vn/1.html"])
        .assert_done();
    let held = other.run(&["held"]);
    assert_eq!(held.assert_done(), "0 articles are held\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tells_what_each_rule_would_touch_and_makes_no_store() {
    let (origin, desk) = newsrooms().await;
    let drop = "[[rule]]\nmatch = { title = \"đan lưới\" }\naction = \"drop\"\n";
    let sources = source("bao", &origin.url("/rss"));
    desk.configure(&(sources.clone() + drop));
    let checked = desk.run(&["check"]);
    assert!(!checked.assert_done().contains("touches"), "{checked:?}");
    assert!(!desk.path("data").exists());

    desk.configure(&sources);
    assert_eq!(desk.run(&["poll"]).status, DONE);
    desk.configure(&(sources.clone() + drop));
    let line = "rule number 1 (drop by title): touches 1 stored stories, newly hides 1";
    let checked = desk.run(&["check"]);
    assert_eq!(checked.status, DONE);
    assert!(checked.stdout.contains(line), "{checked:?}");
    assert!(checked.stderr.contains("--yes"), "{checked:?}");

    desk.configure(&sources);
    let _running = desk.start();
    let candidate = std::fs::read_to_string(desk.path("feeds.toml")).expect("written") + drop;
    desk.write("candidate.toml", &candidate);
    let checked = desk.run(&["check", "candidate.toml"]);
    assert!(checked.stdout.contains(line), "{checked:?}");
    desk.write("feeds.toml", &candidate);
    let refused = desk.run(&["reload"]);
    assert_eq!(refused.status, NO, "{refused:?}");
    assert!(refused.stderr.contains("newly hide 1 of 1"), "{refused:?}");
    let reloaded = desk.run(&["reload", "--yes"]);
    assert!(reloaded.assert_done().contains(line), "{reloaded:?}");
}
