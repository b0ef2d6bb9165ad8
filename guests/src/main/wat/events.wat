;; A guest that emits events. A filter emits its value as the data of an event, and returns the
;; status as a number. The event's name is the hook's name; but for these hooks:
;;   many    emits the event "many" 1000 times; returns how many were accepted
;;   order   emits "a", "b" and "c"
;;   traps   emits, then traps
;;   refuses emits, then answers with the status -1
;;   garbles emits, then answers with something that is not JSON
;;   named   the value is a text, which is the event's name; its data is {}
;; Of a value that is a text, it emits what is in the quotes.
;; A job emits {} as the event of its name. The job "refuses" then answers with the status -1.
;; The action "event.*" emits the data of the event that it gets as the event "next".
(module
  (import "env" "gn_event_emit" (func $emit (param i32 i32 i32 i32) (result i32)))
  (include "abi.part")
  (include "number.part")
  (data (i32.const 16) "abc")
  (data (i32.const 32) "next")
  (data (i32.const 48) "{}")

  ;; The event of a one-letter name.
  (func $letter (param $letter i32) (param $value i32) (param $length i32)
    (drop
      (call $emit
        (local.get $letter)
        (i32.const 1)
        (local.get $value)
        (local.get $length))))

  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $value i32) (local $value_length i32) (local $first i32) (local $status i32)
    (local $left i32) (local $accepted i32)
    (local.set $value (i32.add (local.get $payload) (i32.const 25)))
    ;; "action", the value lies between {"kind":"action","args":[ and ]}
    (if (i32.eq (i32.load8_u offset=9 (local.get $payload)) (i32.const 0x61))
      (then
        (drop
          (call $emit
            (i32.const 32)
            (i32.const 4)
            (local.get $value)
            (i32.sub (local.get $length) (i32.const 27))))
        (return (i64.const 0))))
    ;; The value lies between {"kind":"filter","value": and ,"args":[]}
    (local.set $value_length (i32.sub (local.get $length) (i32.const 36)))
    (local.set $first (i32.load (local.get $name)))
    (if (i32.eq (local.get $first) (i32.const 0x796e616d)) ;; many
      (then
        (local.set $left (i32.const 1000))
        (loop $again
          (local.set $accepted
            (i32.add
              (local.get $accepted)
              (i32.eqz
                (call $emit
                  (local.get $name)
                  (local.get $name_length)
                  (local.get $value)
                  (local.get $value_length)))))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br_if $again (local.get $left)))
        (return (call $number (i64.extend_i32_u (local.get $accepted))))))
    (if (i32.eq (local.get $first) (i32.const 0x6564726f)) ;; orde
      (then
        (call $letter (i32.const 16) (local.get $value) (local.get $value_length))
        (call $letter (i32.const 17) (local.get $value) (local.get $value_length))
        (call $letter (i32.const 18) (local.get $value) (local.get $value_length))
        (return (i64.const 0))))
    (if (i32.eq (i32.load8_u (local.get $value)) (i32.const 0x22)) ;; "
      (then
        (local.set $value (i32.add (local.get $value) (i32.const 1)))
        (local.set $value_length (i32.sub (local.get $value_length) (i32.const 2)))))
    (if (i32.eq (local.get $first) (i32.const 0x656d616e)) ;; name
      (then
        (return
          (call $number
            (i64.extend_i32_s
              (call $emit
                (local.get $value)
                (local.get $value_length)
                (i32.const 48)
                (i32.const 2)))))))
    (local.set $status
      (call $emit
        (local.get $name)
        (local.get $name_length)
        (local.get $value)
        (local.get $value_length)))
    (if (i32.eq (local.get $first) (i32.const 0x70617274)) ;; trap
      (then (unreachable)))
    (if (i32.eq (local.get $first) (i32.const 0x75666572)) ;; refu
      (then (return (i64.const 0xffffffff))))
    (if (i32.eq (local.get $first) (i32.const 0x62726167)) ;; garb
      (then (return (call $body (i32.const 16) (i32.const 3)))))
    (call $number (i64.extend_i32_s (local.get $status))))

  (func (export "gn_handle_job")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (drop
      (call $emit (local.get $name) (local.get $name_length) (i32.const 48) (i32.const 2)))
    (if (i32.eq (i32.load (local.get $name)) (i32.const 0x75666572)) ;; refu
      (then (return (i64.const 0xffffffff))))
    (i64.const 0)))
