//! Kernels of crates that many programs use, for `./bench engine`. One source, built twice: as a
//! guest whose only export beside the memory's is `compute`, and as the program `crates-native`.

mod jpeg;
mod regex;

use crate::jpeg::Image;
use crate::regex::Log;

/// A kernel that has made its input, always the same. It answers a checksum.
pub type Kernel = Box<dyn Fn() -> u32>;

/// All of them, in the order of their numbers.
pub const ALL: [(&str, fn() -> Kernel); 2] = [
    ("jpeg", || {
        let image = Image::new();
        Box::new(move || image.decode())
    }),
    ("regex", || {
        let log = Log::new();
        Box::new(move || log.search())
    }),
];

#[cfg(target_arch = "wasm32")]
mod guest {
    use std::cell::OnceCell;

    use super::{Kernel, ALL};

    thread_local! {
        static KERNELS: [OnceCell<Kernel>; ALL.len()] = const { [const { OnceCell::new() }; ALL.len()] };
    }

    unsafe extern "C" {
        /// Written by the linker: runs the constructors of the C library below `std`.
        fn __wasm_call_ctors();
    }

    /// Runs once, and makes the module a reactor.
    #[no_mangle]
    pub extern "C" fn _initialize() {
        unsafe { __wasm_call_ctors() };
    }

    /// Runs the kernel with this number and answers its checksum.
    #[no_mangle]
    pub extern "C" fn compute(index: usize) -> u32 {
        KERNELS.with(|kernels| kernels[index].get_or_init(ALL[index].1)())
    }
}
