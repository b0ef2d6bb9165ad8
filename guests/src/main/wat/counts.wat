;; A filter that asks a function of the test's own, env.gn_count, to count the name "page", and
;; returns its answer as its own.
(module
  (import "env" "gn_count" (func $count (param i32 i32) (result i64)))
  (include "abi.part")
  (data (i32.const 0) "page")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (call $count (i32.const 0) (i32.const 4))))
