//! The text functions of the filters.

/// Turns `*bold*` into `<strong>bold</strong>`. The content is HTML already, so nothing is escaped.
pub fn bold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while let Some((before, bold, after)) = split_at_bold(rest) {
            out.push_str(before);
            out.push_str("<strong>");
            out.push_str(bold);
            out.push_str("</strong>");
            rest = after;
        }
        out.push_str(rest);
    }
    out
}

/// Splits a text at the first pair of asterisks that enclose bold text: before, between, after. As
/// in Markdown, no white space follows the first asterisk or precedes the second.
///
/// Whether an asterisk can close does not depend on the one that opens. So if the first one that
/// can open has no partner, no later one has: the time is linear even for a line full of asterisks.
fn split_at_bold(line: &str) -> Option<(&str, &str, &str)> {
    let mut asterisks = line.match_indices('*').map(|(at, _)| at);
    let open = asterisks
        .find(|&at| line[at + 1..].starts_with(|c: char| !c.is_whitespace() && c != '*'))?;
    let close = asterisks.find(|&at| !line[..at].ends_with(char::is_whitespace))?;
    Some((&line[..open], &line[open + 1..close], &line[close + 1..]))
}

/// Trims and collapses white space, and writes the first letter of each word in upper case.
pub fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        let mut characters = word.chars();
        out.extend(characters.next().into_iter().flat_map(char::to_uppercase));
        out.push_str(characters.as_str());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bold_text_is_marked() {
        for (before, after) in [
            ("", ""),
            ("plain", "plain"),
            ("*bold*", "<strong>bold</strong>"),
            ("a *b c* d *e*\n", "a <strong>b c</strong> d <strong>e</strong>\n"),
            ("*ü€😀*", "<strong>ü€😀</strong>"),
            ("*a* *b", "<strong>a</strong> *b"),
            ("2 * 3 * 4", "2 * 3 * 4"),
            ("* item\n* item *\n", "* item\n* item *\n"),
            ("*over\nlines*", "*over\nlines*"),
            ("*a *b*", "<strong>a *b</strong>"),
            ("*", "*"),
            ("**", "**"),
            ("***", "***"),
            ("**a**", "*<strong>a</strong>*"),
            ("*\u{3000}a\u{3000}*", "*\u{3000}a\u{3000}*"),
        ] {
            assert_eq!(bold(before), after);
        }
    }

    #[test]
    fn a_megabyte_of_asterisks_takes_linear_time() {
        for text in ["*", "*a ", " *", "*a*"] {
            let text = text.repeat((1 << 20) / text.len());
            let started = std::time::Instant::now();
            bold(&text);
            assert!(
                started.elapsed().as_secs() < 5,
                "{:?} for {:?}",
                started.elapsed(),
                &text[..3]
            );
        }
    }

    #[test]
    fn a_title_is_trimmed_and_capitalised() {
        for (before, after) in [
            ("", ""),
            (" \t\n", ""),
            ("  hello   wasm world ", "Hello Wasm World"),
            ("élan ßa 1st ÀB", "Élan SSa 1st ÀB"),
        ] {
            assert_eq!(title(before), after);
        }
    }
}
