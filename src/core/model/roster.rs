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
    /// By host, as the configuration has them.
    owners: HashMap<String, Vec<SourceNo>>,
    /// By host, as the feeds themselves claim: it counts where nobody is configured.
    claims: HashMap<String, Vec<SourceNo>>,
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
            if let Some(host) = &facts.claimed_host {
                claims.entry(host.clone()).or_default().push(facts.no);
            }
        }
        Roster {
            sources,
            by_id,
            owners,
            claims,
        }
    }

    /// With other facts of one source: the same as made of all sources anew, at the cost of one.
    pub fn renew(&mut self, facts: SourceFacts) {
        let is_alike = self
            .sources
            .get(&facts.no)
            .is_some_and(|old| (&old.id, &old.hosts) == (&facts.id, &facts.hosts));
        if !is_alike {
            let mut sources = std::mem::take(&mut self.sources);
            sources.insert(facts.no, facts);
            *self = Roster::new(sources.into_values());
            return;
        }
        let no = facts.no;
        let claimed = facts.claimed_host.clone();
        let old = self.sources.insert(no, facts);
        if let Some(host) = old.and_then(|old| old.claimed_host)
            && let Some(claimants) = self.claims.get_mut(&host)
        {
            claimants.retain(|one| *one != no);
            if claimants.is_empty() {
                self.claims.remove(&host);
            }
        }
        if let Some(host) = claimed {
            let claimants = self.claims.entry(host).or_default();
            let at = claimants.partition_point(|one| *one < no);
            claimants.insert(at, no);
        }
    }

    fn owners_of(&self, host: &str) -> Option<&Vec<SourceNo>> {
        self.owners.get(host).or_else(|| self.claims.get(host))
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
        self.owners_of(host)
            .is_some_and(|owners| owners.contains(&source))
    }

    /// Whether the article stands at an address on a host that other sources own and its own does not.
    pub fn is_guest(&self, article: &Article) -> bool {
        article
            .entry
            .host
            .as_deref()
            .and_then(|host| self.owners_of(host))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(no: u32, claimed_host: Option<&str>) -> SourceFacts {
        SourceFacts {
            no: SourceNo(no),
            id: SourceId::parse(&format!("s{no}")).expect("a plain id"),
            was: Vec::new(),
            name: format!("Báo {no}"),
            url: format!("https://s{no}.vn/rss"),
            site: format!("https://s{no}.vn/"),
            priority: 0,
            republishes_full_text: false,
            hosts: vec![format!("s{no}.vn")],
            claimed_host: claimed_host.map(str::to_owned),
        }
    }

    #[test]
    fn renewed_one_by_one_it_is_what_is_made_of_all_anew() {
        let mut now: Vec<SourceFacts> = (0..4).map(|no| facts(no, None)).collect();
        let mut roster = Roster::new(now.clone());
        let changes = [
            facts(2, Some("chung.vn")),
            facts(0, Some("chung.vn")),
            facts(3, Some("s1.vn")),
            facts(2, Some("rieng.vn")),
            facts(0, None),
            SourceFacts {
                hosts: vec!["s1.vn".into(), "moi.vn".into()],
                ..facts(1, Some("chung.vn"))
            },
            facts(4, Some("chung.vn")),
        ];
        for change in changes {
            now.retain(|one| one.no != change.no);
            now.push(change.clone());
            roster.renew(change);
            assert_eq!(roster, Roster::new(now.clone()));
        }
        assert!(roster.owns(SourceNo(4), "chung.vn") && !roster.owns(SourceNo(3), "s1.vn"));
    }
}
