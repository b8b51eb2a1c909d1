//! `[ip, user, ..., status = 4*, bytes > 1000]`: a line as fields between blanks; what stands in quotes or
//! brackets is one field.

use std::collections::BTreeMap;

use regex::Regex;

use super::json::{Order, twice};
use super::lexer::Lexer;
use super::{Glob, Invalid};

/// Most fields of a pattern, and most of a line that are looked at.
const MAX_FIELDS: usize = 256;

#[derive(Debug)]
pub struct Fields {
    before: Vec<Field>,
    /// What follows `...`; `None` without it.
    after: Option<Vec<Field>>,
}

#[derive(Debug)]
struct Field {
    name: String,
    /// Any group of which all hold.
    tests: Vec<Vec<Test>>,
}

#[derive(Debug)]
enum Test {
    Text { glob: Glob, equal: bool },
    Regex { regex: Regex, equal: bool },
    Number { number: f64, order: Order },
}

pub fn parse(text: &str) -> Result<Fields, Invalid> {
    let mut lexer = Lexer::new(text);
    let mut fields = Fields { before: Vec::new(), after: None };
    loop {
        if lexer.peek() == Some('.') {
            let dots = lexer.word(|c| c == '.');
            lexer.skip_space();
            if dots != "..." || fields.after.is_some() {
                return Err(Invalid);
            }
            fields.after = Some(Vec::new());
        } else {
            let field = field(&mut lexer)?;
            fields.after.as_mut().unwrap_or(&mut fields.before).push(field);
        }
        if fields.before.len() + fields.after.as_ref().map_or(0, Vec::len) > MAX_FIELDS {
            return Err(Invalid);
        }
        if lexer.at_end() {
            return Ok(fields);
        }
        if !lexer.eat(',') {
            return Err(Invalid);
        }
    }
}

fn field(lexer: &mut Lexer<'_>) -> Result<Field, Invalid> {
    let mut name = String::new();
    let mut tests: Vec<Vec<Test>> = Vec::new();
    let mut group: Vec<Test> = Vec::new();
    loop {
        let said = lexer.word(|c| c.is_alphanumeric() || c == '_');
        lexer.skip_space();
        if name.is_empty() {
            name = said;
        } else if said != name {
            return Err(Invalid);
        }
        if matches!(lexer.peek(), Some('=' | '!' | '<' | '>')) {
            group.push(test(lexer)?);
        } else if !group.is_empty() || !tests.is_empty() {
            return Err(Invalid);
        }
        lexer.skip_space();
        if twice(lexer, '&')? {
            continue;
        }
        let more = twice(lexer, '|')?;
        if !group.is_empty() {
            tests.push(std::mem::take(&mut group));
        }
        if !more {
            return Ok(Field { name, tests });
        }
    }
}

fn test(lexer: &mut Lexer<'_>) -> Result<Test, Invalid> {
    let order = Order::parse(lexer)?;
    let equal = match order {
        Order::Equal => Some(true),
        Order::NotEqual => Some(false),
        _ => None,
    };
    match (lexer.peek().ok_or(Invalid)?, equal) {
        ('"', Some(equal)) => Ok(Test::Text { glob: Glob::new(&lexer.quoted()?), equal }),
        ('%', Some(equal)) => Ok(Test::Regex { regex: super::regex(&lexer.regex()?)?, equal }),
        _ => {
            let word = lexer.word(|c| !c.is_whitespace() && !",&|".contains(c));
            match (word.parse::<f64>(), equal) {
                (Ok(number), _) if number.is_finite() => Ok(Test::Number { number, order }),
                (_, Some(equal)) if !word.is_empty() => Ok(Test::Text { glob: Glob::new(&word), equal }),
                _ => Err(Invalid),
            }
        }
    }
}

impl Test {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Text { glob, equal } => glob.matches(text) == *equal,
            Self::Regex { regex, equal } => regex.is_match(text) == *equal,
            Self::Number { number, order } => match text.parse::<f64>() {
                Ok(value) => order.holds(value, *number),
                Err(_) => *order == Order::NotEqual,
            },
        }
    }
}

impl Field {
    fn holds(&self, text: &str) -> bool {
        self.tests.is_empty() || self.tests.iter().any(|all| all.iter().all(|test| test.holds(text)))
    }
}

impl Fields {
    /// Which of a line's fields stands for which of the pattern's.
    fn pair<'f, 'm>(&'f self, line: &[&'m str]) -> Option<Vec<(&'f Field, &'m str)>> {
        let after = self.after.as_deref().unwrap_or_default();
        let fixed = self.before.len() + after.len();
        let fits = if self.after.is_some() { line.len() >= fixed } else { line.len() == fixed };
        if !fits {
            return None;
        }
        let tail = &line[line.len() - after.len()..];
        let head = self.before.iter().zip(line.iter().copied());
        Some(head.chain(after.iter().zip(tail.iter().copied())).collect())
    }

    pub fn matches(&self, message: &str) -> bool {
        let line = split(message);
        self.pair(&line).is_some_and(|pairs| pairs.iter().all(|(field, text)| field.holds(text)))
    }

    pub fn extract(&self, message: &str) -> BTreeMap<String, String> {
        let line = split(message);
        let pairs = self.pair(&line).unwrap_or_default();
        let named = pairs.into_iter().filter(|(field, _)| !field.name.is_empty());
        named.map(|(field, text)| (format!("${}", field.name), text.to_owned())).collect()
    }
}

fn split(message: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = message.trim();
    while !rest.is_empty() && out.len() < MAX_FIELDS {
        let close = match rest.chars().next() {
            Some('"') => Some('"'),
            Some('[') => Some(']'),
            _ => None,
        };
        let enclosed = close.and_then(|close| rest[1..].find(close).map(|at| (&rest[1..=at], &rest[at + 2..])));
        let (field, after) = enclosed.unwrap_or_else(|| rest.split_once(char::is_whitespace).unwrap_or((rest, "")));
        out.push(field);
        rest = after.trim_start();
    }
    out
}
