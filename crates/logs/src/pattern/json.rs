//! `{ $.a.b[0] = "x*" && ($.n > 1 || $.c IS NULL) }`

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::lexer::Lexer;
use super::{Glob, Invalid};

/// Deepest nesting of parentheses.
const MAX_DEPTH: usize = 16;

#[derive(Debug)]
pub enum Selector {
    And(Vec<Selector>),
    Or(Vec<Selector>),
    Test { path: Path, test: Test },
}

#[derive(Debug)]
pub struct Path {
    text: String,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Name(String),
    Index(usize),
    /// `[*]`
    Any,
}

#[derive(Debug)]
pub enum Test {
    Is(Value),
    Exists(bool),
    Text { glob: Glob, equal: bool },
    Regex { regex: Regex, equal: bool },
    Number { number: f64, order: Order },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Order {
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            #[expect(clippy::float_cmp, reason = "equality is what the pattern asks for")]
            Self::Equal => left == right,
            #[expect(clippy::float_cmp, reason = "equality is what the pattern asks for")]
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterEqual => left >= right,
        }
    }

    pub fn parse(lexer: &mut Lexer<'_>) -> Result<Self, Invalid> {
        let order = match lexer.bump().ok_or(Invalid)? {
            '=' => Self::Equal,
            '!' if lexer.peek() == Some('=') => {
                lexer.bump();
                Self::NotEqual
            }
            mark @ ('<' | '>') => {
                let equal = lexer.peek() == Some('=');
                if equal {
                    lexer.bump();
                }
                match (mark, equal) {
                    ('<', false) => Self::Less,
                    ('<', true) => Self::LessEqual,
                    (_, false) => Self::Greater,
                    (_, true) => Self::GreaterEqual,
                }
            }
            _ => return Err(Invalid),
        };
        lexer.skip_space();
        Ok(order)
    }
}

pub fn parse(text: &str) -> Result<Selector, Invalid> {
    let mut lexer = Lexer::new(text);
    let selector = either(&mut lexer, 0)?;
    if lexer.at_end() { Ok(selector) } else { Err(Invalid) }
}

fn either(lexer: &mut Lexer<'_>, depth: usize) -> Result<Selector, Invalid> {
    let mut parts = vec![both(lexer, depth)?];
    while twice(lexer, '|')? {
        parts.push(both(lexer, depth)?);
    }
    Ok(if parts.len() == 1 { parts.remove(0) } else { Selector::Or(parts) })
}

fn both(lexer: &mut Lexer<'_>, depth: usize) -> Result<Selector, Invalid> {
    let mut parts = vec![single(lexer, depth)?];
    while twice(lexer, '&')? {
        parts.push(single(lexer, depth)?);
    }
    Ok(if parts.len() == 1 { parts.remove(0) } else { Selector::And(parts) })
}

/// `&&` or `||`; one alone is wrong.
pub fn twice(lexer: &mut Lexer<'_>, mark: char) -> Result<bool, Invalid> {
    if lexer.peek() != Some(mark) {
        return Ok(false);
    }
    lexer.bump();
    if lexer.eat(mark) { Ok(true) } else { Err(Invalid) }
}

fn single(lexer: &mut Lexer<'_>, depth: usize) -> Result<Selector, Invalid> {
    if lexer.eat('(') {
        if depth >= MAX_DEPTH {
            return Err(Invalid);
        }
        let inner = either(lexer, depth + 1)?;
        return if lexer.eat(')') { Ok(inner) } else { Err(Invalid) };
    }
    let path = path(lexer)?;
    lexer.skip_space();
    let test = if lexer.peek().is_some_and(char::is_alphabetic) { word_test(lexer)? } else { comparison(lexer)? };
    lexer.skip_space();
    Ok(Selector::Test { path, test })
}

fn word_test(lexer: &mut Lexer<'_>) -> Result<Test, Invalid> {
    let mut word = || {
        let word = lexer.word(char::is_alphabetic).to_ascii_uppercase();
        lexer.skip_space();
        word
    };
    match word().as_str() {
        "EXISTS" => Ok(Test::Exists(true)),
        "NOT" if word() == "EXISTS" => Ok(Test::Exists(false)),
        "IS" => match word().as_str() {
            "TRUE" => Ok(Test::Is(Value::Bool(true))),
            "FALSE" => Ok(Test::Is(Value::Bool(false))),
            "NULL" => Ok(Test::Is(Value::Null)),
            _ => Err(Invalid),
        },
        _ => Err(Invalid),
    }
}

fn comparison(lexer: &mut Lexer<'_>) -> Result<Test, Invalid> {
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
            let word = lexer.word(|c| c.is_alphanumeric() || "_.*-+:/@#$".contains(c));
            match (word.parse::<f64>(), equal) {
                (Ok(number), _) if number.is_finite() => Ok(Test::Number { number, order }),
                (_, Some(equal)) if !word.is_empty() => Ok(Test::Text { glob: Glob::new(&word), equal }),
                _ => Err(Invalid),
            }
        }
    }
}

fn path(lexer: &mut Lexer<'_>) -> Result<Path, Invalid> {
    if lexer.bump() != Some('$') {
        return Err(Invalid);
    }
    let mut steps = Vec::new();
    let mut text = String::from("$");
    loop {
        match lexer.peek() {
            Some('.') => {
                lexer.bump();
                if lexer.peek() == Some('[') {
                    continue;
                }
                let name = lexer.word(|c| c.is_alphanumeric() || "_-@".contains(c));
                if name.is_empty() {
                    return Err(Invalid);
                }
                text.push('.');
                text.push_str(&name);
                steps.push(Step::Name(name));
            }
            Some('[') => {
                lexer.bump();
                steps.push(bracketed(lexer, &mut text)?);
            }
            _ if steps.is_empty() => return Err(Invalid),
            _ => return Ok(Path { text, steps }),
        }
    }
}

fn bracketed(lexer: &mut Lexer<'_>, text: &mut String) -> Result<Step, Invalid> {
    let step = match lexer.peek() {
        Some('*') => {
            lexer.bump();
            text.push_str("[*]");
            Step::Any
        }
        Some('\'') => named(lexer.single_quoted()?, text),
        Some('"') => named(lexer.quoted()?, text),
        _ => {
            let index: usize = lexer.word(|c| c.is_ascii_digit()).parse().map_err(|_| Invalid)?;
            text.push_str(&format!("[{index}]"));
            Step::Index(index)
        }
    };
    if lexer.bump() == Some(']') { Ok(step) } else { Err(Invalid) }
}

fn named(name: String, text: &mut String) -> Step {
    text.push_str(&format!("['{name}']"));
    Step::Name(name)
}

impl Path {
    fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![value];
        for step in &self.steps {
            found = found
                .into_iter()
                .flat_map(|value| match step {
                    Step::Name(name) => value.get(name.as_str()).into_iter().collect::<Vec<_>>(),
                    Step::Index(index) => value.get(*index).into_iter().collect(),
                    Step::Any => value.as_array().map(|items| items.iter().collect()).unwrap_or_default(),
                })
                .collect();
        }
        found
    }
}

impl Selector {
    pub fn matches(&self, value: &Value) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(value)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(value)),
            Self::Test { path, test } => {
                let found = path.find(value);
                match test {
                    Test::Exists(wanted) => found.is_empty() != *wanted,
                    test => found.into_iter().any(|value| test.holds(value)),
                }
            }
        }
    }

    pub fn extract(&self, value: &Value) -> BTreeMap<String, String> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(|part| part.extract(value)).collect(),
            Self::Test { path, .. } => {
                let first = path.find(value).into_iter().next();
                first.map(|value| (path.text.clone(), as_text(value))).into_iter().collect()
            }
        }
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Test {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Is(wanted) => value == wanted,
            Self::Exists(wanted) => *wanted,
            Self::Text { glob, equal } => is_scalar(value) && glob.matches(&as_text(value)) == *equal,
            Self::Regex { regex, equal } => is_scalar(value) && regex.is_match(&as_text(value)) == *equal,
            Self::Number { number, order } => match (value.as_f64(), order) {
                (Some(value), order) => order.holds(value, *number),
                // A text is never the number, which is what `!=` asks.
                (None, Order::NotEqual) => {
                    is_scalar(value) && value.as_str().and_then(|s| s.parse::<f64>().ok()) != Some(*number)
                }
                (None, order) => value.as_str().and_then(|s| s.parse().ok()).is_some_and(|v| order.holds(v, *number)),
            },
        }
    }
}

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}
