//! `${NAME}` in a string: an environment variable or a credential, looked up by the caller.

/// Of one string, after expansion.
const EXPANDED_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expansion {
    /// Nothing was looked up; `$${` has become `${`.
    Plain(String),
    /// Holds what was looked up: never to be repeated in a message.
    Secret(String),
    Faults(Vec<ExpandFault>),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum ExpandFault {
    Unset(String),
    /// What stands between the braces cannot be a name.
    BadName,
    Unclosed,
    TooLong,
}

/// Names are `[A-Za-z0-9_.-]`: what environment variables and systemd credentials are called.
fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

pub(super) fn expand(raw: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Expansion {
    let mut out = String::with_capacity(raw.len());
    let mut faults = Vec::new();
    let mut secret = false;
    let mut rest = raw;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            out.push_str(&rest[..at - 1]);
            out.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        out.push_str(&rest[..at]);
        let Some((name, after)) = rest[at + 2..].split_once('}') else {
            faults.push(ExpandFault::Unclosed);
            rest = "";
            break;
        };
        rest = after;
        if !is_name(name) {
            faults.push(ExpandFault::BadName);
            continue;
        }
        match lookup(name) {
            Some(found) => {
                secret = true;
                out.push_str(without_last_newline(&found));
            }
            None => faults.push(ExpandFault::Unset(name.to_owned())),
        }
        if out.len() > EXPANDED_BYTES_MAX {
            faults.push(ExpandFault::TooLong);
            break;
        }
    }
    out.push_str(rest);
    match (faults.is_empty(), secret) {
        (false, _) => Expansion::Faults(faults),
        (true, true) => Expansion::Secret(out),
        (true, false) => Expansion::Plain(out),
    }
}

// A credential is a file, and most editors end a file with a line feed that belongs to no password.
fn without_last_newline(found: &str) -> &str {
    let found = found.strip_suffix('\n').unwrap_or(found);
    found.strip_suffix('\r').unwrap_or(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: Expansion) {
        let lookup = |name: &str| match name {
            "A" => Some("x${B}".to_owned()),
            "token.file" => Some("geheim\r\n".to_owned()),
            "EMPTY" => Some(String::new()),
            "HUGE" => Some("h".repeat(EXPANDED_BYTES_MAX + 1)),
            _ => None,
        };
        assert_eq!(expand(raw, &lookup), expected, "{raw}");
    }

    #[test]
    fn names_are_looked_up_once_and_what_they_give_is_secret() {
        check("no name", Expansion::Plain("no name".into()));
        check("a ${A} b", Expansion::Secret("a x${B} b".into()));
        check("${token.file}", Expansion::Secret("geheim".into()));
        check("[${EMPTY}]", Expansion::Secret("[]".into()));
    }

    #[test]
    fn a_doubled_dollar_is_a_literal_one() {
        check("$${A}", Expansion::Plain("${A}".into()));
        check("$$${A}", Expansion::Plain("$${A}".into()));
        check("cost: $5 {A}", Expansion::Plain("cost: $5 {A}".into()));
        check("$${ ${A}", Expansion::Secret("${ x${B}".into()));
    }

    #[test]
    fn every_name_that_is_unset_is_told() {
        let unset = |name: &str| ExpandFault::Unset(name.into());
        check(
            "${X}${A}${Y}",
            Expansion::Faults(vec![unset("X"), unset("Y")]),
        );
        check("${}", Expansion::Faults(vec![ExpandFault::BadName]));
        check("${a b}", Expansion::Faults(vec![ExpandFault::BadName]));
        check("${A", Expansion::Faults(vec![ExpandFault::Unclosed]));
        check("${HUGE}", Expansion::Faults(vec![ExpandFault::TooLong]));
    }
}
