;; Reads an entry and a row, and again one call deeper, until the stack is full.
(module
  (import "gonext_data" "gn_kv_get" (func $get (param i32 i32) (result i64)))
  (import "gonext_data" "gn_db_read" (func $read (param i32 i32 i32 i32) (result i64)))
  (include "abi.part")
  (data (i32.const 16) "n")
  (data (i32.const 32) "select i from deep where i = 1")
  (func $down (param $depth i32)
    ;; Not on each level: a read takes a thousand times as long as a call.
    (if (i32.eqz (i32.rem_u (local.get $depth) (i32.const 97)))
      (then
        (drop (call $get (i32.const 16) (i32.const 1)))
        (drop (call $read (i32.const 32) (i32.const 30) (i32.const 0) (i32.const 0)))))
    (call $down (i32.add (local.get $depth) (i32.const 1)))
    ;; Not a tail call.
    (drop (i32.load (i32.const 16))))
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (call $down (local.get $length))
    (i64.const 0)))
