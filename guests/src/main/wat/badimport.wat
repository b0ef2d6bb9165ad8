;; Imports a function that no host offers.
(module
  (import "env" "gn_nothing" (func $gn_nothing))
  (include "abi.part")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (call $gn_nothing)
    (i64.const 0)))
