;; A filter that adds an event to the span of its call and returns the status. The hook's name is the
;; event's name, and the filter's value is the attributes; null stands for none. A hook whose name
;; begins with "many" adds the event 33 times. A job adds an event of its name, without attributes.
(module
  (import "env" "gn_span_event" (func $event (param i32 i32 i32 i32) (result i32)))
  (include "abi.part")
  (include "number.part")

  ;; The attributes lie between {"kind":"filter","value": and ,"args":[]}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $left i32) (local $status i32)
    (local.set $payload (i32.add (local.get $payload) (i32.const 25)))
    (local.set $length (i32.sub (local.get $length) (i32.const 36)))
    (if (i32.eq (i32.load8_u (local.get $payload)) (i32.const 0x6e)) ;; n
      (then (local.set $length (i32.const 0))))
    (local.set $left
      (select
        (i32.const 33)
        (i32.const 1)
        (i32.eq (i32.load (local.get $name)) (i32.const 0x796e616d)))) ;; many
    (loop $again
      (local.set $status
        (call $event
          (local.get $name)
          (local.get $name_length)
          (local.get $payload)
          (local.get $length)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    (call $number (i64.extend_i32_s (local.get $status))))

  (func (export "gn_handle_job")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (i64.extend_i32_u
      (call $event (local.get $name) (local.get $name_length) (i32.const 0) (i32.const 0)))))
