;; Returns a body that is text, not JSON.
(module
  (include "abi.part")
  (data (i32.const 8) "value: 1")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (call $body (i32.const 8) (i32.const 8))))
