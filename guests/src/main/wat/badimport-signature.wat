;; Imports gn_log with a wrong signature: without the level.
(module
  (import "env" "gn_log" (func $gn_log (param i32 i32)))
  (include "abi.part")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (call $gn_log (i32.const 0) (i32.const 0))
    (i64.const 0)))
