;; Returns a body of valid JSON, inside the memory, one byte longer than the 1 MiB that is allowed.
(module
  (include "abi.part")
  (func $fill (export "_initialize")
    (drop (memory.grow (i32.const 30)))
    (i64.store (i32.const 0x10000) (i64.const 0x2265756c6176227b)) ;; {"value"
    (i64.store16 offset=8 (i32.const 0x10000) (i64.const 0x223a)) ;; :"
    (memory.fill (i32.const 0x1000a) (i32.const 0x61) (i32.const 0xffff5))
    (i32.store16 (i32.const 0x10ffff) (i32.const 0x7d22))) ;; "}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (call $body (i32.const 0x10000) (i32.const 0x100001))))
