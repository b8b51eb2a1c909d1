//! Pieces of output into events: lines are put together again, blocks of lines that belong together become
//! one event, and what is too long for an event is cut.

use bytes::{Bytes, BytesMut};
use gantry_base::Timestamp;
use regex::bytes::Regex;

use super::MAX_EVENT;
use crate::runtime::LogPiece;

/// An event, and where reading goes on after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assembled {
    pub at: Timestamp,
    pub message: Bytes,
    pub end: u64,
}

/// Holds at most one event that is not finished, and so at most [`MAX_EVENT`] bytes.
#[derive(Debug)]
pub(super) struct Assembler {
    multiline: Option<Regex>,
    at: Timestamp,
    held: BytesMut,
    /// Where reading goes on after the complete lines in `held`.
    lines_end: u64,
    /// Where reading goes on after all of `held`.
    end: u64,
    /// Where the line that is not finished begins in `held`.
    line: usize,
    /// The stream that the unfinished line came from.
    stderr: bool,
}

impl Assembler {
    pub fn new(multiline: Option<Regex>) -> Self {
        let at = Timestamp::default();
        Self { multiline, at, held: BytesMut::new(), lines_end: 0, end: 0, line: 0, stderr: false }
    }

    /// Something is held back that more output, or [`Assembler::flush`], would complete.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    pub fn push(&mut self, piece: &LogPiece, out: &mut Vec<Assembled>) {
        let cuts_in = self.stderr != piece.stderr && self.held.len() > self.line;
        // The other stream cut in on a line: offsets are one row, so the line has to end here. And where an
        // event gets too long, it is cut between pieces, so that its end has an offset.
        if cuts_in || self.held.len() + piece.bytes.len() > MAX_EVENT {
            self.flush(out);
        }
        self.stderr = piece.stderr;
        let mut rest = &piece.bytes[..];
        while rest.len() > MAX_EVENT {
            let (now, later) = rest.split_at(MAX_EVENT);
            out.push(Assembled { at: piece.at, message: Bytes::copy_from_slice(now), end: self.end });
            rest = later;
        }
        if self.held.is_empty() {
            self.at = piece.at;
            self.line = 0;
        }
        self.held.extend_from_slice(rest);
        self.end = piece.next_offset;
        if piece.ends_line {
            self.end_line(piece.at, out);
        }
        if self.held.is_empty() {
            // Nothing came of an empty line; it was read all the same.
            if let Some(last) = out.last_mut() {
                last.end = piece.next_offset;
            }
        }
    }

    fn end_line(&mut self, at: Timestamp, out: &mut Vec<Assembled>) {
        let Some(pattern) = &self.multiline else { return self.flush(out) };
        let begins = self.line > 0 && pattern.is_match(&self.held[self.line..]);
        if begins {
            // The lines before this one are an event of their own; this one stays.
            let before = self.held.split_to(self.line);
            let message = trim_newline(before.freeze());
            if !message.is_empty() {
                out.push(Assembled { at: self.at, message, end: self.lines_end });
            }
            self.at = at;
        }
        if self.held.len() < MAX_EVENT {
            self.held.extend_from_slice(b"\n");
        }
        self.line = self.held.len();
        self.lines_end = self.end;
    }

    /// What is held becomes an event.
    pub fn flush(&mut self, out: &mut Vec<Assembled>) {
        let message = trim_newline(self.held.split().freeze());
        self.line = 0;
        if !message.is_empty() {
            out.push(Assembled { at: self.at, message, end: self.end });
        }
    }
}

fn trim_newline(message: Bytes) -> Bytes {
    match message.last() {
        Some(b'\n') => message.slice(..message.len() - 1),
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str, next_offset: u64, ends_line: bool) -> LogPiece {
        let at = Timestamp::from_millis(next_offset as i64);
        LogPiece { at, bytes: Bytes::copy_from_slice(text.as_bytes()), stderr: false, ends_line, next_offset }
    }

    fn texts(events: &[Assembled]) -> Vec<(&str, u64)> {
        events.iter().map(|e| (std::str::from_utf8(&e.message).expect("text"), e.end)).collect()
    }

    #[test]
    fn lines_become_events_and_empty_ones_do_not() {
        let mut assembler = Assembler::new(None);
        let mut out = Vec::new();
        for p in [piece("one", 4, true), piece("", 5, true), piece("tw", 7, false), piece("o", 9, true)] {
            assembler.push(&p, &mut out);
        }
        // The empty line's bytes count as read with the line before it.
        assert_eq!(texts(&out), [("one", 5), ("two", 9)]);
        assert!(!assembler.is_holding());
    }

    #[test]
    fn blocks_begin_where_the_pattern_matches() {
        let pattern = Regex::new("^(ERR|INF)").expect("a pattern");
        let mut assembler = Assembler::new(Some(pattern));
        let mut out = Vec::new();
        for (text, end) in [("ERR a", 6), (" at b", 12), ("INF c", 18), ("ERR d", 24)] {
            assembler.push(&piece(text, end, true), &mut out);
        }
        assert_eq!(texts(&out), [("ERR a\n at b", 12), ("INF c", 18)]);
        assembler.flush(&mut out);
        assert_eq!(texts(&out)[2], ("ERR d", 24));
    }

    #[test]
    fn long_lines_are_cut() {
        let mut assembler = Assembler::new(None);
        let mut out = Vec::new();
        let half = "x".repeat(MAX_EVENT / 2 + 1);
        assembler.push(&piece(&half, 7, false), &mut out);
        assembler.push(&piece(&half, 14, true), &mut out);
        assert_eq!(
            out.iter().map(|e| (e.message.len(), e.end)).collect::<Vec<_>>(),
            [(half.len(), 7), (half.len(), 14)]
        );
        let long = "x".repeat(MAX_EVENT + 10);
        out.clear();
        assembler.push(&piece(&long, 21, true), &mut out);
        assert_eq!(out.iter().map(|e| (e.message.len(), e.end)).collect::<Vec<_>>(), [(MAX_EVENT, 14), (10, 21)]);
    }
}
