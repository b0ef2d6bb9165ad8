//! The kernels at the machine's own speed: `compute-native NAME WARM-UP BATCH BATCHES`, with
//! milliseconds. What it prints is in [`compute::measure`].

use std::process::exit;

use compute::kernels::{self, Kernels};
use compute::measure::Pace;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let kernel = arguments
        .first()
        .and_then(|name| kernels::ALL.iter().find(|kernel| kernel.0 == name))
        .map(|kernel| kernel.1);
    let pace = Pace::from_arguments(arguments.get(1..).unwrap_or_default());
    match (kernel, pace) {
        (Some(kernel), Some(pace)) => {
            let input = Kernels::new();
            pace.measure(|| kernel(&input));
        }
        _ => {
            eprintln!("compute-native: usage: compute-native KERNEL WARM-UP BATCH BATCHES");
            exit(2);
        }
    }
}
