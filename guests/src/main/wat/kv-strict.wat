;; Adds 1 to the entry "n" in every hook, and traps when that fails.
(module
  (import "gonext_data" "gn_kv_incr" (func $incr (param i32 i32 i64) (result i64)))
  (include "abi.part")
  (data (i32.const 16) "n")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $answer i64)
    (local.set $answer (call $incr (i32.const 16) (i32.const 1) (i64.const 1)))
    (if (i64.eqz (i64.shr_u (local.get $answer) (i64.const 32))) (then (unreachable)))
    (i64.const 0)))
