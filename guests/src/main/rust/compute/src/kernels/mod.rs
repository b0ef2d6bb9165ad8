//! The kernels. Each works on input that it makes once, by itself and always the same, and answers
//! a checksum, so that two builds can be seen to have done the same work.

mod json;
mod scan;
mod sha256;
mod sort;
mod unrolled;

pub use json::parse;

/// The input of every kernel.
pub struct Kernels {
    numbers: Vec<u32>,
    bytes: Vec<u8>,
    document: Vec<u8>,
    log: Vec<u8>,
    pattern: scan::Pattern,
}

/// A kernel by its name.
pub type Kernel = fn(&Kernels) -> u32;

/// All of them, in the order in which they are measured.
pub const ALL: [(&str, Kernel); 5] = [
    ("sort", |input| sort::checksum(&input.numbers)),
    ("sha256", |input| sha256::checksum(&input.bytes)),
    ("json", |input| json::checksum(&input.document)),
    ("scan", |input| scan::checksum(&input.pattern, &input.log)),
    ("unrolled", |input| unrolled::checksum(&input.bytes)),
];

impl Kernels {
    /// Makes the input: 10,000 numbers, 64 KiB of bytes, a JSON document of about 32 KiB and a log
    /// of about 64 KiB.
    pub fn new() -> Kernels {
        let mut random = Random(0x2545_f491_4f6c_dd1d);
        Kernels {
            numbers: (0..10_000).map(|_| random.next()).collect(),
            bytes: (0..64 * 1024).map(|_| random.next() as u8).collect(),
            document: json::document(&mut random, 32 * 1024),
            log: scan::log(&mut random, 64 * 1024),
            pattern: scan::Pattern::new(scan::PATTERN),
        }
    }
}

impl Default for Kernels {
    fn default() -> Kernels {
        Kernels::new()
    }
}

/// Marsaglia's xorshift64*: no kernel depends on its quality, only on its being the same.
pub struct Random(pub u64);

impl Random {
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }

    pub fn below(&mut self, bound: u32) -> u32 {
        self.next() % bound
    }
}

/// One step of FNV-1a, over a whole word.
pub fn mix(hash: u32, word: u32) -> u32 {
    (hash ^ word).wrapping_mul(0x0100_0193)
}
