//! What operators ask of stories: taken down, brought back, listed while held, let go.

use super::find;
use super::owner::Owner;
use crate::admin::{Amended, Amendment, HeldArticle, HeldList};
use crate::core::merge;
use crate::core::model::{Article, HeldBy, Mint, Roster, Ruling, StoryNo, Timestamp, Verdict};
use crate::store::{StoreError, StoreReader};

/// Articles listed at once.
const HELD_LISTED_MAX: usize = 1000;

/// Does what is asked, durably.
///
/// # Errors
/// A clause for whoever asked: there is no such story, it stands otherwise, the store cannot be written.
pub fn amend(owner: &mut Owner, asked: &Amendment, now: Timestamp) -> Result<Amended, String> {
    let published = owner.published();
    let reader = owner.reader();
    let no =
        find::story(&reader, &published.mint, &asked.story).map_err(|lost| lost.to_string())?;
    let slug = published.mint.story_slug(no);
    let articles = owner
        .amend(no, asked.deed, now)
        .map_err(|undone| format!("story {slug}: {undone}"))?;
    let title = title(&reader, no, &published.roster).map_err(|err| err.to_string())?;
    Ok(Amended {
        story: slug,
        title,
        articles,
    })
}

fn title(reader: &StoreReader, no: StoryNo, roster: &Roster) -> Result<String, StoreError> {
    let told = reader.whole(no)?;
    let shown = told.as_ref().and_then(|told| merge::shown(told, roster));
    Ok(shown.map_or_else(String::new, |article| article.entry.title.clone()))
}

/// What waits for an operator.
///
/// # Errors
/// When the store cannot be read.
pub fn held(reader: &StoreReader, mint: &Mint, roster: &Roster) -> Result<HeldList, StoreError> {
    let articles = reader
        .held(HELD_LISTED_MAX)?
        .into_iter()
        .map(|article| HeldArticle {
            story: mint.story_slug(article.story),
            source: roster
                .get(article.source)
                .map_or_else(|| article.source.to_string(), |facts| facts.id.to_string()),
            since: article.first_seen_at.rfc3339(),
            why: why(&article),
            url: article.entry.url,
            title: article.entry.title,
        })
        .collect();
    Ok(HeldList {
        articles,
        total: reader.counts()?.held,
    })
}

fn why(article: &Article) -> String {
    let ruled = &article.entry.ruled;
    match (article.ruling(), ruled.verdict, ruled.by.last()) {
        (Ruling::Held(HeldBy::Rule), Verdict::Hold, Some(number)) => format!("rule {number}"),
        _ => "flood".to_owned(),
    }
}
