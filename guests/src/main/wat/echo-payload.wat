;; Returns the payload's own bytes as the body. To the host that is a filter's result as well: an
;; object with a member "value".
(module
  (include "abi.part")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $copy i32)
    (local.set $copy (call $alloc (local.get $length)))
    (if (i32.eqz (local.get $copy)) (then (return (i64.const 0xfffffffe)))) ;; -2
    (memory.copy (local.get $copy) (local.get $payload) (local.get $length))
    (call $body (local.get $copy) (local.get $length))))
