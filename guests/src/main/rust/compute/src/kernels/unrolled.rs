//! SHA-512 of 64 KiB with its rounds written out: one function of 10 KB, as generated parsers and
//! cryptographic libraries have them. More bytecode than the JIT compiles without a flag.

const START: [u64; 8] = [
    0x6a09e667f3bcc908,
    0xbb67ae8584caa73b,
    0x3c6ef372fe94f82b,
    0xa54ff53a5f1d36f1,
    0x510e527fade682d1,
    0x9b05688c2b3e6c1f,
    0x1f83d9abfb41bd6b,
    0x5be0cd19137e2179,
];

const K: [u64; 80] = [
    0x428a2f98d728ae22,
    0x7137449123ef65cd,
    0xb5c0fbcfec4d3b2f,
    0xe9b5dba58189dbbc,
    0x3956c25bf348b538,
    0x59f111f1b605d019,
    0x923f82a4af194f9b,
    0xab1c5ed5da6d8118,
    0xd807aa98a3030242,
    0x12835b0145706fbe,
    0x243185be4ee4b28c,
    0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f,
    0x80deb1fe3b1696b1,
    0x9bdc06a725c71235,
    0xc19bf174cf692694,
    0xe49b69c19ef14ad2,
    0xefbe4786384f25e3,
    0x0fc19dc68b8cd5b5,
    0x240ca1cc77ac9c65,
    0x2de92c6f592b0275,
    0x4a7484aa6ea6e483,
    0x5cb0a9dcbd41fbd4,
    0x76f988da831153b5,
    0x983e5152ee66dfab,
    0xa831c66d2db43210,
    0xb00327c898fb213f,
    0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2,
    0xd5a79147930aa725,
    0x06ca6351e003826f,
    0x142929670a0e6e70,
    0x27b70a8546d22ffc,
    0x2e1b21385c26c926,
    0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df,
    0x650a73548baf63de,
    0x766a0abb3c77b2a8,
    0x81c2c92e47edaee6,
    0x92722c851482353b,
    0xa2bfe8a14cf10364,
    0xa81a664bbc423001,
    0xc24b8b70d0f89791,
    0xc76c51a30654be30,
    0xd192e819d6ef5218,
    0xd69906245565a910,
    0xf40e35855771202a,
    0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8,
    0x1e376c085141ab53,
    0x2748774cdf8eeb99,
    0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63,
    0x4ed8aa4ae3418acb,
    0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc,
    0x78a5636f43172f60,
    0x84c87814a1f0ab72,
    0x8cc702081a6439ec,
    0x90befffa23631e28,
    0xa4506cebde82bde9,
    0xbef9a3f7b2c67915,
    0xc67178f2e372532b,
    0xca273eceea26619c,
    0xd186b8c721c0c207,
    0xeada7dd6cde0eb1e,
    0xf57d4f7fee6ed178,
    0x06f067aa72176fba,
    0x0a637dc5a2c898a6,
    0x113f9804bef90dae,
    0x1b710b35131c471b,
    0x28db77f523047d84,
    0x32caab7b40c72493,
    0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6,
    0x597f299cfc657e2a,
    0x5fcb6fab3ad6faec,
    0x6c44198c4a475817,
];

pub fn checksum(bytes: &[u8]) -> u32 {
    digest(bytes)[0] as u32
}

fn digest(bytes: &[u8]) -> [u64; 8] {
    let mut state = START;
    let mut blocks = bytes.chunks_exact(128);
    for block in &mut blocks {
        compress(&mut state, block);
    }
    let rest = blocks.remainder();
    let mut last = [0; 256];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    let end = if rest.len() < 112 { 128 } else { 256 };
    last[end - 8..end].copy_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());
    for block in last[..end].chunks_exact(128) {
        compress(&mut state, block);
    }
    state
}

/// One round; the caller turns the eight names instead of moving eight values.
macro_rules! round {
    ($w:ident, $i:expr, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
        let s1 = $e.rotate_right(14) ^ $e.rotate_right(18) ^ $e.rotate_right(41);
        let t1 = $h
            .wrapping_add(s1)
            .wrapping_add(($e & $f) ^ (!$e & $g))
            .wrapping_add(K[$i])
            .wrapping_add($w[$i & 15]);
        let s0 = $a.rotate_right(28) ^ $a.rotate_right(34) ^ $a.rotate_right(39);
        $d = $d.wrapping_add(t1);
        $h = t1.wrapping_add(s0).wrapping_add(($a & $b) ^ ($a & $c) ^ ($b & $c));
    };
}

macro_rules! eight_rounds {
    ($w:ident, $i:expr, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
        round!($w, $i, $a $b $c $d $e $f $g $h);
        round!($w, $i + 1, $h $a $b $c $d $e $f $g);
        round!($w, $i + 2, $g $h $a $b $c $d $e $f);
        round!($w, $i + 3, $f $g $h $a $b $c $d $e);
        round!($w, $i + 4, $e $f $g $h $a $b $c $d);
        round!($w, $i + 5, $d $e $f $g $h $a $b $c);
        round!($w, $i + 6, $c $d $e $f $g $h $a $b);
        round!($w, $i + 7, $b $c $d $e $f $g $h $a);
    };
}

/// The word of the schedule that a round from the 17th on needs, in place of the one 16 before.
macro_rules! word {
    ($w:ident, $i:expr) => {
        let (first, second) = ($w[($i + 1) & 15], $w[($i + 14) & 15]);
        $w[$i & 15] = $w[$i & 15]
            .wrapping_add(first.rotate_right(1) ^ first.rotate_right(8) ^ (first >> 7))
            .wrapping_add($w[($i + 9) & 15])
            .wrapping_add(second.rotate_right(19) ^ second.rotate_right(61) ^ (second >> 6));
    };
}

macro_rules! eight_words {
    ($w:ident, $i:expr) => {
        word!($w, $i);
        word!($w, $i + 1);
        word!($w, $i + 2);
        word!($w, $i + 3);
        word!($w, $i + 4);
        word!($w, $i + 5);
        word!($w, $i + 6);
        word!($w, $i + 7);
    };
}

fn compress(state: &mut [u64; 8], block: &[u8]) {
    let mut w = [0; 16];
    for (word, bytes) in w.iter_mut().zip(block.chunks_exact(8)) {
        *word = bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    eight_rounds!(w, 0, a b c d e f g h);
    eight_rounds!(w, 8, a b c d e f g h);
    eight_words!(w, 16);
    eight_rounds!(w, 16, a b c d e f g h);
    eight_words!(w, 24);
    eight_rounds!(w, 24, a b c d e f g h);
    eight_words!(w, 32);
    eight_rounds!(w, 32, a b c d e f g h);
    eight_words!(w, 40);
    eight_rounds!(w, 40, a b c d e f g h);
    eight_words!(w, 48);
    eight_rounds!(w, 48, a b c d e f g h);
    eight_words!(w, 56);
    eight_rounds!(w, 56, a b c d e f g h);
    eight_words!(w, 64);
    eight_rounds!(w, 64, a b c d e f g h);
    eight_words!(w, 72);
    eight_rounds!(w, 72, a b c d e f g h);
    for (word, added) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(added);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_the_example_of_the_standard() {
        assert_eq!(0xddaf35a193617aba, digest(b"abc")[0]);
        assert_eq!(0xcf83e1357eefb8bd, digest(b"")[0]);
    }

    #[test]
    fn digests_a_message_of_several_blocks() {
        assert_eq!(0xa58f26ac81e8bf6d, digest(&[b'a'; 250])[0]);
    }
}
