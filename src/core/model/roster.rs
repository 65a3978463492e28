use std::collections::{BTreeMap, HashMap};

use super::{Article, SourceId, SourceNo};

/// What matching and merging need to know of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFacts {
    pub no: SourceNo,
    pub id: SourceId,
    /// Ids it had before.
    pub was: Vec<SourceId>,
    /// The configured name, else the feed's own title, else the id.
    pub name: String,
    /// The feed's address.
    pub url: String,
    /// The page of the source; the feed's address where it names none.
    pub site: String,
    /// The higher shows a story that several carry.
    pub priority: i64,
    /// Whether the text of an article's own page is shown.
    pub republishes_full_text: bool,
    /// Hosts the configuration gives it: of `url`, and `hosts`.
    pub hosts: Vec<String>,
    /// The host of the page the feed itself names: believed only where no other source is configured for it.
    pub claimed_host: Option<String>,
}

/// All sources, past ones included, and who owns which host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    sources: BTreeMap<SourceNo, SourceFacts>,
    by_id: HashMap<SourceId, SourceNo>,
    owners: HashMap<String, Vec<SourceNo>>,
}

impl Roster {
    pub fn new(sources: impl IntoIterator<Item = SourceFacts>) -> Roster {
        let sources: BTreeMap<SourceNo, SourceFacts> =
            sources.into_iter().map(|facts| (facts.no, facts)).collect();
        let by_id = sources
            .values()
            .map(|facts| (facts.id.clone(), facts.no))
            .collect();
        let mut owners: HashMap<String, Vec<SourceNo>> = HashMap::new();
        for facts in sources.values() {
            for host in &facts.hosts {
                owners.entry(host.clone()).or_default().push(facts.no);
            }
        }
        let mut claims: HashMap<String, Vec<SourceNo>> = HashMap::new();
        for facts in sources.values() {
            if let Some(host) = &facts.claimed_host
                && !owners.contains_key(host)
            {
                claims.entry(host.clone()).or_default().push(facts.no);
            }
        }
        owners.extend(claims);
        Roster {
            sources,
            by_id,
            owners,
        }
    }

    pub fn get(&self, no: SourceNo) -> Option<&SourceFacts> {
        self.sources.get(&no)
    }

    pub fn find(&self, id: &SourceId) -> Option<&SourceFacts> {
        self.by_id.get(id).and_then(|no| self.sources.get(no))
    }

    /// The source that had this id before.
    pub fn renamed(&self, id: &SourceId) -> Option<&SourceFacts> {
        self.sources.values().find(|facts| facts.was.contains(id))
    }

    pub fn iter(&self) -> impl Iterator<Item = &SourceFacts> {
        self.sources.values()
    }

    pub fn owns(&self, source: SourceNo, host: &str) -> bool {
        self.owners
            .get(host)
            .is_some_and(|owners| owners.contains(&source))
    }

    /// Whether the article stands at an address on a host that other sources own and its own does not.
    pub fn is_guest(&self, article: &Article) -> bool {
        article
            .entry
            .host
            .as_deref()
            .and_then(|host| self.owners.get(host))
            .is_some_and(|owners| !owners.contains(&article.source))
    }

    /// Whether `article` is a guest on a host of `other`'s source.
    pub fn is_guest_of(&self, article: &Article, other: SourceNo) -> bool {
        self.is_guest(article)
            && article
                .entry
                .host
                .as_deref()
                .is_some_and(|host| self.owns(other, host))
    }
}
