// A guest whose traps have known lines; see README.md for how it is built. DebugInfoTest knows the
// lines by their marks. Without std, whose debug info alone has 5 MB.
#![no_std]
#![crate_type = "cdylib"]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable() // mark: panic handler
}

mod shop {
    pub trait Priced {
        fn price(&self, item: usize) -> u32;
    }

    pub struct Basket<T> {
        pub items: [T; 3],
    }

    impl Priced for Basket<u32> {
        #[inline(never)]
        fn price(&self, item: usize) -> u32 {
            self.items[item] // mark: index
        }
    }

    #[inline(never)]
    pub fn total<P: Priced>(priced: &P, items: usize) -> u32 {
        (0..items).map(|i| priced.price(i)).sum() // mark: closure
    }
}

#[no_mangle]
pub extern "C" fn total(items: usize) -> u32 {
    let basket = shop::Basket { items: [1, 2, 3] };
    shop::total(&basket, items) // mark: call of total
}
