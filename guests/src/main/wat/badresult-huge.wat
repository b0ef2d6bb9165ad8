;; Returns a body of 2 GiB: a length that is negative as a signed number.
(module
  (include "abi.part")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (call $body (i32.const 4096) (i32.const 0x80000000))))
