;; Logs a line in on_activate.
(module
  (import "env" "gn_log" (func $gn_log (param i32 i32 i32)))
  (include "abi.part")
  (data (i32.const 0) "up")
  (func (export "on_activate") (result i32)
    (call $gn_log (i32.const 1) (i32.const 0) (i32.const 2))
    (i32.const 0))
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (i64.const 0)))
