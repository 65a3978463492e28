//! Where a source is asked: at the configured address, or where it moved to for good.
//!
//! One answer through permanent redirects is no proof: a portal in between, a mistake of an hour. After
//! enough that agree the new address is asked itself; the first failure there goes back to the old one.

use url::Url;

use crate::core::model::{FaultKind, Move, SourceState};

/// How many answers in a row must agree before a new address is believed.
pub const ANSWERS_MIN: u32 = 5;

/// After an answer that came through permanent redirects alone from `moved_to`, or from where it was asked.
pub fn after_success(state: SourceState, moved_to: Option<&str>) -> SourceState {
    let Some(to) = moved_to else {
        return SourceState {
            moving: None,
            ..state
        };
    };
    let answers = match &state.moving {
        Some(moving) if moving.to == to => moving.answers.saturating_add(1),
        _ => 1,
    };
    if answers < ANSWERS_MIN {
        let to = to.to_owned();
        return SourceState {
            moving: Some(Move { to, answers }),
            ..state
        };
    }
    SourceState {
        // One that leads back to the configured address is at home again.
        moved_to: (to != state.url).then(|| to.to_owned()),
        moving: None,
        ..state
    }
}

/// After a failure: where it failed it is not asked again, unless the address had no part in it.
pub fn after_failure(state: SourceState, kind: FaultKind) -> SourceState {
    match kind {
        FaultKind::Throttled | FaultKind::Internal => state,
        _ => SourceState {
            moved_to: None,
            moving: None,
            ..state
        },
    }
}

/// The address to ask; `is_private` says that what is sent along is for the configured site only.
pub fn address<'a>(configured: &'a str, state: &'a SourceState, is_private: bool) -> &'a str {
    let moved_to = state
        .moved_to
        .as_deref()
        .filter(|_| state.url == configured);
    match moved_to {
        Some(to) if !is_private || is_same_site(configured, to) => to,
        _ => configured,
    }
}

/// Whether what may be told the one may be told the other: the same host, and not in the clear instead of encrypted.
fn is_same_site(from: &str, to: &str) -> bool {
    let (Ok(from), Ok(to)) = (Url::parse(from), Url::parse(to)) else {
        return false;
    };
    // An address with a password in it is not stored a second time without it.
    from.username().is_empty()
        && from.password().is_none()
        && from.host_str() == to.host_str()
        && !(from.scheme() == "https" && to.scheme() == "http")
}

/// Whether an address itself holds credentials.
pub fn has_credentials(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::fixture::noon;
    use crate::core::model::{SourceId, SourceNo};

    const OLD: &str = "https://a.vn/rss";
    const NEW: &str = "https://moi.a.vn/rss";

    fn state() -> SourceState {
        let id = SourceId::parse("a").expect("a plain id");
        SourceState::new(SourceNo(1), id, OLD.into(), noon())
    }

    fn after(answers: &[Option<&str>]) -> SourceState {
        answers
            .iter()
            .fold(state(), |state, moved_to| after_success(state, *moved_to))
    }

    #[test]
    fn a_new_address_is_believed_after_five_answers_that_agree() {
        let new = Some(NEW);
        for (answers, expected) in [
            (vec![new; 4], OLD),
            (vec![new; 5], NEW),
            (vec![new, new, None, new, new, new], OLD),
            (vec![new, new, Some("https://b.vn/rss"), new, new, new], OLD),
            // Once it is asked where it is, it says no more of moving.
            (vec![new, new, new, new, new, None, None], NEW),
        ] {
            let state = after(&answers);
            assert_eq!(address(OLD, &state, false), expected, "{answers:?}");
        }
    }

    #[test]
    fn an_address_that_leads_home_is_forgotten() {
        let mut state = after(&[Some(NEW); 5]);
        for _ in 0..5 {
            state = after_success(state, Some(OLD));
        }
        assert_eq!(state.moved_to, None);
    }

    #[test]
    fn a_failure_there_goes_back_to_the_configured_address() {
        for (kind, expected) in [
            (FaultKind::Unreachable, OLD),
            (FaultKind::PrivateAddress, OLD),
            (FaultKind::Gone, OLD),
            (FaultKind::NotAFeed, OLD),
            (FaultKind::Throttled, NEW),
            (FaultKind::Internal, NEW),
        ] {
            let state = after_failure(after(&[Some(NEW); 5]), kind);
            assert_eq!(address(OLD, &state, false), expected, "{kind:?}");
        }
    }

    #[test]
    fn another_configured_address_is_asked_itself() {
        let state = after(&[Some(NEW); 5]);
        assert_eq!(
            address("https://c.vn/rss", &state, false),
            "https://c.vn/rss"
        );
    }

    #[test]
    fn what_is_for_one_site_is_not_told_another() {
        for (to, expected) in [
            ("https://a.vn/tin.rss", true),
            ("https://moi.a.vn/rss", false),
            ("http://a.vn/rss", false),
        ] {
            let state = after(&[Some(to); 5]);
            assert_eq!(address(OLD, &state, true) == to, expected, "{to}");
        }
        assert!(has_credentials("https://u:p@a.vn/rss") && !has_credentials(OLD));
    }
}
