//! Addresses: what a source wrote to what can be opened, and to what can be compared.
//!
//! Only http and https come out. The canonical form is for matching and is never shown: it forgets what tells
//! two ways to one article apart, and must never make two articles one.

use url::Url;

/// A longer address is none.
const URL_BYTES_MAX: usize = 4096;

/// Query parameters that follow a reader and choose no article.
const TRACKING: [&str; 36] = [
    "fbclid",
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "twclid",
    "ttclid",
    "igshid",
    "igsh",
    "zarsrc",
    "zalo",
    "_gl",
    "_ga",
    "_hsenc",
    "_hsmi",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "cmpid",
    "ocid",
    "ref",
    "ref_src",
    "ref_url",
    "referrer",
    "feature",
    "spm",
    "share",
    "fb_ref",
    "fb_source",
    "amp",
    "amp_js_v",
    "usqp",
    "outputtype",
    "srsltid",
];

/// Ends of paths that lead to the same article as the path without them.
const SUFFIXES: [&str; 5] = [
    "/index.html",
    "/index.htm",
    "/index.php",
    "/index.aspx",
    "/amp",
];

/// The absolute http(s) address that `raw` names, relative to the first of `bases` that helps.
pub fn resolve(raw: &str, bases: &[&str]) -> Option<Url> {
    let trimmed: String = raw
        .trim()
        .chars()
        .filter(|c| !matches!(c, '\n' | '\r' | '\t'))
        .collect();
    if trimmed.is_empty() || trimmed.len() > URL_BYTES_MAX {
        return None;
    }
    let url = match Url::parse(&trimmed) {
        Ok(url) => Some(url),
        Err(_) if trimmed.starts_with("www.") => Url::parse(&format!("http://{trimmed}")).ok(),
        Err(_) => bases
            .iter()
            .find_map(|base| Url::parse(base).ok()?.join(&trimmed).ok()),
    }?;
    // `http://./` and `http://127../` are sound to the standard, and name nobody.
    let has_host = url
        .host_str()
        .is_some_and(|host| !host.is_empty() && !host.starts_with('.') && !host.contains(".."));
    let is_web = matches!(url.scheme(), "http" | "https") && has_host;
    (is_web && url.as_str().len() <= URL_BYTES_MAX).then_some(url)
}

/// The form in which two addresses of one article are equal.
pub fn canonical(url: &Url, keep_fragment: bool) -> String {
    let mut out = format!("https://{}", bare_host(url));
    if let Some(port) = url.port() {
        out.push_str(&format!(":{port}"));
    }
    out.push_str(&canonical_path(url.path()));
    let query: Vec<String> = url
        .query()
        .unwrap_or("")
        .split('&')
        .filter(|part| !part.is_empty() && !is_tracking(part))
        .map(normal_percent)
        .collect();
    if !query.is_empty() {
        out.push('?');
        out.push_str(&query.join("&"));
    }
    match url.fragment() {
        Some(fragment) if keep_fragment && !fragment.is_empty() => {
            out.push('#');
            out.push_str(&normal_percent(fragment));
        }
        _ => {}
    }
    out
}

/// Whether the address names a site and no article on it.
pub fn is_bare_host(url: &Url) -> bool {
    canonical_path(url.path()).is_empty()
        && url
            .query()
            .unwrap_or("")
            .split('&')
            .all(|part| part.is_empty() || is_tracking(part))
}

/// Lower case, without `www.`.
pub fn host(url: &Url) -> String {
    without_prefix(url.host_str().unwrap_or(""), "www.").to_owned()
}

/// The host without what only says for which screen it is.
fn bare_host(url: &Url) -> String {
    let mut host = url.host_str().unwrap_or("").trim_end_matches('.');
    // Until none is left: `m.m.a.vn` and `m.a.vn` are both `a.vn`.
    while let Some(bare) = ["www.", "m.", "amp.", "mobile."]
        .iter()
        .map(|prefix| without_prefix(host, prefix))
        .find(|bare| bare.len() < host.len())
    {
        host = bare;
    }
    host.to_owned()
}

/// The prefix goes only where a host with a dot is left.
fn without_prefix<'a>(host: &'a str, prefix: &str) -> &'a str {
    match host.strip_prefix(prefix) {
        Some(rest) if rest.contains('.') => rest,
        _ => host,
    }
}

fn canonical_path(path: &str) -> String {
    let normal = normal_percent(path);
    let mut path = normal.trim_end_matches('/');
    while let Some(bare) = SUFFIXES.iter().find_map(|suffix| path.strip_suffix(suffix)) {
        path = bare.trim_end_matches('/');
    }
    path.to_owned()
}

fn is_tracking(part: &str) -> bool {
    let name = part.split('=').next().unwrap_or("").to_ascii_lowercase();
    name.starts_with("utm_") || TRACKING.contains(&name.as_str())
}

/// Percent-encoding as RFC 3986 section 6.2.2 has it: unreserved characters plain, the rest in capitals.
fn normal_percent(raw: &str) -> String {
    let bytes = raw.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let coded = (bytes[at] == b'%')
            .then(|| raw.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match coded {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                out.push(byte);
                at += 3;
            }
            Some(byte) => {
                out.extend(format!("%{byte:02X}").bytes());
                at += 3;
            }
            None if bytes[at] == b'%' => {
                out.extend(b"%25");
                at += 1;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: &str) {
        assert_eq!(canonical(&Url::parse(raw).unwrap(), false), expected);
    }

    #[track_caller]
    fn resolves(raw: &str, expected: Option<&str>) {
        let bases = ["nonsense", "https://a.vn/tin/rss.xml"];
        let url = resolve(raw, &bases).map(String::from);
        assert_eq!(url.as_deref(), expected, "{raw}");
    }

    #[test]
    fn addresses_are_resolved_and_only_those_of_the_web() {
        resolves(" http://B.vn/x ", Some("http://b.vn/x"));
        resolves("bai-1.html", Some("https://a.vn/tin/bai-1.html"));
        resolves("/bai-1\n.html", Some("https://a.vn/bai-1.html"));
        resolves("//b.vn/x", Some("https://b.vn/x"));
        resolves("www.b.vn/x", Some("http://www.b.vn/x"));
        resolves(
            "https://b.vn/lũ lụt",
            Some("https://b.vn/l%C5%A9%20l%E1%BB%A5t"),
        );
        for bad in [
            "",
            "javascript:alert(1)",
            "data:text/html,x",
            "mailto:a@b.vn",
            "ftp://b.vn/",
            "http://",
            "http:./x",
            "http://127../x",
        ] {
            resolves(bad, None);
        }
        resolves(&format!("http://b.vn/{}", "x".repeat(URL_BYTES_MAX)), None);
    }

    #[test]
    fn two_ways_to_one_article_are_one() {
        let article = "https://baoangiang.vn/lu-lut-a1.html";
        for raw in [
            "http://baoangiang.vn/lu-lut-a1.html",
            "https://www.BaoAnGiang.vn:443/lu-lut-a1.html",
            "http://baoangiang.vn:80/lu-lut-a1.html/",
            "https://m.baoangiang.vn/lu-lut-a1.html?utm_source=zalo&UTM_medium=x",
            "https://amp.baoangiang.vn/lu-lut-a1.html?fbclid=1&gclid=2&_gl=3&zarsrc=30",
            "https://www.m.baoangiang.vn/lu%2Dlut-a1.html#binh-luan",
            "https://m.m.baoangiang.vn/lu-lut-a1.html",
            "https://baoangiang.vn/lu-lut-a1.html/amp/",
        ] {
            check(raw, article);
        }
    }

    #[test]
    fn what_chooses_an_article_stays() {
        check(
            "http://a.vn/x.aspx?id=7&utm_id=1&cat=2",
            "https://a.vn/x.aspx?id=7&cat=2",
        );
        check(
            "http://a.vn:8080/X%e1%ba%a1",
            "https://a.vn:8080/X%E1%BA%A1",
        );
        check("http://m.vn/x", "https://m.vn/x");
        check("http://tin.a.vn/x", "https://tin.a.vn/x");
        check("http://a.vn/%2f?q=%26", "https://a.vn/%2F?q=%26");
        let with = canonical(&Url::parse("http://a.vn/x#p1").unwrap(), true);
        assert_eq!(with, "https://a.vn/x#p1");
    }

    #[test]
    fn a_site_is_no_article() {
        for (raw, bare) in [
            ("http://a.vn", true),
            ("http://a.vn/", true),
            ("http://www.a.vn/index.html?utm_source=x", true),
            ("http://a.vn/?p=12", false),
            ("http://a.vn/tin", false),
        ] {
            assert_eq!(is_bare_host(&Url::parse(raw).unwrap()), bare, "{raw}");
        }
        assert_eq!(host(&Url::parse("http://WWW.a.vn/x").unwrap()), "a.vn");
    }

    proptest::proptest! {
        #[test]
        fn the_canonical_form_is_its_own(path in "[a-z/%0-9A-F.]{0,30}", query in "[a-z=&_%0-9]{0,30}") {
            let url = Url::parse(&format!("http://www.a.vn/{path}?{query}")).unwrap();
            let once = canonical(&url, true);
            let twice = canonical(&Url::parse(&once).unwrap(), true);
            proptest::prop_assert_eq!(once, twice);
        }
    }
}
