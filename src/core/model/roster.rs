use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

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
///
/// Cloned and changed in one source at a cost that hardly grows with their number: readers keep the one before,
/// and each feed that says its title for the first time makes another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    sources: Parts<SourceNo, Arc<SourceFacts>>,
    by_id: Arc<HashMap<SourceId, SourceNo>>,
    /// By host, as the configuration has them.
    owners: Arc<HashMap<String, Vec<SourceNo>>>,
    /// By host, as the feeds themselves claim: it counts where nobody is configured.
    claims: Parts<String, Vec<SourceNo>>,
}

impl Roster {
    pub fn new(sources: impl IntoIterator<Item = SourceFacts>) -> Roster {
        let mut roster = Roster::default();
        let (mut by_id, mut owners) = (HashMap::new(), HashMap::<String, Vec<SourceNo>>::new());
        let sources: BTreeMap<SourceNo, SourceFacts> =
            sources.into_iter().map(|facts| (facts.no, facts)).collect();
        for facts in sources.into_values() {
            by_id.insert(facts.id.clone(), facts.no);
            for host in &facts.hosts {
                owners.entry(host.clone()).or_default().push(facts.no);
            }
            roster.claim(&facts);
            let part = roster.sources.part(part_of_source(facts.no));
            part.insert(facts.no, Arc::new(facts));
        }
        Roster {
            by_id: Arc::new(by_id),
            owners: Arc::new(owners),
            ..roster
        }
    }

    /// With other facts of one source: the same as made of all sources anew, at the cost of one.
    pub fn renew(&mut self, facts: SourceFacts) {
        let is_alike = self
            .get(facts.no)
            .is_some_and(|old| (&old.id, &old.hosts) == (&facts.id, &facts.hosts));
        if !is_alike {
            let others = self.iter().filter(|old| old.no != facts.no).cloned();
            *self = Roster::new(others.chain([facts.clone()]));
            return;
        }
        let no = facts.no;
        let part = self.sources.part(part_of_source(no));
        let facts = Arc::new(facts);
        let old = part.insert(no, Arc::clone(&facts));
        if let Some(host) = old.as_ref().and_then(|old| old.claimed_host.as_ref()) {
            let claims = self.claims.part(part_of_host(host));
            if let Some(claimants) = claims.get_mut(host) {
                claimants.retain(|one| *one != no);
            }
            claims.retain(|_, claimants| !claimants.is_empty());
        }
        self.claim(&facts);
    }

    fn claim(&mut self, facts: &SourceFacts) {
        if let Some(host) = &facts.claimed_host {
            let claims = self.claims.part(part_of_host(host));
            let claimants = claims.entry(host.clone()).or_default();
            let at = claimants.partition_point(|one| *one < facts.no);
            claimants.insert(at, facts.no);
        }
    }

    fn owners_of(&self, host: &str) -> Option<&Vec<SourceNo>> {
        let claimed = || self.claims.get(part_of_host(host), host);
        self.owners.get(host).or_else(claimed)
    }

    pub fn get(&self, no: SourceNo) -> Option<&SourceFacts> {
        let found = self.sources.get(part_of_source(no), &no)?;
        Some(found)
    }

    pub fn find(&self, id: &SourceId) -> Option<&SourceFacts> {
        self.by_id.get(id).and_then(|no| self.get(*no))
    }

    /// The source that had this id before.
    pub fn renamed(&self, id: &SourceId) -> Option<&SourceFacts> {
        self.iter().find(|facts| facts.was.contains(id))
    }

    /// In the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &SourceFacts> {
        self.sources.values().map(Arc::as_ref)
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

/// A map in parts that clones share: a change copies one of them.
#[derive(Debug, Clone)]
struct Parts<K, V>(BTreeMap<u32, Arc<BTreeMap<K, V>>>);

/// So many sources share a part, and claimed hosts are spread over so many.
const PART: u32 = 128;

fn part_of_source(no: SourceNo) -> u32 {
    no.0 / PART
}

fn part_of_host(host: &str) -> u32 {
    let mix = |sum: u32, byte: u8| sum.wrapping_mul(31).wrapping_add(u32::from(byte));
    host.bytes().fold(0, mix) % PART
}

impl<K, V> Default for Parts<K, V> {
    fn default() -> Self {
        Parts(BTreeMap::new())
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for Parts<K, V> {
    fn eq(&self, other: &Self) -> bool {
        let own = self.0.values().flat_map(|part| part.iter());
        own.eq(other.0.values().flat_map(|part| part.iter()))
    }
}

impl<K: Eq, V: Eq> Eq for Parts<K, V> {}

impl<K: Ord + Clone, V: Clone> Parts<K, V> {
    fn get<Q: Ord + ?Sized>(&self, part: u32, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(&part)?.get(key)
    }

    fn part(&mut self, part: u32) -> &mut BTreeMap<K, V> {
        Arc::make_mut(self.0.entry(part).or_default())
    }

    fn values(&self) -> impl Iterator<Item = &V> {
        self.0.values().flat_map(|part| part.values())
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
            let (before, kept) = (roster.clone(), now.clone());
            now.retain(|one| one.no != change.no);
            now.push(change.clone());
            roster.renew(change);
            assert_eq!(roster, Roster::new(now.clone()));
            assert_eq!(before, Roster::new(kept), "the one before changed too");
        }
        assert!(roster.owns(SourceNo(4), "chung.vn") && !roster.owns(SourceNo(3), "s1.vn"));
    }
}
