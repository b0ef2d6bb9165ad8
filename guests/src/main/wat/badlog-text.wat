;; Logs, in every hook, at a level that the ABI does not know, a text that is not UTF-8 and holds a
;; line break: what a log must not print as it is.
(module
  (import "env" "gn_log" (func $gn_log (param i32 i32 i32)))
  (include "abi.part")
  (data (i32.const 0) "one\0atwo \c3\28")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (call $gn_log (i32.const 9) (i32.const 0) (i32.const 10))
    (i64.const 0)))
