//! Names of elements: many spellings of a namespace, one prefix.

/// Prefixes under which the rest of the parser knows namespaces, with the address that feed-rs knows them by.
const NAMESPACES: [(&str, &str); 9] = [
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("podcast", "https://podcastindex.org/namespace/1.0"),
    ("wfw", "http://wellformedweb.org/CommentAPI/"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("sy", "http://purl.org/rss/1.0/modules/syndication/"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
];

/// Prefix and address of each namespace that a mended document may use.
pub fn namespaces() -> impl Iterator<Item = (&'static str, &'static str)> {
    NAMESPACES.into_iter()
}

/// The prefix a namespace goes by here; empty for those of RSS and Atom themselves, none for one not known.
///
/// Addresses are compared without scheme, case and final `/` or `#`: feeds write them in every such way.
pub(super) fn prefix_of(uri: &str) -> Option<&'static str> {
    let lower = uri.trim().to_ascii_lowercase();
    let bare = lower
        .strip_prefix("http://")
        .or_else(|| lower.strip_prefix("https://"))
        .unwrap_or(&lower)
        .trim_end_matches(['/', '#']);
    if bare.contains("backend.userland.com/rss") {
        return Some("");
    }
    match bare {
        ""
        | "blogs.law.harvard.edu/tech/rss"
        | "cyber.law.harvard.edu/rss/rss.html"
        | "purl.org/rss/1.0"
        | "purl.org/net/rss1.1"
        | "my.netscape.com/rdf/simple/0.9"
        | "channel.netscape.com/rdf/simple/0.9"
        | "my.netscape.com/publish/formats/rss-0.91.dtd"
        | "example.com/newformat"
        | "example.com/necho"
        | "purl.org/echo"
        | "uri/of/echo/namespace"
        | "purl.org/pie"
        | "purl.org/atom/ns"
        | "www.w3.org/2005/atom"
        | "purl.org/rss/1.0/modules/rss091" => Some(""),
        "purl.org/rss/1.0/modules/content" => Some("content"),
        "purl.org/dc/elements/1.1" | "purl.org/dc/elements/1.0" | "purl.org/dc/1.1" => Some("dc"),
        "purl.org/dc/terms" => Some("dcterms"),
        "search.yahoo.com/mrss" | "tools.search.yahoo.com/mrss" | "video.search.yahoo.com/mrss" => {
            Some("media")
        }
        "www.itunes.com/dtds/podcast-1.0.dtd" | "example.com/dtds/podcast-1.0.dtd" => {
            Some("itunes")
        }
        "podcastindex.org/namespace/1.0" => Some("podcast"),
        "wellformedweb.org/commentapi" => Some("wfw"),
        "purl.org/rss/1.0/modules/syndication" => Some("sy"),
        "www.w3.org/1999/02/22-rdf-syntax-ns" => Some("rdf"),
        "www.w3.org/1999/xhtml" => Some("xhtml"),
        "www.w3.org/xml/1998/namespace" => Some("xml"),
        _ => None,
    }
}

/// The prefix to go by when the document declares none for `prefix`.
pub(super) fn conventional(prefix: &str) -> &str {
    match prefix {
        "atom" | "atom10" | "rss" | "rss1" | "rss2" => "",
        "html" | "h" => "xhtml",
        other => other,
    }
}

/// The name without its prefix.
pub fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_known_in_each_of_its_spellings() {
        for (uri, prefix) in [
            ("http://www.w3.org/2005/Atom", Some("")),
            ("https://www.w3.org/2005/atom/", Some("")),
            ("http://backend.userland.com/rss2", Some("")),
            ("http://backend.userland.com/RSS091", Some("")),
            ("http://blogs.law.harvard.edu/tech/rss", Some("")),
            ("http://purl.org/atom/ns#", Some("")),
            ("http://search.yahoo.com/mrss", Some("media")),
            ("http://www.itunes.com/DTDs/Podcast-1.0.dtd", Some("itunes")),
            ("http://purl.org/dc/elements/1.1", Some("dc")),
            ("http://a.vn/own", None),
        ] {
            assert_eq!(prefix_of(uri), prefix, "{uri}");
        }
    }

    #[test]
    fn each_namespace_of_a_mended_document_is_known_back() {
        for (prefix, uri) in namespaces() {
            assert_eq!(prefix_of(uri), Some(prefix));
        }
    }
}
