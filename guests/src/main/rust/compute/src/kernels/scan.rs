//! Looks for a pattern in a log, the way a small regular-expression library does it: by
//! backtracking over a list of sets of bytes.

use super::{mix, Random};

/// An address of mail.
pub const PATTERN: &str = "[a-z0-9._]+@[a-z]+\\.[a-z][a-z]+";

/// The most steps of a pattern.
const MAX_STEPS: usize = 16;

/// A sequence of sets of bytes, each once, optional or repeated; no groups and no alternatives.
pub struct Pattern {
    steps: Vec<Step>,
}

struct Step {
    set: [bool; 256],
    least: usize,
    most: usize,
}

pub fn checksum(pattern: &Pattern, text: &[u8]) -> u32 {
    let mut hash = 1;
    let mut at = 0;
    while at < text.len() {
        match pattern.match_at(text, at) {
            Some(end) => {
                hash = mix(mix(hash, at as u32), end as u32);
                at = end;
            }
            None => at += 1,
        }
    }
    hash
}

/// Lines of a log, a little longer than `length`; every eighth names an address.
pub(super) fn log(random: &mut Random, length: usize) -> Vec<u8> {
    const VERBS: [&str; 4] = ["created", "updated", "removed", "looked_at"];
    let mut text = String::new();
    while text.len() < length {
        text.push_str(&format!(
            "2026-03-{:02}T{:02}:{:02}:00Z info order {} ",
            1 + random.below(28),
            random.below(24),
            random.below(60),
            random.next(),
        ));
        text.push_str(VERBS[random.below(4) as usize]);
        if random.below(8) == 0 {
            text.push_str(&format!(" by user.{}@example.org", random.below(10_000)));
        }
        text.push_str(" @ rate 0.5\n");
    }
    text.into_bytes()
}

impl Pattern {
    /// Reads a pattern of literals, `.`, `[a-z0-9]`, `\x` and the suffixes `*`, `+` and `?`.
    ///
    /// # Panics
    ///
    /// When it ends inside a set or after a backslash, or has more than `MAX_STEPS` steps.
    pub fn new(text: &str) -> Pattern {
        let mut bytes = text.bytes().peekable();
        let mut steps = Vec::new();
        while let Some(byte) = bytes.next() {
            let mut set = [false; 256];
            match byte {
                b'.' => set = [true; 256],
                b'\\' => set[bytes.next().expect("a byte after the backslash") as usize] = true,
                b'[' => loop {
                    let first = bytes.next().expect("an end of the set");
                    if first == b']' {
                        break;
                    }
                    let last = if bytes.peek() == Some(&b'-') {
                        bytes.next();
                        bytes.next().expect("an end of the range")
                    } else {
                        first
                    };
                    set[first as usize..=last as usize].fill(true);
                },
                _ => set[byte as usize] = true,
            }
            let (least, most) = match bytes.peek() {
                Some(b'*') => (0, usize::MAX),
                Some(b'+') => (1, usize::MAX),
                Some(b'?') => (0, 1),
                _ => (1, 1),
            };
            if (least, most) != (1, 1) {
                bytes.next();
            }
            steps.push(Step { set, least, most });
        }
        assert!(steps.len() <= MAX_STEPS, "too many steps");
        Pattern { steps }
    }

    /// Where the match that begins at `start` ends. Every step takes as much as it can; where a
    /// later one finds nothing, the last that can do with less gives a byte back.
    fn match_at(&self, text: &[u8], start: usize) -> Option<usize> {
        let mut taken = [0; MAX_STEPS];
        let mut at = start;
        let mut current = 0;
        while current < self.steps.len() {
            let step = &self.steps[current];
            let count = step.count(&text[at..]);
            if count >= step.least {
                taken[current] = count;
                at += count;
                current += 1;
            } else {
                current = self.give_back(&mut taken, &mut at, current)?;
            }
        }
        Some(at)
    }

    /// Goes back from the step `failed` and answers where to go on, if anywhere.
    fn give_back(
        &self,
        taken: &mut [usize; MAX_STEPS],
        at: &mut usize,
        failed: usize,
    ) -> Option<usize> {
        for earlier in (0..failed).rev() {
            if taken[earlier] > self.steps[earlier].least {
                taken[earlier] -= 1;
                *at -= 1;
                return Some(earlier + 1);
            }
            *at -= taken[earlier];
        }
        None
    }
}

impl Step {
    /// How many bytes at the beginning of `text` it would take.
    fn count(&self, text: &[u8]) -> usize {
        text.iter().take(self.most).take_while(|&&byte| self.set[byte as usize]).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_addresses() {
        let pattern = Pattern::new(PATTERN);
        let text = b"by user.7@example.org today";
        assert_eq!(None, pattern.match_at(text, 0));
        assert_eq!(Some(21), pattern.match_at(text, 3));
    }

    #[test]
    fn goes_back_where_a_step_took_too_much() {
        assert_eq!(Some(4), Pattern::new("a*ab?c").match_at(b"aaac", 0));
        assert_eq!(None, Pattern::new("a+b").match_at(b"aaac", 0));
    }
}
