//! nginx over loopback, with an address of its own for every newsroom.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::news::News;

pub struct Origin {
    process: Child,
    folder: PathBuf,
    port: u16,
    pub feeds: usize,
    /// Bytes of all feeds.
    pub bytes: u64,
}

/// One line of the access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    pub status: u16,
    pub path: String,
}

impl Origin {
    /// Writes the feeds below `folder` and serves them.
    pub fn start(folder: &Path, news: &News) -> Origin {
        let site = folder.join("site");
        fs::create_dir_all(&site).unwrap();
        let mut bytes = 0;
        for feed in 0..news.feeds {
            let document = news.document(feed);
            bytes += document.len() as u64;
            fs::write(site.join(format!("{feed}.xml")), document).unwrap();
        }
        let port = free_port();
        fs::write(folder.join("nginx.conf"), config(folder, port)).unwrap();
        let process = Command::new("nginx")
            .arg("-p")
            .arg(folder)
            .arg("-c")
            .arg(folder.join("nginx.conf"))
            .arg("-e")
            .arg(folder.join("error.log"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let origin = Origin {
            process,
            folder: folder.to_owned(),
            port,
            feeds: news.feeds,
            bytes,
        };
        for _ in 0..100 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return origin;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!(
            "nginx does not answer: see {}",
            folder.join("error.log").display()
        );
    }

    pub fn address(&self, feed: usize) -> String {
        let host = Ipv4Addr::new(
            127,
            (1 + feed / 62_500) as u8,
            (feed / 250 % 250) as u8,
            (1 + feed % 250) as u8,
        );
        format!("http://{host}:{}/{feed}.xml", self.port)
    }

    pub fn file(&self, feed: usize) -> PathBuf {
        self.folder.join("site").join(format!("{feed}.xml"))
    }

    /// The entity tag nginx makes of a file.
    pub fn etag(&self, feed: usize) -> String {
        let found = fs::metadata(self.file(feed)).unwrap();
        format!("\"{:x}-{:x}\"", found.mtime(), found.len())
    }

    /// How far the access log goes.
    pub fn log_bytes(&self) -> u64 {
        fs::metadata(self.log()).map_or(0, |found| found.len())
    }

    /// What was served since the log was so long.
    pub fn served_since(&self, bytes: u64) -> Vec<Served> {
        let text = fs::read_to_string(self.log()).unwrap();
        text[bytes as usize..]
            .lines()
            .filter_map(|line| {
                let (status, path) = line.split_once(' ')?;
                Some(Served {
                    status: status.parse().ok()?,
                    path: path.to_owned(),
                })
            })
            .collect()
    }

    fn log(&self) -> PathBuf {
        self.folder.join("access.log")
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        // The master ends its workers when it is asked to; killed, it would leave them.
        let asked = Command::new("nginx")
            .arg("-p")
            .arg(&self.folder)
            .arg("-c")
            .arg(self.folder.join("nginx.conf"))
            .arg("-e")
            .arg(self.folder.join("error.log"))
            .args(["-s", "stop"])
            .stderr(Stdio::null())
            .status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

fn config(folder: &Path, port: u16) -> String {
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("  {what}_temp_path {}/temp_{what};\n", folder.display()))
        .concat();
    let _ = File::create(folder.join("error.log"));
    format!(
        "daemon off;\nuser root;\nworker_processes 1;\nworker_rlimit_nofile 20000;\npid {0}/nginx.pid;\nevents {{ worker_connections 16000; }}\nhttp {{\n{temp}  types {{ application/xml xml; }}\n  log_format one '$status $uri';\n  access_log {0}/access.log one;\n  sendfile on;\n  server {{ listen {port} backlog=4096; root {0}/site; }}\n}}\n",
        folder.display()
    )
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
