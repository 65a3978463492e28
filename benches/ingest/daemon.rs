//! The daemon itself, as an administrator runs it.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cost;
use crate::news::News;
use crate::origin::{self, Origin};
use crate::peers::Cost;

/// The daemon that belongs to this benchmark, unless `LANGBAO_BENCH_BINARY` names another to hold it against.
const LANGBAO: &str = env!("CARGO_BIN_EXE_langbao");
/// So long a cold cycle may take.
const CYCLE_MAX: Duration = Duration::from_secs(3600);
/// How often it is asked whether all newsrooms have been read.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub struct Daemon {
    process: Child,
    folder: PathBuf,
    port: u16,
    begun: Instant,
}

impl Daemon {
    /// Starts it on an empty store, with every newsroom a source.
    pub fn start(folder: &Path, origin: &Origin) -> Daemon {
        let port = origin::free_port();
        fs::write(folder.join("feeds.toml"), config(folder, port, origin)).unwrap();
        let log = File::create(folder.join("langbao.log")).unwrap();
        let begun = Instant::now();
        let process = command(folder)
            .arg("run")
            .stderr(log)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Daemon {
            process,
            folder: folder.to_owned(),
            port,
            begun,
        }
    }

    /// Until every newsroom has been read and what it says is stored.
    pub fn first_cycle(&self, origin: &Origin, log: u64) -> Cost {
        let is_fetched = || origin.served_since(log).len() >= origin.feeds;
        while !(is_fetched() && self.is_ready()) {
            assert!(
                self.begun.elapsed() < CYCLE_MAX,
                "the first cycle does not end"
            );
            std::thread::sleep(LOOK_EVERY);
        }
        Cost {
            wall: self.begun.elapsed(),
            cpu: self.cpu(),
        }
    }

    /// Every newsroom once more, now.
    pub fn cycle(&self) -> Cost {
        let (cpu, begun) = (self.cpu(), Instant::now());
        let polled = command(&self.folder)
            .arg("poll")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(polled.unwrap().success(), "langbao poll failed");
        Cost {
            wall: begun.elapsed(),
            cpu: self.cpu() - cpu,
        }
    }

    pub fn cpu(&self) -> Duration {
        cost::cpu(&self.process.id().to_string())
    }

    pub fn peak_rss(&self) -> u64 {
        cost::peak_rss(&self.process.id().to_string())
    }

    fn is_ready(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) else {
            return false;
        };
        let mut answer = String::new();
        let asked = stream
            .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        asked.is_ok()
            && stream.read_to_string(&mut answer).is_ok()
            && answer.starts_with("HTTP/1.1 200")
    }

    /// Stops it; what its store then is.
    pub fn stop(mut self) -> Kept {
        let id = self.process.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.unwrap().success());
        assert!(
            self.process.wait().unwrap().success(),
            "langbao ended badly"
        );
        Kept {
            bytes: cost::bytes_below(&self.folder.join("store")),
            folder: self.folder.clone(),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the daemon left behind.
pub struct Kept {
    pub bytes: u64,
    folder: PathBuf,
}

impl Kept {
    /// The story of every entry that was stored.
    pub fn stories(&self) -> HashMap<usize, u64> {
        let mut export = command(&self.folder)
            .arg("export")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(export.stdout.take().unwrap()).lines();
        let mut stories = HashMap::new();
        for line in lines {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let Some(article) = line.get("article") else {
                continue;
            };
            let entry = article["entry"]["url"]
                .as_str()
                .and_then(News::entry)
                .unwrap();
            stories.insert(entry, article["story"].as_u64().unwrap());
        }
        assert!(export.wait().unwrap().success(), "langbao export failed");
        stories
    }
}

fn command(folder: &Path) -> Command {
    let binary = std::env::var_os("LANGBAO_BENCH_BINARY").unwrap_or_else(|| LANGBAO.into());
    let mut command = Command::new(binary);
    command
        .arg("--config")
        .arg(folder.join("feeds.toml"))
        .env_remove("RUST_LOG")
        .current_dir(folder);
    command
}

fn config(folder: &Path, port: u16, origin: &Origin) -> String {
    let mut text = format!(
        "[server]\nlisten = [\"127.0.0.1:{port}\"]\nadmin_socket = \"{0}/admin.sock\"\n\n[store]\npath = \"{0}/store\"\n\n[fetch]\nallow_private = [\"127.0.0.0/8\"]\nhost_interval = \"0s\"\n\n[schedule]\nmin_interval = \"6h\"\n",
        folder.display()
    );
    for feed in 0..origin.feeds {
        text.push_str(&format!(
            "\n[[source]]\nid = \"toa-soan-{feed}\"\nurl = \"{}\"\n",
            origin.address(feed)
        ));
    }
    text
}
