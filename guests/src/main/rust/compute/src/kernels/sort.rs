//! Sorts 10,000 numbers with the standard library's sort: branches and moves.

use super::mix;

pub fn checksum(numbers: &[u32]) -> u32 {
    let mut sorted = numbers.to_vec();
    sorted.sort();
    sorted.iter().step_by(97).fold(sorted.len() as u32, |hash, &number| mix(hash, number))
}
