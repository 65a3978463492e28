//! `langbao explain`: why a story has these copies and these tags.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value;

use super::{Exit, Failure, Global, check, connect, parts, place, runtime, say};
use crate::admin::{Client, Reply, Request};
use crate::clock::{SharedClock, SystemClock};
use crate::core::config::Config;
use crate::core::review;
use crate::daemon::explain::{Ground, explain};
use crate::daemon::find::Lost;
use crate::daemon::owner;

/// What mends a story that was not found.
const NAMED: &str = "give a story's id, its address, or the address of one of its articles";

pub fn run(global: &Global, story: &str, json: bool) -> Result<Exit, Failure> {
    let path = place::config_file(global)?;
    let config = check::load(&path)?.config;
    let explained = runtime()?.block_on(async {
        match connect::daemon(global, Some(&path), Some(&config)).await? {
            Some(client) => through(client, story).await,
            None => alone(&config, story),
        }
    })?;
    if json {
        say(format_args!("{explained}"));
    } else {
        say(format_args!("{}", written(&explained).trim_end()));
    }
    Ok(Exit::Done)
}

async fn through(mut client: Client, story: &str) -> Result<Value, Failure> {
    let request = Request::Explain {
        story: story.to_owned(),
    };
    client
        .ask(&request)
        .await
        .map_err(|err| connect::broken(&err))?;
    match client.reply().await.map_err(|err| connect::broken(&err))? {
        Some(Reply::Explained(raw)) => serde_json::from_str(raw.get()).map_err(|err| {
            Failure::new(
                format!("the daemon's answer is not understood: {err}"),
                "use the command of the daemon's version",
            )
        }),
        Some(Reply::Refused { errors }) => Err(Failure::new(errors.join("; "), NAMED)),
        _ => Err(Failure::new("the daemon broke off", "look at its log")),
    }
}

fn alone(config: &Config, story: &str) -> Result<Value, Failure> {
    let folder = place::store(config);
    if !folder.exists() {
        return Err(Failure::new(
            format!("there is no store at {}", folder.display()),
            "set store.path, or name the daemon's socket with --socket",
        ));
    }
    let clock: SharedClock = Arc::new(SystemClock);
    let now = parts::now(&clock);
    let store = parts::store(&folder, config, now)?;
    let roster = owner::rebuild(&store)?.roster(config);
    let ground = Ground {
        config,
        roster: &roster,
        tagger: &review::tagger(&config.topics),
        mint: &store.mint()?,
        now,
    };
    let explained = explain(&store, ground, story).map_err(|lost| match lost {
        Lost::Unknown(clause) => Failure::new(clause, NAMED),
        Lost::Failed(err) => err.into(),
    })?;
    serde_json::to_value(&explained).map_err(|err| {
        Failure::new(
            format!("the explanation cannot be written: {err}"),
            "report this as a mistake of langbao",
        )
    })
}

/// The explanation for people: scores that decided, in the order of the articles.
fn written(explained: &Value) -> String {
    let mut out = format!("story {}\n", word(&explained["id"]));
    if let Some(fused) = explained["fused"].as_object() {
        let _ = writeln!(
            out,
            "  {} is part of it since {}",
            word(&fused["id"]),
            word(&fused["at"])
        );
    }
    if let Some(at) = explained["retracted_at"].as_str() {
        let _ = writeln!(out, "  retracted since {at}: no feed shows it");
    }
    for article in list(&explained["articles"]) {
        let _ = writeln!(out, "  {}", article_line(explained, article));
    }
    for kept in list(&explained["kept_back"]) {
        let _ = writeln!(
            out,
            "  {} is not shown: {}",
            kept["article"],
            word(&kept["why"])
        );
    }
    heading(&mut out, "copies", &explained["copies"]);
    for pair in list(&explained["copies"]) {
        let _ = writeln!(
            out,
            "  {} and {}: {}",
            pair["one"],
            pair["other"],
            verdict(pair)
        );
    }
    heading(&mut out, "nearly joined", &explained["near_misses"]);
    for miss in list(&explained["near_misses"]) {
        let _ = writeln!(out, "  {}", article_line(explained, &miss["article"]));
        let _ = writeln!(
            out,
            "    beside {}: {}",
            miss["compared"]["one"],
            verdict(&miss["compared"])
        );
        if let Some(why) = apart(&miss["apart"]) {
            let _ = writeln!(out, "    not joined: {why}");
        }
    }
    heading(&mut out, "tags", &explained["tags"]);
    for tag in list(&explained["tags"]) {
        let _ = writeln!(
            out,
            "  {} {}{}: {}",
            word(&tag["scheme"]),
            word(&tag["term"]),
            document(&tag["document"]),
            evidence(tag),
        );
    }
    if !list(&explained["taken"]).is_empty() {
        heading(&mut out, "tags taken away", &explained["taken"]);
    }
    for taken in list(&explained["taken"]) {
        let _ = writeln!(
            out,
            "  {} {}: taken by rule {} from {}",
            word(&taken["scheme"]),
            word(&taken["term"]),
            taken["rule"],
            taken["article"],
        );
    }
    heading(&mut out, "rules", &explained["rules"]);
    for acted in list(&explained["rules"]) {
        let numbers: Vec<String> = list(&acted["rules"]).iter().map(Value::to_string).collect();
        let _ = writeln!(
            out,
            "  {}: {} by rule {}",
            acted["article"],
            word(&acted["verdict"]),
            numbers.join(", ")
        );
    }
    out
}

/// What speaks for a tag, and where.
fn evidence(tag: &Value) -> String {
    let (phrase, article) = (word(&tag["phrase"]), &tag["article"]);
    match word(&tag["field"]) {
        "rule" => format!("given to {article} by {phrase}"),
        "earlier" => format!("of {article}, by what was so when it was last judged"),
        field => format!(
            "\"{phrase}\" in the {field} of {article}, at byte {}",
            tag["at"]
        ),
    }
}

/// ` (Quyết định, 2020)`, as far as it is known.
fn document(facts: &Value) -> String {
    let kind = facts["kind"].as_str().map(str::to_owned);
    let year = facts["year"].as_u64().map(|year| year.to_string());
    let known: Vec<String> = kind.into_iter().chain(year).collect();
    match known.is_empty() {
        true => String::new(),
        false => format!(" ({})", known.join(", ")),
    }
}

fn heading(out: &mut String, what: &str, of: &Value) {
    let none = if list(of).is_empty() { ": none" } else { "" };
    let _ = writeln!(out, "{what}{none}");
}

fn article_line(explained: &Value, article: &Value) -> String {
    let source = list(&explained["sources"])
        .iter()
        .find(|pair| pair[0] == article["article"])
        .map_or("", |pair| word(&pair[1]));
    let address = article["url"].as_str().unwrap_or("no address");
    format!(
        "{} {source}: {} ({address})",
        article["article"],
        word(&article["title"])
    )
}

/// `copy (words)` or `near (number)`, and every score.
fn verdict(pair: &Value) -> String {
    let verdict = &pair["verdict"];
    let mut out = relation(&verdict["relation"]);
    for (key, said) in [
        ("same_address", "the same address"),
        ("same_text", "the same text"),
    ] {
        if pair[key] == true {
            let _ = write!(out, "; {said}");
        }
    }
    let hours = pair["apart_s"].as_u64().unwrap_or_default() / 3600;
    let _ = write!(out, "; {hours} h apart;");
    for (name, score) in verdict["scores"].as_object().into_iter().flatten() {
        match score {
            Value::Number(number) => {
                let _ = write!(out, " {name} {:.2}", number.as_f64().unwrap_or_default());
            }
            Value::Array(parts) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| format!("{:.2}", part.as_f64().unwrap_or_default()))
                    .collect();
                let _ = write!(out, " {name} {}", parts.join("/"));
            }
            Value::Bool(true) => {
                let _ = write!(out, " {name}");
            }
            _ => {}
        }
    }
    out
}

/// Why two copies are not one story; what a newer daemon says and this command does not know is given as it is.
fn apart(apart: &Value) -> Option<&str> {
    Some(match apart.as_str()? {
        "same_source" => "both stories have an article of one source",
        "retracted" => "one of the stories is retracted",
        "dates" => "their dates are further apart than stories.window",
        "told_apart" => "other articles of the two stories are told apart",
        "both_published" => "both stories were published before, and no article is of both",
        other => other,
    })
}

fn relation(relation: &Value) -> String {
    let Some((name, why)) = relation.as_object().and_then(|only| only.iter().next()) else {
        return word(relation).to_owned();
    };
    match why.as_str() {
        Some(why) => format!("{name} ({why})"),
        None => name.clone(),
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_as_usual_about_a_story_is_told_in_a_line() {
        let article = |no: u64| json!({"article": no, "title": "Lò gốm đỏ lửa", "url": null});
        let explained = json!({
            "id": "tag:tin.example.vn,2026:a-1",
            "fused": {"id": "tag:tin.example.vn,2026:a-2", "at": "2026-11-22T09:00:00Z"},
            "retracted_at": "2026-11-22T08:00:00Z",
            "kept_back": [{"article": 1, "why": "dropped"}],
            "sources": [[1, "Báo Một"], [3, "Báo Ba"]],
            "articles": [article(1)],
            "tags": [{
                "article": 1, "scheme": "document", "term": "1881-qd-ttg", "phrase": "1881/QĐ-TTg", "field": "title",
                "at": 0, "document": {"kind": "Quyết định", "year": 2020},
            }, {
                "article": 1, "scheme": "province", "term": "an-giang", "phrase": "rule 2", "field": "rule", "at": 0,
            }, {
                "article": 1, "scheme": "topic", "term": "ocop", "phrase": "OCOP", "field": "earlier", "at": 0,
            }],
            "taken": [{"article": 1, "scheme": "topic", "term": "lang-nghe", "rule": 3}],
            "near_misses": [{
                "article": article(3),
                "compared": {"one": 1, "apart_s": 7200, "verdict": {"relation": {"copy": "words"}}},
                "apart": "same_source",
            }],
        });
        let told = written(&explained);
        for line in [
            "  tag:tin.example.vn,2026:a-2 is part of it since 2026-11-22T09:00:00Z",
            "  retracted since 2026-11-22T08:00:00Z: no feed shows it",
            "  1 is not shown: dropped",
            "    not joined: both stories have an article of one source",
            "  document 1881-qd-ttg (Quyết định, 2020): \"1881/QĐ-TTg\" in the title of 1, at byte 0",
            "  province an-giang: given to 1 by rule 2",
            "  topic ocop: of 1, by what was so when it was last judged",
            "tags taken away",
            "  topic lang-nghe: taken by rule 3 from 1",
        ] {
            assert!(told.lines().any(|found| found == line), "{line} in {told}");
        }
        let usual = written(&json!({"id": "a-1", "retracted_at": null, "fused": null}));
        assert_eq!(usual.lines().count(), 5, "{usual}");
    }
}
