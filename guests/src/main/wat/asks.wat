;; Calls gn_db_read without a statement in every hook, and returns the low half of the answer, which
;; is its status, as {"value":<number>}: denied, or bad arguments once the call was let through.
(module
  (import "gonext_data" "gn_db_read" (func $gn_db_read (param i32 i32 i32 i32) (result i64)))
  (include "abi.part")
  (include "number.part")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (call $number
      (i64.extend32_s
        (call $gn_db_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))))
