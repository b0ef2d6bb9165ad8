;; A filter that returns its value with the ASCII letters of all strings in upper case, and that
;; does the same to a batch of values.
(module
  (include "abi.part")
  (include "value.part")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $result i64) (local $start i32) (local $size i32)
    ;; {"kind":"filter_batch","values": has a _ where {"kind":"filter" ends.
    (if (i32.ne (i32.load8_u offset=15 (local.get $payload)) (i32.const 0x5f))
      (then
        (return (call $copy_value (local.get $payload) (local.get $length) (i32.const 1)))))
    ;; The array becomes the one value of a filter: its 25 bytes go where the 32 end.
    (memory.copy (i32.add (local.get $payload) (i32.const 7)) (i32.const 3968) (i32.const 25))
    (local.set $result
      (call $copy_value
        (i32.add (local.get $payload) (i32.const 7))
        (i32.sub (local.get $length) (i32.const 7))
        (i32.const 1)))
    (local.set $start (i32.wrap_i64 (i64.shr_u (local.get $result) (i64.const 32))))
    (local.set $size (i32.wrap_i64 (local.get $result)))
    (if (i32.eqz (local.get $start)) (then (return (local.get $result))))
    ;; {"value":... becomes {"values":...
    (memory.copy
      (i32.add (local.get $start) (i32.const 10))
      (i32.add (local.get $start) (i32.const 9))
      (i32.sub (local.get $size) (i32.const 9)))
    (i32.store8 offset=7 (local.get $start) (i32.const 0x73))
    (i32.store8 offset=8 (local.get $start) (i32.const 0x22))
    (i32.store8 offset=9 (local.get $start) (i32.const 0x3a))
    (call $body (local.get $start) (i32.add (local.get $size) (i32.const 1)))))
