//! `awslogs-datetime-format`: the strftime directives that the `awslogs` driver knows, as a pattern that
//! finds such a date anywhere in a line.

/// The pattern, or which directive is not known.
pub(super) fn pattern(format: &str) -> Result<String, String> {
    let mut pattern = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
            continue;
        }
        let part = match chars.next() {
            Some('A') => "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day",
            Some('a') => "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)",
            Some('B') => "(?:January|February|March|April|May|June|July|August|September|October|November|December)",
            Some('b') => "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
            Some('d' | 'H' | 'I' | 'M' | 'm' | 'S' | 'y') => r"\d{2}",
            Some('f' | 'j' | 'L') => r"\d{1,9}",
            Some('F') => r"\d{4}-\d{2}-\d{2}",
            Some('T') => r"\d{2}:\d{2}:\d{2}",
            Some('p') => "[AP]M",
            Some('w') => r"\d",
            Some('Y') => r"\d{4}",
            Some('Z') => "[A-Z]{1,4}T?",
            Some('z') => r"[+-]\d{4}",
            Some('%') => "%",
            Some(other) => return Err(format!("awslogs-datetime-format: the directive `%{other}` is not supported")),
            None => return Err("awslogs-datetime-format: a `%` stands at the end".to_owned()),
        };
        pattern.push_str(part);
    }
    Ok(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_found() {
        for (format, line) in [
            ("%Y-%m-%d %H:%M:%S", "x 2026-11-22 10:00:00 up"),
            ("[%b %d, %Y %H:%M:%S]", "[Nov 22, 2026 10:00:00] up"),
            ("%A %p %z 100%%", "Tuesday AM +0100 100%"),
        ] {
            let found = regex::Regex::new(&pattern(format).expect(format)).expect(format);
            assert!(found.is_match(line), "{format}");
            assert!(!found.is_match("no date here"), "{format}");
        }
        assert!(pattern("%Q").is_err_and(|e| e.contains("%Q")));
        assert!(pattern("%").is_err());
    }
}
