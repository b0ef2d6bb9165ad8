;; Logs one line at each level, debug to error, in every hook.
(module
  (import "env" "gn_log" (func $gn_log (param i32 i32 i32)))
  (include "abi.part")
  (data (i32.const 0) "a line of the guest")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $level i32)
    (loop $levels
      (call $gn_log (local.get $level) (i32.const 0) (i32.const 19))
      (local.set $level (i32.add (local.get $level) (i32.const 1)))
      (br_if $levels (i32.lt_u (local.get $level) (i32.const 4))))
    (i64.const 0)))
