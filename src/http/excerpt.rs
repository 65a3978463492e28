//! The words of a piece of safe HTML, for where markup has no place.

/// Plain text of `html`, white space collapsed, cut at a word after at most `chars_max` characters.
pub(super) fn excerpt(html: &str, chars_max: usize) -> String {
    let text = words(html, chars_max);
    let Some((end, _)) = text.char_indices().nth(chars_max) else {
        return text;
    };
    let (head, tail) = text.split_at(end);
    let cut = match head.rsplit_once(' ') {
        _ if tail.starts_with(' ') => head,
        // One word that fills most of the room is cut in the middle.
        Some((whole, last)) if last.len() < head.len() / 2 => whole,
        _ => head,
    };
    format!(
        "{}…",
        cut.trim_end_matches([' ', ',', ';', ':', '.', '–', '-'])
    )
}

/// Ends at the first word that reaches past `chars_max`: enough to see that there is more.
fn words(html: &str, chars_max: usize) -> String {
    let mut text = String::new();
    let mut count = 0;
    let mut rest = html;
    while let Some(c) = rest.chars().next() {
        let (shown, after) = match c {
            '<' => (' ', after_tag(rest)),
            '&' => reference(rest),
            c => (c, &rest[c.len_utf8()..]),
        };
        rest = after;
        let blank = shown.is_whitespace() || shown.is_control();
        if blank && (text.is_empty() || text.ends_with(' ')) {
            continue;
        }
        text.push(if blank { ' ' } else { shown });
        count += 1;
        if count > chars_max && !blank {
            break;
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// What follows the tag that `rest` begins with; a `>` within quotes does not end it.
fn after_tag(rest: &str) -> &str {
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '>') => return &rest[at + 1..],
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    ""
}

/// The character that the reference at the head of `rest` stands for, and what follows it.
///
/// Safe HTML comes from a serialiser that writes these five and no others.
fn reference(rest: &str) -> (char, &str) {
    const REFERENCES: [(&str, char); 6] = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&#39;", '\''),
        ("&nbsp;", ' '),
    ];
    REFERENCES
        .iter()
        .find_map(|(name, c)| Some((*c, rest.strip_prefix(name)?)))
        .unwrap_or(('&', &rest[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &str) {
        assert_eq!(excerpt(html, 20), expected, "{html:?}");
    }

    #[test]
    fn markup_goes_and_words_stay() {
        check("", "");
        check("<p>Lò gốm</p>\n\n<p>cổ</p>", "Lò gốm cổ");
        check("a<br>b", "a b");
        check("<a title=\"a>b\" href='x>y'>chữ</a>", "chữ");
        check("A &amp; B &lt;i&gt; &quot;C&quot;&nbsp;", "A & B <i> \"C\"");
        check("&amp;lt;", "&lt;");
        check("R&D &copy; &", "R&D &copy; &");
        check("chữ <a href=\"", "chữ");
        check("a\u{0}\u{1b}b", "a b");
    }

    #[test]
    fn a_long_text_is_cut_at_a_word() {
        check("một hai ba bốn năm sáu", "một hai ba bốn năm…");
        check("một hai ba, bốn, năm sáu", "một hai ba, bốn, năm…");
        check("một hai ba, bốn, năm", "một hai ba, bốn, năm");
        check("một hai ba, bốn, năm \n<br> ", "một hai ba, bốn, năm");
        check("một hai ba, bốn, sáng", "một hai ba, bốn…");
        check(&"ă".repeat(20), &"ă".repeat(20));
        check(&"ă".repeat(21), &format!("{}…", "ă".repeat(20)));
        check(&format!("{}<b>", "<i>".repeat(9999)), "");
    }
}
