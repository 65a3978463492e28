//! Text to tags, in one pass and linear time, whatever the text.

/// One piece of a document, as written.
pub(super) enum Token<'a> {
    /// References not yet decoded.
    Text(&'a str),
    /// The inside of a CDATA section.
    Literal(&'a str),
    Open {
        name: &'a str,
        attributes: Vec<(&'a str, &'a str)>,
        closed: bool,
    },
    Close(&'a str),
    Doctype(&'a str),
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    attributes_max: usize,
    /// From here on there is no such quote any more: an open one would be sought to the end each time.
    no_quote_from: [usize; 2],
    no_gt_from: usize,
    no_cdata_end: bool,
    no_comment_end: bool,
    doctype_seen: bool,
}

/// How long a document type may be.
const DOCTYPE_BYTES_MAX: usize = 64 * 1024;

/// Where the `>` of a document type stands that is outside its brackets.
fn subset_end(rest: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, c) in rest.bytes().take(DOCTYPE_BYTES_MAX).enumerate() {
        match c {
            b'[' => depth += 1,
            b']' => depth -= 1,
            b'>' if depth <= 0 => return Some(at),
            _ => {}
        }
    }
    None
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, attributes_max: usize) -> Scanner<'a> {
        Scanner {
            text,
            at: 0,
            attributes_max,
            no_quote_from: [usize::MAX; 2],
            no_gt_from: usize::MAX,
            no_cdata_end: false,
            no_comment_end: false,
            doctype_seen: false,
        }
    }

    /// Whether the text ended inside a CDATA section.
    pub(super) fn is_cut_short(&self) -> bool {
        self.no_cdata_end
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn text_up_to(&mut self, end: usize) -> Token<'a> {
        let text = &self.text[self.at..end];
        self.at = end;
        Token::Text(text)
    }

    /// A `<` that begins no tag, with the text up to the next one.
    fn bare(&mut self) -> Token<'a> {
        let end = self.rest()[1..]
            .find('<')
            .map_or(self.text.len(), |next| self.at + 1 + next);
        self.text_up_to(end)
    }

    fn section(&mut self, open: usize, end: Option<usize>, close: usize) -> &'a str {
        let start = self.at + open;
        let stop = end.map_or(self.text.len(), |end| start + end);
        self.at = end.map_or(self.text.len(), |_| stop + close);
        &self.text[start..stop]
    }

    fn literal(&mut self) -> Token<'a> {
        const OPEN: usize = "<![CDATA[".len();
        let end = self.rest()[OPEN..].find("]]>");
        self.no_cdata_end |= end.is_none();
        Token::Literal(self.section(OPEN, end, 3))
    }

    fn comment(&mut self) -> Option<Token<'a>> {
        if !self.no_comment_end {
            if let Some(end) = self.rest()[4..].find("-->") {
                self.section(4, Some(end), 3);
                return None;
            }
            self.no_comment_end = true;
        }
        self.at += 4;
        None
    }

    /// `<!DOCTYPE … [ … ]>`, or any other declaration.
    fn declaration(&mut self) -> Option<Token<'a>> {
        let rest = self.rest();
        let is_doctype = rest
            .get(..9)
            .is_some_and(|head| head.eq_ignore_ascii_case("<!doctype"));
        // A document has one type: only the first may hold brackets, and none may swallow the document.
        let subset = (is_doctype && !self.doctype_seen)
            .then(|| subset_end(rest))
            .flatten();
        self.doctype_seen |= is_doctype;
        let end = match subset {
            Some(end) => end,
            None if self.at >= self.no_gt_from => return None,
            None => match rest.find('>') {
                Some(end) => end,
                None => {
                    self.no_gt_from = self.at;
                    return None;
                }
            },
        };
        self.at += end + 1;
        is_doctype.then(|| Token::Doctype(&rest[..end]))
    }

    fn instruction(&mut self) {
        let rest = self.rest();
        self.at += rest.find('>').map_or(rest.len(), |end| end + 1);
    }

    fn close(&mut self) -> Token<'a> {
        let rest = &self.rest()[2..];
        let name = &rest[..name_len(rest)];
        let tail = &rest[name.len()..];
        let skipped = match tail.find(['>', '<']) {
            Some(end) if tail.as_bytes()[end] == b'>' => end + 1,
            Some(end) => end,
            None => tail.len(),
        };
        self.at += 2 + name.len() + skipped;
        Token::Close(name)
    }

    fn open(&mut self) -> Option<Token<'a>> {
        let text = self.text;
        let start = self.at + 1;
        let name = &text[start..start + name_len(&text[start..])];
        let mut at = start + name.len();
        let mut attributes = Vec::new();
        loop {
            at += text[at..].len() - text[at..].trim_start().len();
            let rest = &text[at..];
            match rest.bytes().next()? {
                b'>' => {
                    self.at = at + 1;
                    return Some(Token::Open {
                        name,
                        attributes,
                        closed: false,
                    });
                }
                b'/' if rest.starts_with("/>") => {
                    self.at = at + 2;
                    return Some(Token::Open {
                        name,
                        attributes,
                        closed: true,
                    });
                }
                b'<' => return None,
                _ => {}
            }
            let key = &rest[..attribute_len(rest)];
            if key.is_empty() {
                at += rest.chars().next().map_or(1, char::len_utf8);
                continue;
            }
            at += key.len();
            let after = text[at..].trim_start();
            let value = match after.strip_prefix('=') {
                Some(after) => {
                    let value = self.value(after.trim_start())?;
                    at = value.1;
                    value.0
                }
                None => "",
            };
            if attributes.len() < self.attributes_max {
                attributes.push((key, value));
            }
        }
    }

    /// The value that `rest` begins with and where the text goes on after it.
    fn value(&mut self, rest: &'a str) -> Option<(&'a str, usize)> {
        let at = self.text.len() - rest.len();
        let which = match rest.bytes().next()? {
            b'"' => 0,
            b'\'' => 1,
            _ => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || c == '>' || c == '<')
                    .unwrap_or(rest.len());
                // `<a href=x/>`: the slash ends the tag, unless the value is an address that ends in one.
                let value = &rest[..end];
                let value = match value.strip_suffix('/') {
                    Some(bare) if rest[end..].starts_with('>') && !bare.contains("//") => bare,
                    _ => value,
                };
                return Some((value, at + value.len()));
            }
        };
        if at >= self.no_quote_from[which] {
            return None;
        }
        let quote = if which == 0 { '"' } else { '\'' };
        match rest[1..].find(quote) {
            Some(end) => Some((&rest[1..=end], at + end + 2)),
            None => {
                self.no_quote_from[which] = at;
                None
            }
        }
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return None;
            }
            let Some(lt) = rest.find('<') else {
                return Some(self.text_up_to(self.text.len()));
            };
            if lt > 0 {
                return Some(self.text_up_to(self.at + lt));
            }
            let token = if rest.starts_with("<![CDATA[") {
                Some(self.literal())
            } else if rest.starts_with("<!--") {
                self.comment()
            } else if rest.starts_with("<!") {
                let at = self.at;
                let token = self.declaration();
                if self.at == at {
                    return Some(self.bare());
                }
                token
            } else if rest.starts_with("<?") {
                self.instruction();
                None
            } else if rest.starts_with("</") && name_len(&rest[2..]) > 0 {
                Some(self.close())
            } else if name_len(&rest[1..]) > 0 {
                match self.open() {
                    Some(token) => Some(token),
                    None => Some(self.bare()),
                }
            } else {
                Some(self.bare())
            };
            if token.is_some() {
                return token;
            }
        }
    }
}

fn name_len(text: &str) -> usize {
    match text.chars().next() {
        Some(c) if c.is_alphabetic() || c == '_' => {}
        _ => return 0,
    }
    text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.')))
        .unwrap_or(text.len())
}

fn attribute_len(text: &str) -> usize {
    text.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '<' | '/' | '"' | '\''))
        .unwrap_or(text.len())
}
