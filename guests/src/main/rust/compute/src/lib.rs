//! What `./bench engine` and `./bench wazero` compute. One source, built twice: as a guest with
//! guest ABI v1, and as the program `compute-native`.

pub mod kernels;

#[cfg(target_arch = "wasm32")]
mod abi;
