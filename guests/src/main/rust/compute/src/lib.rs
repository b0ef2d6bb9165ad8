//! What `./bench engine` computes. One source, built twice: as a guest with guest ABI v1, and as the
//! program `compute-native`.

pub mod kernels;

#[cfg(all(target_arch = "wasm32", feature = "guest"))]
mod abi;

#[cfg(not(target_arch = "wasm32"))]
pub mod measure;
