;; Asks for the key "key" in every hook, and returns the low half of the answer, which is its
;; length or its status, as {"value":<number>}. Run it in a plugin that lacks the capability
;; kv.read.
(module
  (import "gonext_data" "gn_kv_get" (func $gn_kv_get (param i32 i32) (result i64)))
  (include "abi.part")
  (include "number.part")
  (data (i32.const 0) "key")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (call $number
      (i64.extend32_s (call $gn_kv_get (i32.const 0) (i32.const 3))))))
