//! How a mistake is told: on one line for a log, or with the line of the file and a caret.

use std::fmt;

use super::Remark;
use super::place::is_unsafe;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Error,
    Warning,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Error => "error",
            Level::Warning => "warning",
        })
    }
}

/// What is written before each part of a rendered remark, and after it: escape sequences, or nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Paint {
    pub place: &'static str,
    pub error: &'static str,
    pub warning: &'static str,
    pub gutter: &'static str,
    pub reset: &'static str,
}

impl Paint {
    pub const PLAIN: Paint = Paint {
        place: "",
        error: "",
        warning: "",
        gutter: "",
        reset: "",
    };
    pub const ANSI: Paint = Paint {
        place: "\x1b[1m",
        error: "\x1b[1;31m",
        warning: "\x1b[1;33m",
        gutter: "\x1b[34m",
        reset: "\x1b[0m",
    };
}

impl Remark {
    /// Four lines, two where the whole file is meant, without a line feed at the end: place and message, then the excerpt with its caret.
    pub fn render(&self, level: Level) -> String {
        self.render_painted(level, &Paint::PLAIN)
    }

    pub fn render_painted(&self, level: Level, paint: &Paint) -> String {
        let Paint {
            place,
            gutter,
            reset,
            ..
        } = paint;
        let ink = match level {
            Level::Error => paint.error,
            Level::Warning => paint.warning,
        };
        let hint = self
            .hint
            .as_ref()
            .map_or(String::new(), |hint| format!(" {}", shown(hint)));
        let (file, message) = (shown(&self.file), shown(&self.message));
        if self.line == 0 {
            return format!("{place}{file}:{reset} {ink}{level}:{reset} {message}\n {hint}");
        }
        let number = self.line.to_string();
        let blank = " ".repeat(number.len());
        let excerpt = match self.excerpt.as_str() {
            "" => String::new(),
            excerpt => format!(" {excerpt}"),
        };
        let caret = format!(
            "{}{}",
            " ".repeat(self.indent),
            "^".repeat(self.width.max(1))
        );
        format!(
            "{place}{file}:{line}:{column}:{reset} {ink}{level}:{reset} {message}\n\
             {gutter}{blank} |{reset}\n\
             {gutter}{number} |{reset}{excerpt}\n\
             {gutter}{blank} |{reset} {ink}{caret}{reset}{hint}",
            line = self.line,
            column = self.column,
        )
    }
}

/// One line, for a log: `feeds.toml:14:1: source "khanh-hoa": unknown key "intervall", did you mean "min_interval"?`
impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, line, column) = (shown(&self.file), self.line, self.column);
        match line {
            0 => write!(f, "{file}: {}", shown(&self.message))?,
            line => write!(f, "{file}:{line}:{column}: {}", shown(&self.message))?,
        }
        match &self.hint {
            Some(hint) => write!(f, ", {}", shown(hint)),
            None => Ok(()),
        }
    }
}

fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remark() -> Remark {
        Remark {
            file: "feeds.toml".into(),
            line: 14,
            column: 1,
            message: "source \"khanh-hoa\": unknown key \"intervall\"".into(),
            hint: Some("did you mean \"min_interval\"?".into()),
            excerpt: "intervall = \"5m\"".into(),
            indent: 0,
            width: 9,
        }
    }

    #[test]
    fn a_remark_shows_its_line_and_a_caret() {
        let expected = "\
feeds.toml:14:1: error: source \"khanh-hoa\": unknown key \"intervall\"
   |
14 | intervall = \"5m\"
   | ^^^^^^^^^ did you mean \"min_interval\"?";
        assert_eq!(remark().render(Level::Error), expected);
    }

    #[test]
    fn a_log_gets_one_line() {
        let expected = "feeds.toml:14:1: source \"khanh-hoa\": unknown key \"intervall\", did you mean \"min_interval\"?";
        assert_eq!(remark().to_string(), expected);
    }

    #[test]
    fn colour_changes_nothing_but_escape_sequences() {
        let painted = remark().render_painted(Level::Warning, &Paint::ANSI);
        let mut bare = painted.clone();
        for ink in ["\x1b[0m", "\x1b[1m", "\x1b[34m", "\x1b[1;33m"] {
            assert!(painted.contains(ink), "{ink:?}");
            bare = bare.replace(ink, "");
        }
        assert_eq!(bare, remark().render(Level::Warning));
    }

    #[test]
    fn a_file_name_cannot_steer_the_terminal() {
        let mut remark = remark();
        remark.file = "a\x1b[2J\n.toml".into();
        assert!(!remark.render(Level::Error).contains('\x1b'));
        assert_eq!(remark.to_string().lines().count(), 1);
    }
}
