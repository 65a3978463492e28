//! `langbao status`: the health of every source.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Exit, Failure, Global, connect, runtime, say};
use crate::admin::{Reply, Request};

const WATCH_INTERVAL: Duration = Duration::from_secs(2);

pub fn run(global: &Global, json: bool, watch: bool) -> Result<Exit, Failure> {
    runtime()?.block_on(async {
        loop {
            let status = fetch(global).await?;
            let text = if json {
                status.get().to_owned()
            } else {
                table(&status)?
            };
            if watch && std::io::stdout().is_terminal() {
                say(format_args!("\x1b[2J\x1b[H{}", text.trim_end()));
            } else {
                say(format_args!("{}", text.trim_end()));
            }
            if !watch {
                return Ok(Exit::Done);
            }
            tokio::time::sleep(WATCH_INTERVAL).await;
        }
    })
}

async fn fetch(global: &Global) -> Result<Box<RawValue>, Failure> {
    let mut client = connect::daemon_whatever_the_file(global).await?;
    client
        .ask(&Request::Status)
        .await
        .map_err(|err| connect::broken(&err))?;
    match client.reply().await.map_err(|err| connect::broken(&err))? {
        Some(Reply::Status(status)) => Ok(status),
        Some(Reply::Refused { errors }) => {
            Err(Failure::new(errors.join("; "), "look at the daemon's log"))
        }
        _ => Err(Failure::new("the daemon broke off", "look at its log")),
    }
}

#[derive(Deserialize)]
struct Status {
    version: String,
    started: String,
    stories: u64,
    articles: u64,
    #[serde(default)]
    store_bytes: u64,
    oldest: Option<String>,
    degraded: Option<String>,
    #[serde(default)]
    held: u64,
    recompute: Progress,
    #[serde(default)]
    regroup: Progress,
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default)]
    config_errors: Vec<String>,
    #[serde(default)]
    warnings: Vec<String>,
    sources: Vec<Source>,
}

#[derive(Default, Deserialize)]
struct Progress {
    done: u64,
    total: u64,
}

#[derive(Deserialize)]
struct Rule {
    number: u32,
    action: String,
    conditions: Vec<String>,
    fired: u64,
}

#[derive(Deserialize)]
struct Source {
    id: String,
    state: String,
    entries: u64,
    failures: u32,
    last_success: Option<String>,
    next_poll: Option<String>,
    last_error: Option<String>,
    moved_to: Option<String>,
}

fn table(raw: &RawValue) -> Result<String, Failure> {
    let status: Status = serde_json::from_str(raw.get()).map_err(|err| {
        Failure::new(
            format!("the daemon's status is not understood: {err}"),
            "use the command of the daemon's version",
        )
    })?;
    let mut text = format!(
        "langbao {}, since {}: {} stories of {} articles\n",
        status.version, status.started, status.stories, status.articles
    );
    let oldest = status.oldest.as_deref().unwrap_or("none yet");
    let _ = writeln!(
        text,
        "store: {} KiB on disk, the oldest story first seen: {oldest}",
        status.store_bytes / 1024
    );
    if let Some(cause) = &status.degraded {
        let _ = writeln!(text, "DEGRADED, nothing is polled: {cause}");
    }
    for error in &status.config_errors {
        let _ = writeln!(text, "configuration refused: {error}");
    }
    for warning in &status.warnings {
        let _ = writeln!(text, "WARNING: {warning}");
    }
    if status.held > 0 {
        let _ = writeln!(
            text,
            "{} articles are held: `langbao held` lists them",
            status.held
        );
    }
    let Progress { done, total } = status.recompute;
    if done < total {
        let _ = writeln!(text, "stored articles judged anew: {done} of {total}");
    }
    let Progress { done, total } = status.regroup;
    if done < total {
        let _ = writeln!(text, "stored stories gathered anew: {done} of {total}");
    }
    for rule in &status.rules {
        let _ = writeln!(
            text,
            "rule number {} ({} by {}) acted on {} articles",
            rule.number,
            rule.action,
            rule.conditions.join(", "),
            rule.fired
        );
    }
    let width = status
        .sources
        .iter()
        .map(|source| source.id.len())
        .max()
        .unwrap_or(0)
        .max(6);
    let _ = writeln!(
        text,
        "{:width$}  state     entries  last success          next poll",
        "source"
    );
    for source in &status.sources {
        let _ = writeln!(
            text,
            "{:width$}  {:8}  {:>7}  {:20}  {:20}{}{}",
            source.id,
            source.state,
            source.entries,
            source.last_success.as_deref().unwrap_or("never"),
            source.next_poll.as_deref().unwrap_or("never"),
            match (&source.last_error, source.failures) {
                (Some(error), 0) => format!("  {error}"),
                (Some(error), failures) => format!("  {failures} failures: {error}"),
                (None, _) => String::new(),
            },
            match &source.moved_to {
                Some(to) => format!("  moved to {to}"),
                None => String::new(),
            }
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_told_of_whether_it_acted_or_not() {
        let rule = |number: u32, action: &str, fired: u64| serde_json::json!({"number": number, "action": action, "conditions": ["title"], "fired": fired});
        let status = serde_json::json!({
            "version": "1", "started": "then", "stories": 3, "articles": 4, "recompute": {"done": 0, "total": 0},
            "rules": [rule(1, "drop", 0), rule(2, "hold", 17)], "sources": [],
        });
        let raw = RawValue::from_string(status.to_string()).expect("JSON");
        let told = table(&raw).expect("a status");
        for line in [
            "rule number 1 (drop by title) acted on 0 articles",
            "rule number 2 (hold by title) acted on 17 articles",
        ] {
            assert!(told.lines().any(|found| found == line), "{line} in {told}");
        }
    }
}
