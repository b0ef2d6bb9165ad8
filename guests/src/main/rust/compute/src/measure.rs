//! How a program measures a kernel, the same for native code and for another runtime.

use std::time::{Duration, Instant};

/// The first calls that are reported apart: those of this time.
const FIRST: Duration = Duration::from_secs(1);

/// How long a kernel is run.
pub struct Pace {
    warm_up: Duration,
    batch: Duration,
    batches: usize,
}

impl Pace {
    /// Reads three arguments: the milliseconds of the warm-up and of a batch, and how many batches.
    pub fn from_arguments(arguments: &[String]) -> Option<Pace> {
        let numbers: Vec<u64> = arguments.iter().filter_map(|each| each.parse().ok()).collect();
        match (arguments.len(), &numbers[..]) {
            (3, &[warm_up, batch, batches]) if batches > 0 => Some(Pace {
                warm_up: Duration::from_millis(warm_up),
                batch: Duration::from_millis(batch),
                batches: batches as usize,
            }),
            _ => None,
        }
    }

    /// Runs it, and prints the nanoseconds of a run: `first`, the mean of the first second, and
    /// `steady`, the median of the batches. The first run's answer is the `checksum`, and every
    /// other run's, or it panics.
    pub fn measure(&self, mut run: impl FnMut() -> u32) {
        let began = Instant::now();
        let checksum = run();
        let mut nanos_per_run = |began: Instant, mut runs: u64, time: Duration| {
            while began.elapsed() < time {
                assert_eq!(checksum, run());
                runs += 1;
            }
            began.elapsed().as_nanos() as f64 / runs as f64
        };
        let first = nanos_per_run(began, 1, FIRST.min(self.warm_up));
        nanos_per_run(Instant::now(), 0, self.warm_up.saturating_sub(FIRST));
        let mut batches: Vec<f64> =
            (0..self.batches).map(|_| nanos_per_run(Instant::now(), 0, self.batch)).collect();
        batches.sort_unstable_by(f64::total_cmp);
        println!("first {first:.1}");
        println!("steady {:.1}", batches[batches.len() / 2]);
        println!("checksum {checksum}");
    }
}
