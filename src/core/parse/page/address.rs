//! Addresses on a page: resolved, keyed for telling two ways to one article, and judged by their shape.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

const URL_BYTES_MAX: usize = 2048;

/// What a path's shape says of what lies behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    /// A section, a picture, a search: never an article.
    Never,
    /// Short and without a number: a section, most likely.
    Short,
    /// Words like a title's, without a number.
    Slug,
    /// With the number or the date that newsrooms give to articles.
    Article,
}

/// The page's own place, and what relative addresses count from.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) page: Url,
    base: Url,
    /// Further hosts of the same newsroom, without `www.`.
    hosts: Vec<String>,
}

impl Site {
    /// None when the page's own address is none of the web.
    pub(super) fn new(page: &str, base: Option<&str>, hosts: &[String]) -> Option<Site> {
        let page = Url::parse(page).ok().filter(is_web)?;
        let base = base
            .and_then(|base| page.join(base.trim()).ok())
            .filter(is_web)
            .unwrap_or_else(|| page.clone());
        Some(Site {
            page,
            base,
            hosts: hosts.to_vec(),
        })
    }

    pub(super) fn resolve(&self, raw: &str) -> Option<Url> {
        let raw: String = raw
            .trim()
            .chars()
            .filter(|c| !matches!(c, '\n' | '\r' | '\t'))
            .collect();
        if raw.is_empty() || raw.len() > URL_BYTES_MAX {
            return None;
        }
        self.base.join(&raw).ok().filter(is_web)
    }

    /// Whether one newsroom owns both: the same registrable domain, or a host that is said to be its own.
    pub(super) fn owns(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or("");
        let host = host.strip_prefix("www.").unwrap_or(host);
        domain(url) == domain(&self.page) || self.hosts.iter().any(|own| own == host)
    }

    pub(super) fn is_here(&self, url: &Url) -> bool {
        key(url) == key(&self.page)
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

fn domain(url: &Url) -> &str {
    match url.domain() {
        Some(name) => psl::domain_str(name).unwrap_or(name),
        None => url.host_str().unwrap_or(""),
    }
}

/// The form in which two ways to one article are equal; it outlives a moved scheme and a changed tracking query.
pub(super) fn key(url: &Url) -> String {
    let mut host = url.host_str().unwrap_or("");
    for prefix in ["www.", "m.", "amp.", "mobile."] {
        match host.strip_prefix(prefix) {
            Some(rest) if rest.contains('.') => host = rest,
            _ => {}
        }
    }
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/amp").unwrap_or(path);
    let query: Vec<&str> = url
        .query()
        .unwrap_or("")
        .split('&')
        .filter(|part| !part.is_empty() && !is_tracking(part))
        .collect();
    let sign = if query.is_empty() { "" } else { "?" };
    format!("https://{host}{port}{path}{sign}{}", query.join("&"))
}

fn is_tracking(part: &str) -> bool {
    let name = part.split('=').next().unwrap_or(part).to_ascii_lowercase();
    name.starts_with("utm_")
        || matches!(
            name.as_str(),
            "fbclid" | "gclid" | "zarsrc" | "ref" | "src" | "from" | "source" | "amp"
        )
}

/// Segments of paths behind which no single article lies.
const PLACES: [&str; 22] = [
    "tag",
    "tags",
    "tu-khoa",
    "tac-gia",
    "author",
    "authors",
    "search",
    "tim-kiem",
    "rss",
    "rss_feed",
    "feed",
    "feeds",
    "login",
    "logout",
    "dang-nhap",
    "dang-ky",
    "cdn-cgi",
    "wp-admin",
    "lien-he",
    "quang-cao",
    "gioi-thieu",
    "lien-he-toa-soan",
];

const FILES: [&str; 22] = [
    "jpg", "jpeg", "png", "gif", "webp", "svg", "ico", "pdf", "doc", "docx", "xls", "xlsx", "zip",
    "rar", "apk", "mp3", "mp4", "xml", "rss", "css", "js", "json",
];

macro_rules! patterns {
    ($($name:ident = $source:expr;)*) => {
        $(static $name: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new($source).expect("the pattern is a constant that a test compiles")
        });)*
    };
}

patterns! {
    GROUPING = r"(?i)[-_](?:event|tag|topic|chude|sukien|zone|cate?)\d*$";
    NUMBERED = r"(?i)^(?:.*[^0-9])?(?:\d{5,}|(?:post|postid|[adict])\d{4,}|-\d{4})$";
    SHORT_NUMBER = r"^(?:[^-]*-){4,}\d{3}$";
    HASHED = r"(?i)/(?:19|20)\d{4}/[^/]*-[0-9a-f]{6,}/?$|/\d{6}/[^/]+/?$";
    DATED = r"/(?:19|20)\d\d[/-](?:0?[1-9]|1[0-2])(?:[/-]\d{1,2})?/";
    ITEM_QUERY = r"(?i)(?:^|&)(?:id|newsid|articleid|itemid|aid|nid|p|tid)=\d{2,}(?:&|$)";
    TIME_IN_PATH = r"/d((?:19|20)\d{12})\d{3,6}(?:\.[a-z]{2,5})?$";
}

pub(super) fn shape(url: &Url) -> Shape {
    let path = url.path();
    let lower = path.to_ascii_lowercase();
    let segments: Vec<&str> = lower.split('/').filter(|part| !part.is_empty()).collect();
    let query = url.query().unwrap_or("");
    if ITEM_QUERY.is_match(query) {
        return Shape::Article;
    }
    let Some(last) = segments.last() else {
        return Shape::Never;
    };
    if segments.iter().any(|part| PLACES.contains(part)) {
        return Shape::Never;
    }
    let (name, extension) = match last.rsplit_once('.') {
        Some((name, extension)) if extension.len() <= 5 => (name, extension),
        _ => (*last, ""),
    };
    if FILES.contains(&extension) || GROUPING.is_match(name) || PLACES.contains(&name) {
        return Shape::Never;
    }
    let hyphens = name.matches(['-', '_']).count();
    let is_article = NUMBERED.is_match(name)
        || SHORT_NUMBER.is_match(name)
        || HASHED.is_match(path)
        || (DATED.is_match(path) && hyphens >= 1);
    if is_article {
        Shape::Article
    } else if hyphens >= 4 {
        Shape::Slug
    } else {
        Shape::Short
    }
}

/// The time some newsrooms write into the number of an article: `d20230322150639123.htm`.
pub(super) fn time_in_path(url: &Url) -> Option<String> {
    let digits = TIME_IN_PATH.captures(url.path())?;
    let digits = digits.get(1)?.as_str();
    Some(format!("{}T{}", &digits[..8], &digits[8..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Shape) {
        assert_eq!(shape(&Url::parse(url).unwrap()), expected, "{url}");
    }

    #[test]
    fn the_addresses_of_newsrooms_are_told_apart() {
        for article in [
            "https://langngheviet.com.vn/9-loi-ich-suc-khoe-28730.html",
            "https://suckhoeviet.org.vn/giam-05kgngay-6316.html",
            "https://baolaocai.vn/lu-lon-post812345.html",
            "https://baoangiang.com.vn/-podcast-vi-sao-a498640.html",
            "https://baokhanhhoa.vn/kinh-te/202610/tom-hum-duoc-gia-3a5f1c2/",
            "https://baothainguyen.vn/kinh-te/202610/tra-xuan/",
            "https://baoninhbinh.org.vn/lua-chin-som/d20230322150639123.htm",
            "https://baobacninhtv.vn/gom-phu-lang-postid441002.bbg",
            "https://baophutho.vn/che-long-coc-231456.htm",
            "https://a.vn/2026/10/02/lu-lon/",
            "https://a.vn/default.aspx?newsid=1234",
            "https://baolaichau.vn/kinh-te/tra-co-thu-104211/",
        ] {
            check(article, Shape::Article);
        }
        for section in [
            "https://a.vn/kinh-te",
            "https://a.vn/cong-nghiep-ttcn.html",
            "https://a.vn/kinh-te-12/",
        ] {
            check(section, Shape::Short);
        }
        check(
            "https://a.vn/tin-bai/che-bien-nong-san-cho-tet",
            Shape::Slug,
        );
        for never in [
            "https://a.vn/",
            "https://a.vn/dai-hoi-dang-bo-event123.html",
            "https://a.vn/tag/lang-nghe-12345.html",
            "https://a.vn/anh/lang-nghe-12345.jpg",
            "https://a.vn/rss/kinh-te",
            "https://a.vn/lien-he.html",
        ] {
            check(never, Shape::Never);
        }
    }

    #[test]
    fn two_ways_to_one_article_have_one_key() {
        let key_of = |url: &str| key(&Url::parse(url).unwrap());
        let plain = key_of("https://a.vn/x-1.html");
        assert_eq!(plain, key_of("http://www.a.vn/x-1.html?utm_source=f#c"));
        assert_eq!(plain, key_of("https://m.a.vn/x-1.html/amp"));
        assert_ne!(plain, key_of("https://a.vn/x-1.html?id=2"));
    }

    #[test]
    fn a_time_is_read_from_the_path() {
        let url = Url::parse("https://a.vn/lua/d20230322150639123.htm").unwrap();
        assert_eq!(time_in_path(&url).as_deref(), Some("20230322T150639"));
    }
}
