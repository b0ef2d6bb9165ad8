;; Returns the time the host tells, in Unix milliseconds, as {"value":<number>}.
(module
  (import "env" "gn_time_ms" (func $gn_time_ms (result i64)))
  (include "abi.part")
  (include "number.part")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (call $number (call $gn_time_ms))))
