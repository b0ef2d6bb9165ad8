//! Parses a JSON document (RFC 8259) into a tree: small allocations, strings, numbers.

use super::{mix, Random};

/// How deep arrays and objects may nest.
const MAX_DEPTH: u32 = 64;

/// A JSON value.
pub enum Value {
    Null,
    Bool(bool),
    Number(f64),
    String(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

pub fn checksum(document: &[u8]) -> u32 {
    parse(document).map_or(0, |value| value.hash(1))
}

impl Value {
    fn hash(&self, hash: u32) -> u32 {
        match self {
            Value::Null => mix(hash, 2),
            Value::Bool(value) => mix(hash, 3 + u32::from(*value)),
            Value::Number(value) => mix(hash, (value.to_bits() >> 20) as u32),
            Value::String(text) => mix(hash, text.len() as u32),
            Value::Array(values) => {
                values.iter().fold(mix(hash, 5), |hash, value| value.hash(hash))
            }
            Value::Object(fields) => fields
                .iter()
                .fold(mix(hash, 6), |hash, (name, value)| value.hash(mix(hash, name.len() as u32))),
        }
    }
}

/// A document of orders, a little longer than `length`.
pub(super) fn document(random: &mut Random, length: usize) -> Vec<u8> {
    let mut text = String::from("[");
    while text.len() < length {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&format!(
            "{{\"id\": {}, \"customer\": \"caf\\u00e9 {} \\\"{}\\\"\", \"paid\": {}, \"note\": null,",
            random.next(),
            random.below(1000),
            random.below(1000),
            random.below(2) == 0,
        ));
        text.push_str(" \"lines\": [");
        for line in 0..1 + random.below(4) {
            if line > 0 {
                text.push(',');
            }
            text.push_str(&format!(
                "{{\"sku\": \"A-{:06}\", \"count\": {}, \"price\": {}.{:02}}}",
                random.below(1_000_000),
                random.below(20),
                random.below(500),
                random.below(100),
            ));
        }
        text.push_str("]}");
    }
    text.push(']');
    text.into_bytes()
}

/// The value that `document` holds, or `None` when it is not JSON.
pub fn parse(document: &[u8]) -> Option<Value> {
    let mut parser = Parser { rest: document, depth: 0 };
    let value = parser.value()?;
    parser.skip_space();
    parser.rest.is_empty().then(|| value)
}

struct Parser<'a> {
    rest: &'a [u8],
    depth: u32,
}

impl<'a> Parser<'a> {
    fn value(&mut self) -> Option<Value> {
        self.skip_space();
        match self.rest.first()? {
            b'n' => self.word(b"null", Value::Null),
            b't' => self.word(b"true", Value::Bool(true)),
            b'f' => self.word(b"false", Value::Bool(false)),
            b'"' => self.string().map(Value::String),
            b'[' => self.nested(Parser::array),
            b'{' => self.nested(Parser::object),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &[u8], value: Value) -> Option<Value> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(value)
    }

    fn nested(&mut self, read: fn(&mut Parser<'a>) -> Option<Value>) -> Option<Value> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        self.rest = &self.rest[1..];
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn array(&mut self) -> Option<Value> {
        let mut values = Vec::new();
        if self.take(b']') {
            return Some(Value::Array(values));
        }
        loop {
            values.push(self.value()?);
            if self.take(b']') {
                return Some(Value::Array(values));
            }
            self.expect(b',')?;
        }
    }

    fn object(&mut self) -> Option<Value> {
        let mut fields = Vec::new();
        if self.take(b'}') {
            return Some(Value::Object(fields));
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            self.expect(b':')?;
            fields.push((name, self.value()?));
            if self.take(b'}') {
                return Some(Value::Object(fields));
            }
            self.expect(b',')?;
        }
    }

    fn string(&mut self) -> Option<String> {
        self.rest = self.rest.strip_prefix(b"\"")?;
        let mut text = Vec::new();
        loop {
            let plain =
                self.rest.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < b' ')?;
            text.extend_from_slice(&self.rest[..plain]);
            let special = self.rest[plain];
            self.rest = &self.rest[plain + 1..];
            match special {
                b'"' => return String::from_utf8(text).ok(),
                b'\\' => {
                    let escaped = self.escape()?;
                    text.extend_from_slice(escaped.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let (&kind, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(match kind {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'"' | b'\\' | b'/' => kind as char,
            b'u' => {
                let high = self.four_digits()?;
                if (0xd800..0xdc00).contains(&high) {
                    self.rest = self.rest.strip_prefix(b"\\u")?;
                    let low = self.four_digits()?.checked_sub(0xdc00)?;
                    char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + low)?
                } else {
                    char::from_u32(high)?
                }
            }
            _ => return None,
        })
    }

    fn four_digits(&mut self) -> Option<u32> {
        let mut value = 0;
        for &digit in self.rest.get(..4)? {
            value = value << 4 | (digit as char).to_digit(16)?;
        }
        self.rest = &self.rest[4..];
        Some(value)
    }

    fn number(&mut self) -> Option<Value> {
        let end = self
            .rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
        Some(Value::Number(number))
    }

    /// Whether this byte came next; it is gone then.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.rest.first() == Some(&byte);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then(|| ())
    }

    fn skip_space(&mut self) {
        let space = self
            .rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
            .count();
        self.rest = &self.rest[space..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_generates() {
        assert!(parse(&document(&mut Random(1), 10_000)).is_some());
    }

    #[test]
    fn reads_escapes() {
        match parse(br#" "a\n\u00e9\ud83d\ude00" "#) {
            Some(Value::String(text)) => assert_eq!("a\n\u{e9}\u{1f600}", text),
            _ => panic!("no string"),
        }
    }

    #[test]
    fn refuses_what_is_no_json() {
        for text in ["", "[1,]", "{\"a\" 1}", "\"a", "nul", "1 2", "\"\\x\""] {
            assert!(parse(text.as_bytes()).is_none(), "{}", text);
        }
    }
}
