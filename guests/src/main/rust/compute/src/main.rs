//! The kernels at the machine's own speed: `compute-native NAME` prints the median time of a run
//! in nanoseconds and the checksum.

use std::process::exit;
use std::time::{Duration, Instant};

use compute::kernels::{self, Kernel, Kernels};

const WARM_UP: Duration = Duration::from_millis(200);
const ROUND: Duration = Duration::from_millis(100);
const ROUNDS: usize = 9;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    match kernels::ALL.iter().find(|kernel| kernel.0 == name) {
        Some(&(_, kernel)) => measure(kernel),
        None => {
            eprintln!("compute-native: no kernel '{}'", name);
            exit(2);
        }
    }
}

fn measure(kernel: Kernel) {
    let input = Kernels::new();
    let checksum = kernel(&input);
    let nanos_per_run = |time: Duration| {
        let began = Instant::now();
        let mut runs = 0;
        while began.elapsed() < time {
            assert_eq!(checksum, kernel(&input));
            runs += 1;
        }
        began.elapsed().as_nanos() as u64 / runs
    };
    nanos_per_run(WARM_UP);
    let mut rounds: Vec<u64> = (0..ROUNDS).map(|_| nanos_per_run(ROUND)).collect();
    rounds.sort_unstable();
    println!("{} {}", rounds[ROUNDS / 2], checksum);
}
