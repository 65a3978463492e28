//! HTML for operators: the page of every source's health. Works without scripts, loads nothing.

use std::fmt::Write;

use crate::core::publish::xml::escape;

use super::page::write_head;

const TABLE_STYLE: &str = "table{border-collapse:collapse;font-size:.875rem}\
    td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid var(--line)}";

/// What `/status` shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthView {
    /// The title of the whole feed.
    pub title: String,
    pub version: &'static str,
    /// RFC 3339.
    pub started: String,
    pub stories: u64,
    pub articles: u64,
    /// The store on disk.
    pub store_bytes: u64,
    /// RFC 3339: when the oldest story was first seen.
    pub oldest: Option<String>,
    /// Articles that wait for an operator.
    pub held: u64,
    /// Stored articles judged anew, of how many.
    pub judged: (u64, u64),
    /// Stored stories gathered anew, of how many.
    pub gathered: (u64, u64),
    /// What an operator should act on.
    pub notes: Vec<String>,
    pub rules: Vec<RuleLine>,
    pub sources: Vec<SourceLine>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleLine {
    pub number: u32,
    /// What it does and what it looks at.
    pub what: String,
    pub fired: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceLine {
    pub id: String,
    pub name: String,
    pub state: &'static str,
    pub entries: u64,
    pub last_success: Option<String>,
    pub next_poll: Option<String>,
    pub last_error: Option<String>,
}

/// `/status`
pub fn health_page(view: &HealthView) -> String {
    let mut out = String::new();
    write_page(&mut out, view).expect("a string takes what it is given");
    out
}

fn write_page(out: &mut String, view: &HealthView) -> std::fmt::Result {
    let title = escape(&view.title);
    write_head(out, &format!("Tình trạng – {title}"), "", TABLE_STYLE)?;
    write!(
        out,
        "<p class=\"meta\"><a href=\"./\">{title}</a></p>\n\
         <h1>Tình trạng các nguồn</h1>\n\
         <p class=\"meta\">{} tin, {} bài · langbao {} từ {} · <a href=\"status.json\">JSON</a></p>\n\
         </header>\n\
         <main>\n",
        view.stories,
        view.articles,
        escape(view.version),
        escape(&view.started),
    )?;
    if let Some(oldest) = &view.oldest {
        writeln!(
            out,
            "<p class=\"meta\">Kho: {} MiB trên đĩa, tin cũ nhất từ {}</p>",
            view.store_bytes.div_ceil(1024 * 1024),
            escape(oldest)
        )?;
    }
    for note in &view.notes {
        writeln!(out, "<p><strong>{}</strong></p>", escape(note))?;
    }
    if view.held > 0 {
        writeln!(
            out,
            "<p>{} bài đang được giữ lại: xem <code>langbao held</code></p>",
            view.held
        )?;
    }
    let (done, total) = view.judged;
    if done < total {
        writeln!(out, "<p>Đang xét lại các bài đã lưu: {done} / {total}</p>")?;
    }
    let (done, total) = view.gathered;
    if done < total {
        writeln!(out, "<p>Đang gom lại các tin đã lưu: {done} / {total}</p>")?;
    }
    write_rules(out, &view.rules)?;
    write_sources(out, &view.sources)?;
    writeln!(out, "</main>\n</body>\n</html>")
}

fn write_rules(out: &mut String, rules: &[RuleLine]) -> std::fmt::Result {
    if rules.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<section>\n<h2>Quy tắc</h2>\n<table>\n<tr><th>số</th><th>làm gì</th><th>số bài đã tác động</th></tr>"
    )?;
    for rule in rules {
        writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            rule.number,
            escape(&rule.what),
            rule.fired
        )?;
    }
    writeln!(out, "</table>\n</section>")
}

fn write_sources(out: &mut String, sources: &[SourceLine]) -> std::fmt::Result {
    writeln!(
        out,
        "<section>\n<h2>Nguồn tin</h2>\n<table>\n<tr><th>nguồn</th><th>tình trạng</th><th>bài</th>\
         <th>lần đọc được cuối</th><th>lần hỏi tới</th></tr>"
    )?;
    for source in sources {
        let time = |at: &Option<String>| escape(at.as_deref().unwrap_or("–"));
        let error = source
            .last_error
            .as_deref()
            .map(|error| format!("<br><span class=\"meta\">{}</span>", escape(error)));
        writeln!(
            out,
            "<tr><td><a href=\"sources/{}.atom\">{}</a></td><td>{}{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&source.id),
            escape(&source.name),
            escape(source.state),
            error.unwrap_or_default(),
            source.entries,
            time(&source.last_success),
            time(&source.next_poll),
        )?;
    }
    writeln!(out, "</table>\n</section>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_every_rule_and_every_note_is_shown_and_none_becomes_markup() {
        let evil = "\"'><script>alert(1)</script>";
        let view = HealthView {
            title: evil.to_owned(),
            version: "0.0.0",
            started: "2026-11-22T08:00:00Z".to_owned(),
            stories: 5,
            articles: 7,
            store_bytes: 3_500_000,
            oldest: Some("2024-11-22T08:00:00Z".to_owned()),
            held: 3,
            judged: (2, 9),
            gathered: (3, 8),
            notes: vec![evil.to_owned()],
            rules: vec![RuleLine {
                number: 1,
                what: "drop by title".to_owned(),
                fired: 17,
            }],
            sources: vec![SourceLine {
                id: "bao-hue".to_owned(),
                name: evil.to_owned(),
                state: "failing",
                entries: 4,
                last_success: None,
                next_poll: Some("2026-11-22T09:00:00Z".to_owned()),
                last_error: Some(evil.to_owned()),
            }],
        };
        let html = health_page(&view);
        for part in [
            "5 tin, 7 bài",
            "3 bài đang được giữ lại",
            "2 / 9",
            "<tr><td>1</td><td>drop by title</td><td>17</td></tr>",
            "<a href=\"sources/bao-hue.atom\">",
            "<td>failing<br>",
            "<td>4</td><td>–</td><td>2026-11-22T09:00:00Z</td>",
        ] {
            assert!(html.contains(part), "no {part} in:\n{html}");
        }
        assert!(!html.contains("<script") && !html.contains("'>"));
        let quiet = health_page(&HealthView::default());
        assert!(!quiet.contains("Quy tắc") && !quiet.contains("xét lại"));
    }
}
