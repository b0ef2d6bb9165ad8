//! Searches 64 KiB of a web server's log with `regex`: whole lines with groups, and one of several
//! words anywhere.

use compute::kernels::{mix, Random};
use regex::bytes::Regex;

const LENGTH: usize = 64 * 1024;
const LINE: &str = concat!(
    r#"(?m-u)^([0-9.]+) - ([a-z]+|-) \[([^\]]+)\] "(GET|POST|PUT|DELETE) "#,
    r#"([^ ?"]+)(?:\?([^ "]*))? HTTP/1\.[01]" ([1-5][0-9][0-9]) ([0-9]+)$"#,
);
const WORD: &str = r"(?i-u)\b(timeout|refused|denied|overflow)[a-z]*\b";

pub struct Log {
    line: Regex,
    word: Regex,
    text: Vec<u8>,
}

impl Log {
    pub fn new() -> Log {
        Log {
            line: Regex::new(LINE).expect("a pattern"),
            word: Regex::new(WORD).expect("a pattern"),
            text: text(),
        }
    }

    pub fn search(&self) -> u32 {
        let mut hash = 1;
        for line in self.line.captures_iter(&self.text) {
            for group in line.iter().skip(1) {
                hash = mix(hash, group.map_or(0, |found| found.end() as u32));
            }
        }
        self.word.find_iter(&self.text).fold(hash, |hash, found| mix(hash, found.start() as u32))
    }
}

/// Every eighth line is one of an error, without the form of the others.
fn text() -> Vec<u8> {
    const METHODS: [&str; 4] = ["GET", "GET", "POST", "DELETE"];
    const USERS: [&str; 4] = ["-", "-", "ada", "grace"];
    const ERRORS: [&str; 4] = ["upstream Timeout", "connection refused", "denied by rule", "ok"];
    let mut random = Random(0x0ddb_a115);
    let mut text = String::new();
    while text.len() < LENGTH {
        let time = format!(
            "{:02}/Mar/2026:{:02}:{:02}:{:02} +0000",
            1 + random.below(28),
            random.below(24),
            random.below(60),
            random.below(60)
        );
        let number = random.below(10_000);
        if random.below(8) == 0 {
            let error = ERRORS[random.below(4) as usize];
            text.push_str(&format!("[{time}] error: request {number}: {error}\n"));
            continue;
        }
        let query = if random.below(2) == 0 { "" } else { "?page=2&sort=name" };
        text.push_str(&format!(
            "10.0.{}.{} - {} [{time}] \"{} /shop/items/{number}{query} HTTP/1.1\" {} {}\n",
            random.below(256),
            random.below(256),
            USERS[random.below(4) as usize],
            METHODS[random.below(4) as usize],
            [200, 201, 304, 404][random.below(4) as usize],
            random.below(100_000),
        ));
    }
    text.into_bytes()
}
