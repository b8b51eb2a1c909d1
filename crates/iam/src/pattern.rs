//! Strings with wildcards and policy variables, compiled once.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>

use crate::Context;

/// How a policy's string is to be read.
#[derive(Clone, Copy)]
pub(crate) struct Reading {
    /// `*` and `?` are wildcards.
    pub wildcards: bool,
    /// `${…}` are variables: only in policies of version 2012-10-17.
    pub variables: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(Box<str>),
    /// `*`: any run of characters.
    Star,
    /// `?`: any one character.
    One,
    /// A variable; the key is lower-case.
    Variable {
        key: Box<str>,
        default: Option<Box<str>>,
    },
}

/// A piece whose variable has been replaced by its value.
enum Unit<'a> {
    Literal(&'a str),
    Star,
    One,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pieces: Box<[Piece]>,
}

impl Pattern {
    pub fn parse(text: &str, reading: Reading) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        let flush = |literal: &mut String, piece: Piece, pieces: &mut Vec<Piece>| {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(literal).into()));
            }
            // `**` is `*`; collapsing keeps matching from trying the same thing twice.
            if !(piece == Piece::Star && pieces.last() == Some(&Piece::Star)) {
                pieces.push(piece);
            }
        };
        while let Some(c) = rest.chars().next() {
            if reading.variables
                && let Some((inside, after)) = variable_at(rest)
            {
                match inside {
                    "*" | "?" | "$" => literal.push_str(inside),
                    _ => flush(&mut literal, variable(inside), &mut pieces),
                }
                rest = after;
                continue;
            }
            match c {
                '*' if reading.wildcards => flush(&mut literal, Piece::Star, &mut pieces),
                '?' if reading.wildcards => flush(&mut literal, Piece::One, &mut pieces),
                c => literal.push(c),
            }
            rest = &rest[c.len_utf8()..];
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.into()));
        }
        Self { pieces: pieces.into() }
    }

    /// Whether every variable has a value in this request.
    pub fn resolves(&self, context: &Context) -> bool {
        self.pieces.iter().all(|piece| match piece {
            Piece::Variable { key, default } => default.is_some() || context.variable(key).is_some(),
            _ => true,
        })
    }

    /// Whether all of `text` matches. A pattern with a variable that has no value matches nothing.
    pub fn matches(&self, text: &str, context: &Context, ignore_case: bool) -> bool {
        self.resolves(context) && self.glob(text, context, ignore_case)
    }

    /// [`Pattern::matches`] for a pattern read without variables.
    pub fn matches_plain(&self, text: &str, ignore_case: bool) -> bool {
        self.glob(text, &Context::default(), ignore_case)
    }

    pub fn ends_with_star(&self) -> bool {
        self.pieces.last() == Some(&Piece::Star)
    }

    pub fn is_any(&self) -> bool {
        *self.pieces == [Piece::Star]
    }

    /// The variables' keys, lower-case.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(key.as_ref()),
            _ => None,
        })
    }

    fn unit<'a>(&'a self, at: usize, context: &'a Context) -> Unit<'a> {
        match &self.pieces[at] {
            Piece::Literal(text) => Unit::Literal(text),
            Piece::Star => Unit::Star,
            Piece::One => Unit::One,
            // The empty string is out of reach: `resolves` was asked first.
            Piece::Variable { key, default } => {
                Unit::Literal(context.variable(key).or(default.as_deref()).unwrap_or(""))
            }
        }
    }

    /// Greedy matching that falls back to the last `*` only: enough, since what follows a `*` up to
    /// the next one is of fixed content. At worst |text| times |pieces| steps.
    fn glob(&self, text: &str, context: &Context, ignore_case: bool) -> bool {
        let count = self.pieces.len();
        let (mut piece, mut at) = (0, 0);
        let mut last_star: Option<(usize, usize)> = None;
        loop {
            if piece == count {
                if at == text.len() {
                    return true;
                }
            } else {
                let step = match self.unit(piece, context) {
                    Unit::Star if piece + 1 == count => return true,
                    Unit::Star => {
                        last_star = Some((piece + 1, at));
                        Some(0)
                    }
                    Unit::One => text[at..].chars().next().map(char::len_utf8),
                    Unit::Literal(literal) => starts_with(&text[at..], literal, ignore_case).then_some(literal.len()),
                };
                if let Some(step) = step {
                    piece += 1;
                    at += step;
                    continue;
                }
            }
            let Some((after_star, from)) = last_star else {
                return false;
            };
            let Some(skipped) = text[from..].chars().next() else {
                return false;
            };
            let from = from + skipped.len_utf8();
            last_star = Some((after_star, from));
            (piece, at) = (after_star, from);
        }
    }
}

/// ASCII case only: names of actions, services and booleans are ASCII, and lengths stay the same.
fn starts_with(text: &str, prefix: &str, ignore_case: bool) -> bool {
    match text.as_bytes().get(..prefix.len()) {
        Some(head) if ignore_case => head.eq_ignore_ascii_case(prefix.as_bytes()),
        Some(head) => head == prefix.as_bytes(),
        None => false,
    }
}

/// `${inside}after`, if `text` starts so.
pub(crate) fn variable_at(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("${")?.split_once('}')
}

/// `key` or `key, 'default'`.
fn variable(inside: &str) -> Piece {
    let (key, default) = match inside.split_once(',') {
        Some((key, rest)) => {
            let quoted = rest.trim().strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            (key, quoted.map(Into::into))
        }
        None => (inside, None),
    };
    Piece::Variable { key: key.trim().to_lowercase().into(), default }
}
