//! The kernels at the machine's own speed: `crates-native NAME WARM-UP BATCH BATCHES`, with
//! milliseconds. What it prints is in [`compute::measure`].

use std::process::exit;

use compute::measure::Pace;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let kernel = arguments
        .first()
        .and_then(|name| crates::ALL.iter().find(|kernel| kernel.0 == name))
        .map(|kernel| kernel.1);
    let pace = Pace::from_arguments(arguments.get(1..).unwrap_or_default());
    match (kernel, pace) {
        (Some(kernel), Some(pace)) => pace.measure(kernel()),
        _ => {
            eprintln!("crates-native: usage: crates-native KERNEL WARM-UP BATCH BATCHES");
            exit(2);
        }
    }
}
