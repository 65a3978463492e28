//! robots.txt as RFC 9309 has it: which paths a crawler may ask for.
//!
//! The groups that name the crawler are taken together, else those for everybody; of its rules the longest that
//! matches decides, and allows where two are as long. Knows no host and fetches nothing.

/// RFC 9309 asks for at least 500 KiB.
const BYTES_MAX: usize = 500 * 1024;

/// Rules of one file; further ones are not read.
const RULES_MAX: usize = 20_000;

/// Stars of one pattern; more are as good as one at its end.
const STARS_MAX: usize = 32;

/// Steps in matching one path, all rules together; what is beyond counts as not matching.
const STEPS_MAX: usize = 4_000_000;

const PATH_BYTES_MAX: usize = 8 * 1024;

/// A parsed robots.txt.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Robots {
    groups: Vec<Group>,
    sitemaps: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Group {
    /// In lower case; `*` for everybody.
    agents: Vec<String>,
    rules: Vec<Rule>,
    crawl_delay_s: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allows: bool,
    /// With percent signs normalised.
    pattern: Vec<u8>,
}

impl Robots {
    /// Reads as much of `text` as the bounds allow; a line that is not understood is passed over.
    pub fn parse(text: &str) -> Robots {
        let mut robots = Robots::default();
        let mut group = Group::default();
        let mut rules = 0_usize;
        let mut names_agents = false;
        let text = super::page::clean::cut(text, BYTES_MAX);
        for line in text.trim_start_matches('\u{feff}').split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or("");
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            let key = key.trim().to_ascii_lowercase();
            match key.as_str() {
                "user-agent" | "useragent" | "user agent" => {
                    if !names_agents && !group.agents.is_empty() {
                        robots.groups.push(std::mem::take(&mut group));
                    }
                    names_agents = true;
                    group.agents.push(agent(value));
                }
                "allow" | "disallow" | "dissallow" | "disalow" => {
                    names_agents = false;
                    // An empty rule says nothing; a rule before any group belongs to nobody.
                    if !value.is_empty() && !group.agents.is_empty() && rules < RULES_MAX {
                        rules += 1;
                        group.rules.push(Rule {
                            allows: key == "allow",
                            pattern: normal(value.as_bytes()),
                        });
                    }
                }
                "crawl-delay" => {
                    names_agents = false;
                    let delay = value
                        .parse::<f64>()
                        .ok()
                        .filter(|delay| delay.is_finite() && *delay >= 0.0);
                    group.crawl_delay_s = group.crawl_delay_s.or(delay);
                }
                "sitemap" if robots.sitemaps.len() < 100 => robots.sitemaps.push(value.to_owned()),
                _ => {}
            }
        }
        robots.groups.push(group);
        robots
    }

    /// Whether the crawler whose product token is `agent` may ask for `path`, which may hold a query.
    pub fn allows(&self, agent: &str, path: &str) -> bool {
        let path = if path.is_empty() { "/" } else { path };
        if path == "/robots.txt" {
            return true;
        }
        let path = normal(&path.as_bytes()[..path.len().min(PATH_BYTES_MAX)]);
        let mut steps = STEPS_MAX;
        let mut best: Option<(usize, bool)> = None;
        for rule in self.groups_of(agent).flat_map(|group| &group.rules) {
            let rank = (rule.pattern.len(), rule.allows);
            if best.is_none_or(|best| rank > best) && is_match(&rule.pattern, &path, &mut steps) {
                best = Some(rank);
            }
        }
        best.is_none_or(|(_, allows)| allows)
    }

    /// Seconds between two requests that the crawler is asked to keep; not of RFC 9309, but asked for by many.
    pub fn crawl_delay(&self, agent: &str) -> Option<std::time::Duration> {
        let delay = self
            .groups_of(agent)
            .filter_map(|group| group.crawl_delay_s)
            .fold(None, |longest: Option<f64>, delay| {
                Some(longest.map_or(delay, |known| known.max(delay)))
            })?;
        std::time::Duration::try_from_secs_f64(delay.min(86_400.0)).ok()
    }

    /// Addresses of sitemaps, as written.
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    fn groups_of(&self, name: &str) -> impl Iterator<Item = &Group> {
        let wanted = agent(name);
        let is_named = |group: &Group| group.agents.contains(&wanted);
        let wanted = if self.groups.iter().any(is_named) {
            wanted
        } else {
            "*".to_owned()
        };
        self.groups
            .iter()
            .filter(move |group| group.agents.contains(&wanted))
    }
}

/// The product token in lower case: `langbao` of `langbao/1.0 (+https://…)`.
fn agent(value: &str) -> String {
    if value.trim_start().starts_with('*') {
        return "*".to_owned();
    }
    value
        .trim()
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect::<String>()
        .to_ascii_lowercase()
}

/// Escapes in upper case, unreserved characters and all that no address needs escaped as they are, others escaped.
fn normal(raw: &[u8]) -> Vec<u8> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = Vec::with_capacity(raw.len());
    let put_escaped = |out: &mut Vec<u8>, byte: u8| {
        out.push(b'%');
        out.push(HEX[usize::from(byte >> 4)]);
        out.push(HEX[usize::from(byte & 15)]);
    };
    let digit = |at: usize| {
        raw.get(at)
            .and_then(|b| char::from(*b).to_digit(16))
            .and_then(|d| u8::try_from(d).ok())
    };
    let mut at = 0;
    while at < raw.len() {
        match (raw[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                let byte = high << 4 | low;
                if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                    out.push(byte);
                } else {
                    put_escaped(&mut out, byte);
                }
                at += 3;
            }
            (byte, _, _) if byte.is_ascii_graphic() => {
                out.push(byte);
                at += 1;
            }
            (byte, _, _) => {
                put_escaped(&mut out, byte);
                at += 1;
            }
        }
    }
    out
}

/// `*` stands for anything, `$` at the end for the end; otherwise a pattern is a beginning.
fn is_match(pattern: &[u8], path: &[u8], steps: &mut usize) -> bool {
    let (pattern, to_end) = match pattern.strip_suffix(b"$") {
        Some(rest) => (rest, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split(|b| *b == b'*');
    let first = parts.next().unwrap_or(&[]);
    if !path.starts_with(first) {
        return false;
    }
    let mut at = first.len();
    let rest: Vec<&[u8]> = parts.take(STARS_MAX).collect();
    let Some((last, middle)) = rest.split_last() else {
        return !to_end || at == path.len();
    };
    // The leftmost place for each part leaves the most room for the next.
    for part in middle {
        match find(&path[at..], part, steps) {
            Some(found) => at += found + part.len(),
            None => return false,
        }
    }
    if to_end {
        path.len() >= at + last.len() && path.ends_with(last)
    } else {
        find(&path[at..], last, steps).is_some()
    }
}

fn find(text: &[u8], part: &[u8], steps: &mut usize) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    *steps = steps.checked_sub(text.len())?;
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(robots: &str, path: &str, expected: bool) {
        assert_eq!(
            Robots::parse(robots).allows("langbao", path),
            expected,
            "{path} under {robots:?}"
        );
    }

    #[test]
    fn the_longest_rule_decides_and_allow_wins_a_tie() {
        let robots = "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c\nAllow: /same\nDisallow: /same";
        check(robots, "/", true);
        check(robots, "/a/x", false);
        check(robots, "/a/b/x", true);
        check(robots, "/a/b/c.html", false);
        check(robots, "/same", true);
        check("User-agent: *\nDisallow:", "/x", true);
        check("User-agent: *\nDisallow: /", "/x", false);
        check("User-agent: *\nDisallow: /", "", false);
        check("User-agent: *\nDisallow: /", "/robots.txt", true);
        check("", "/x", true);
    }

    #[test]
    fn stars_and_dollars_are_patterns() {
        let robots =
            "user-agent: *\ndisallow: /*.php$\ndisallow: /tim-kiem*page=\ndisallow: *print";
        check(robots, "/x.php", false);
        check(robots, "/x.php?a=1", true);
        check(robots, "/tim-kiem?q=gom&page=2", false);
        check(robots, "/tim-kiem?q=gom", true);
        check(robots, "/tin/print/1", false);
        check("user-agent: *\ndisallow: /$", "/", false);
        check("user-agent: *\ndisallow: /$", "/x", true);
    }

    #[test]
    fn the_group_that_names_the_crawler_goes_before_that_for_all() {
        let robots = "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-agent: LangBao/2.0\nDisallow: /x\n\
                      User-agent: langbao\nDisallow: /y\nCrawl-delay: 2.5\n";
        check(robots, "/", true);
        check(robots, "/x", false);
        check(robots, "/y", false);
        let robots = Robots::parse(robots);
        assert!(!robots.allows("somebody", "/"));
        assert!(robots.allows("langbao/1.0 (+https://a.vn)", "/z"));
        assert_eq!(
            robots.crawl_delay("langbao").map(|delay| delay.as_millis()),
            Some(2500)
        );
        assert_eq!(robots.crawl_delay("somebody"), None);
    }

    #[test]
    fn escapes_are_compared_by_what_they_mean() {
        check(
            "user-agent: *\ndisallow: /%7Ea/kinh-t%e1%ba%bf",
            "/~a/kinh-tế/x",
            false,
        );
        check("user-agent: *\ndisallow: /làng", "/l%C3%A0ng-nghe", false);
        check("user-agent: *\ndisallow: /a%2Fb", "/a/b", true);
    }

    #[test]
    fn damage_is_passed_over() {
        check(
            "\u{feff}User-agent : * # all\r\nDisallow : /x # not this\rnonsense\n<html>",
            "/x",
            false,
        );
        check("Disallow: /x\nUser-agent: *\nDisallow: /y", "/x", true);
        let robots = Robots::parse("Sitemap: https://a.vn/s.xml\nUser-agent: a\nCrawl-delay: -1");
        assert_eq!(robots.sitemaps(), ["https://a.vn/s.xml"]);
        assert_eq!(robots.crawl_delay("a"), None);
    }

    #[test]
    fn hostile_rules_cost_little() {
        let robots = format!(
            "user-agent: *\n{}",
            "disallow: /*a*a*a*a*b$\n".repeat(20_000)
        );
        let robots = Robots::parse(&robots);
        robots.allows("x", &format!("/{}", "a".repeat(8_000)));
        assert!(Robots::parse(&"disallow: /\n".repeat(1_000_000)).allows("x", "/"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(raw in "(user-agent|disallow|allow|:|\\*|/|\\$|%|4|a|\n| |ộ){0,60}", path in "[/a%*$4ộ]{0,20}") {
            Robots::parse(&raw).allows("a", &path);
        }
    }
}
