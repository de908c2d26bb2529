//! Which words and signs is a source made of? The lexer of the CEL subset.

use crate::error::Fault;

/// Largest whole number that may be written: every integer up to 2^53 is a double of its own.
const WHOLE_MAX: u64 = 1 << 53;

/// A word or a sign.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Token {
    Name(String),
    Number(f64),
    Text(String),
    True,
    False,
    Null,
    In,
    Sign(&'static str),
    End,
}

impl Token {
    /// As error messages name it.
    pub(crate) fn described(&self) -> String {
        match self {
            Token::Name(name) => format!("`{name}`"),
            Token::Number(n) => format!("the number {n}"),
            Token::Text(_) => "a text".into(),
            Token::True => "`true`".into(),
            Token::False => "`false`".into(),
            Token::Null => "`null`".into(),
            Token::In => "`in`".into(),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end".into(),
        }
    }
}

/// The signs, longer ones first where one begins another.
const SIGNS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "!", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", "?", ":",
    ",", ".", "{", "}",
];

/// Splits `source` into tokens with their byte offsets; the last is [`Token::End`].
pub(crate) fn tokens(source: &str) -> Result<Vec<(usize, Token)>, Fault> {
    let mut lexer = Lexer { source, at: 0 };
    let mut out = Vec::new();
    loop {
        lexer.skip_blanks();
        let start = lexer.at;
        let token = lexer.next()?;
        let end = token == Token::End;
        out.push((start, token));
        if end {
            return Ok(out);
        }
    }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes characters while `keep` holds.
    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &str {
        let start = self.at;
        let length = self.rest().find(|c| !keep(c)).unwrap_or(self.rest().len());
        self.at += length;
        &self.source[start..self.at]
    }

    fn skip_blanks(&mut self) {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{c}'));
            if !self.rest().starts_with("//") {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn next(&mut self) -> Result<Token, Fault> {
        let Some(first) = self.peek() else { return Ok(Token::End) };
        let second = self.rest().chars().nth(1);
        match first {
            '\'' | '"' => self.text(false),
            'r' | 'R' if matches!(second, Some('\'' | '"')) => {
                self.at += 1;
                self.text(true)
            }
            'b' | 'B' if matches!(second, Some('\'' | '"')) => {
                Err(Fault::new(self.at, "bytes are not supported").help("write a text without the `b`"))
            }
            '0'..='9' => self.number(),
            '.' if matches!(second, Some('0'..='9')) => self.number(),
            'a'..='z' | 'A'..='Z' | '_' => Ok(self.word()),
            _ => self.sign(first),
        }
    }

    fn word(&mut self) -> Token {
        match self.take_while(|c| c.is_ascii_alphanumeric() || c == '_') {
            "true" => Token::True,
            "false" => Token::False,
            "null" => Token::Null,
            "in" => Token::In,
            name => Token::Name(name.to_owned()),
        }
    }

    fn sign(&mut self, first: char) -> Result<Token, Fault> {
        if let Some(sign) = SIGNS.iter().find(|sign| self.rest().starts_with(**sign)) {
            self.at += sign.len();
            return Ok(Token::Sign(sign));
        }
        Err(match first {
            '=' => Fault::new(self.at, "`=` is not an operator").help("write `==` to compare"),
            '&' => Fault::new(self.at, "`&` is not an operator").help("write `&&` for and"),
            '|' => Fault::new(self.at, "`|` is not an operator").help("write `||` for or"),
            c if c.is_control() => {
                Fault::new(self.at, format!("the character {} cannot stand here", c.escape_default()))
            }
            c => Fault::new(self.at, format!("the character `{c}` cannot stand here"))
                .help("names are made of a–z, A–Z, 0–9, `_` and `.`; other texts stand in quotes"),
        })
    }

    fn number(&mut self) -> Result<Token, Fault> {
        let start = self.at;
        if self.rest().starts_with("0x") || self.rest().starts_with("0X") {
            self.at += 2;
            let digits =
                self.take_while(|c| c.is_ascii_alphanumeric() || c == '_').trim_end_matches(['u', 'U']);
            let value = u64::from_str_radix(digits, 16).ok().filter(|n| *n <= WHOLE_MAX);
            return value.map(|n| Token::Number(n as f64)).ok_or_else(|| self.bad_number(start));
        }
        self.take_while(|c| c.is_ascii_digit());
        let mut fraction = false;
        if self.rest().starts_with('.') && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) {
            fraction = true;
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        if self.rest().starts_with(['e', 'E']) {
            fraction = true;
            self.at += 1;
            if self.rest().starts_with(['+', '-']) {
                self.at += 1;
            }
            self.take_while(|c| c.is_ascii_digit());
        }
        let end = self.at;
        if !fraction && self.rest().starts_with(['u', 'U']) {
            self.at += 1;
        }
        if self.rest().starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            self.take_while(|c| c.is_alphanumeric() || c == '_');
            return Err(self.bad_number(start));
        }
        let text = &self.source[start..end];
        let in_range = fraction || text.parse::<u64>().is_ok_and(|n| n <= WHOLE_MAX);
        match text.parse::<f64>() {
            Ok(n) if n.is_finite() && in_range => Ok(Token::Number(n)),
            _ => Err(self.bad_number(start)),
        }
    }

    fn bad_number(&self, start: usize) -> Fault {
        let text: String = self.source[start..self.at].chars().take(40).collect();
        let help = match text.trim_start_matches(|c: char| c.is_ascii_digit()) {
            "s" | "m" | "h" | "d" | "w" => format!("a length of time is written duration(\"{text}\")"),
            _ => "write a whole number up to 2^53 or a fraction, as in 0.25".into(),
        };
        Fault::new(start, format!("`{text}` is not a number")).help(help)
    }

    /// A text in quotes; the lexer stands at the quote.
    fn text(&mut self, raw: bool) -> Result<Token, Fault> {
        let start = self.at;
        let open =
            || Fault::new(start, "this text is not closed").help("end it with the quote that began it");
        let quote = self.peek().ok_or_else(open)?;
        self.at += 1;
        let mut text = String::new();
        loop {
            let c = self.peek().ok_or_else(open)?;
            if c == '\n' {
                return Err(open());
            }
            if c == '\\' && !raw {
                text.push(self.escape()?);
                continue;
            }
            self.at += c.len_utf8();
            if c == quote {
                return Ok(Token::Text(text));
            }
            text.push(c);
        }
    }

    /// An escape of CEL within a text; the lexer stands at the backslash.
    fn escape(&mut self) -> Result<char, Fault> {
        let start = self.at;
        let bad = || {
            Fault::new(start, "this escape is not known")
                .help("write `\\\\` for a backslash, or a raw text as in r'\\d'")
        };
        self.at += 1;
        let c = self.peek().ok_or_else(bad)?;
        self.at += c.len_utf8();
        let digits = match c {
            '\\' | '\'' | '"' | '`' | '?' => return Ok(c),
            'a' => return Ok('\u{7}'),
            'b' => return Ok('\u{8}'),
            'f' => return Ok('\u{c}'),
            'n' => return Ok('\n'),
            'r' => return Ok('\r'),
            't' => return Ok('\t'),
            'v' => return Ok('\u{b}'),
            'x' | 'X' => 2,
            'u' => 4,
            'U' => 8,
            '0'..='3' => {
                self.at -= 1;
                let code = self.code(3, 8).ok_or_else(bad)?;
                return char::from_u32(code).ok_or_else(bad);
            }
            _ => return Err(bad()),
        };
        self.code(digits, 16).and_then(char::from_u32).ok_or_else(bad)
    }

    fn code(&mut self, digits: usize, radix: u32) -> Option<u32> {
        let text = self.rest().get(..digits)?;
        let code =
            text.chars().all(|c| c.is_digit(radix)).then(|| u32::from_str_radix(text, radix).ok())??;
        self.at += digits;
        Some(code)
    }
}
