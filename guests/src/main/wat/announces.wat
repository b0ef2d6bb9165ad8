;; Emits the event "up" in on_activate, and the event "early" while it starts. The filter returns the
;; status of the latter.
(module
  (import "env" "gn_event_emit" (func $emit (param i32 i32 i32 i32) (result i32)))
  (include "abi.part")
  (include "number.part")
  (data (i32.const 16) "earlyup{}")
  (global $status (mut i32) (i32.const 0))

  (func (export "_initialize")
    (global.set $status
      (call $emit (i32.const 16) (i32.const 5) (i32.const 23) (i32.const 2))))

  (func (export "on_activate") (result i32)
    (call $emit (i32.const 21) (i32.const 2) (i32.const 23) (i32.const 2)))

  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (call $number (i64.extend_i32_s (global.get $status)))))
