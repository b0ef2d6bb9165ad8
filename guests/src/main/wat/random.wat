;; Returns a random number from WASI, as {"value":<number>}.
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (include "abi.part")
  (include "number.part")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (drop (call $random_get (i32.const 64) (i32.const 4)))
    (call $number (i64.load32_u (i32.const 64)))))
