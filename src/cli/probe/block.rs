//! A `[[source]]` block for an address, to paste into feeds.toml.

use url::Url;

use crate::core::config::Kind;
use crate::core::tag;

/// What is to be written of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub kind: Kind,
    pub url: String,
    pub name: Option<String>,
    pub full_text: bool,
}

impl Block {
    /// As TOML that `langbao check` takes without a remark.
    pub fn toml(&self) -> String {
        let mut lines = vec![
            "[[source]]".to_owned(),
            format!("id = {}", quoted(&id(&self.url))),
            format!("url = {}", quoted(&self.url)),
        ];
        if let Some(name) = &self.name {
            let name: String = name.chars().take(NAME_CHARS_MAX).collect();
            lines.push(format!("name = {}", quoted(name.trim())));
        }
        match self.kind {
            Kind::Feed => {}
            Kind::Page => lines.push("kind = \"page\"".to_owned()),
            Kind::Sitemap => lines.push("kind = \"sitemap\"".to_owned()),
        }
        if let Some(province) = province(&self.url) {
            lines.push(format!("province = {}", quoted(province)));
        }
        if self.full_text {
            lines.push("full_text = true".to_owned());
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

const NAME_CHARS_MAX: usize = 200;
const ID_BYTES_MAX: usize = 60;

/// A TOML basic string; control characters are left out.
fn quoted(raw: &str) -> String {
    let plain: String = raw.chars().filter(|c| !c.is_control()).collect();
    // `${` would ask for a variable.
    let plain = plain.replace("${", "$${");
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Made of the host's own name and the last part of the path.
fn id(raw: &str) -> String {
    let url = Url::parse(raw).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or("");
    let name = names_of(host).join("-");
    let path = url.as_ref().map_or("", Url::path);
    let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("");
    let stem = last.split('.').next().unwrap_or("");
    let is_said = [
        "", "rss", "feed", "atom", "index", "home", "rss_feed", "sitemap",
    ]
    .contains(&stem);
    let raw = if is_said {
        name
    } else {
        format!("{name}-{stem}")
    };
    let mut id = String::new();
    for c in raw.to_ascii_lowercase().chars() {
        if id.len() >= ID_BYTES_MAX {
            break;
        }
        match c {
            'a'..='z' | '0'..='9' => id.push(c),
            _ if !id.is_empty() && !id.ends_with('-') => id.push('-'),
            _ => {}
        }
    }
    let id = id.trim_matches('-');
    if id.is_empty() {
        "nguon".to_owned()
    } else {
        id.to_owned()
    }
}

/// The labels of a host that tell whose it is: without `www` and without the suffix that many share.
fn names_of(host: &str) -> Vec<&str> {
    let own = match psl::suffix_str(host) {
        Some(suffix) if suffix.len() < host.len() => host
            .strip_suffix(suffix)
            .unwrap_or(host)
            .trim_end_matches('.'),
        _ => host,
    };
    own.split('.')
        .filter(|label| !matches!(*label, "www" | "m" | ""))
        .collect()
}

/// The province a host is named after: `bacninh.gov.vn`, `baobacninh.vn`.
fn province(raw: &str) -> Option<&'static str> {
    let url = Url::parse(raw).ok()?;
    let names = names_of(url.host_str()?);
    tag::province_slugs().into_iter().find(|slug| {
        let bare = slug.replace('-', "");
        names.iter().any(|name| {
            let name = name.replace('-', "");
            name == bare || name.strip_prefix("bao").is_some_and(|rest| rest == bare)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::config::{ConfigFile, Vocabulary, load};

    #[test]
    fn a_block_is_named_after_its_newsroom_and_loads_without_a_remark() {
        for (kind, url, expected) in [
            (
                Kind::Feed,
                "https://www.langngheviet.com.vn/rss",
                "id = \"langngheviet\"\n",
            ),
            (
                Kind::Page,
                "https://baobacninh.vn/kinh-te/lang-nghe.html",
                "id = \"baobacninh-lang-nghe\"\n",
            ),
            (
                Kind::Page,
                "https://baobacninh.vn/x",
                "province = \"bac-ninh\"\n",
            ),
            (
                Kind::Page,
                "https://sct.angiang.gov.vn/tin",
                "province = \"an-giang\"\n",
            ),
            (
                Kind::Sitemap,
                "http://127.0.0.1:8080/sitemap.xml",
                "kind = \"sitemap\"\n",
            ),
            (
                Kind::Feed,
                "https://xn--bo-jia.vn/Tin%20%22A%22?x=${y}",
                "x=$${y}",
            ),
        ] {
            let block = Block {
                kind,
                url: url.into(),
                name: Some("Báo \"A\" \\ ${B}\u{7}".into()),
                full_text: kind == Kind::Sitemap,
            };
            let text = block.toml();
            assert!(text.contains(expected), "{text}");
            let file = ConfigFile {
                name: "feeds.toml".into(),
                text: format!("[server]\nbase_url = \"https://tin.example.vn/\"\n{text}"),
            };
            let vocabulary = Vocabulary {
                provinces: tag::province_slugs()
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
                ..Vocabulary::default()
            };
            let checked = load(&file, &[], &vocabulary, &|_| None).expect("without a mistake");
            assert_eq!(checked.warnings, [], "{text}");
            assert_eq!(
                checked.config.sources[0].name.as_deref(),
                Some("Báo \"A\" \\ ${B}")
            );
        }
    }
}
