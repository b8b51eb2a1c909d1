//! Characters of a pattern, one at a time.

use super::Invalid;

pub struct Lexer<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut lexer = Self { rest: text.chars().peekable() };
        lexer.skip_space();
        lexer
    }

    pub fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    pub fn bump(&mut self) -> Option<char> {
        self.rest.next()
    }

    pub fn at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    pub fn skip_space(&mut self) {
        while self.rest.next_if(|c| c.is_whitespace()).is_some() {}
    }

    pub fn word(&mut self, keep: impl Fn(char) -> bool) -> String {
        let mut out = String::new();
        while let Some(c) = self.rest.next_if(|c| keep(*c)) {
            out.push(c);
        }
        out
    }

    /// Takes the character, if it is next, and the space after it.
    pub fn eat(&mut self, wanted: char) -> bool {
        let found = self.rest.next_if_eq(&wanted).is_some();
        if found {
            self.skip_space();
        }
        found
    }

    /// The inside of `"…"`, in which `\` escapes.
    pub fn quoted(&mut self) -> Result<String, Invalid> {
        self.delimited('"', true)
    }

    /// The inside of `%…%`.
    pub fn regex(&mut self) -> Result<String, Invalid> {
        self.delimited('%', false)
    }

    /// The inside of `'…'`.
    pub fn single_quoted(&mut self) -> Result<String, Invalid> {
        self.delimited('\'', true)
    }

    fn delimited(&mut self, mark: char, unescape: bool) -> Result<String, Invalid> {
        if self.bump() != Some(mark) {
            return Err(Invalid);
        }
        let mut out = String::new();
        loop {
            match self.bump().ok_or(Invalid)? {
                c if c == mark => return Ok(out),
                '\\' => {
                    let next = self.bump().ok_or(Invalid)?;
                    if !unescape && next != mark {
                        out.push('\\');
                    }
                    out.push(next);
                }
                c => out.push(c),
            }
        }
    }
}
