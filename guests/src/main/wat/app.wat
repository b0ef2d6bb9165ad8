;; A filter that calls a function of the application: the hook's name is the function's name, and the
;; filter's value is the request; of a text, what is in its quotes. It returns the function's answer as
;; the new value, or a status as a number.
(module
  (import "env" "gn_app_call" (func $call (param i32 i32 i32 i32) (result i64)))
  (include "abi.part")
  (include "number.part")
  (include "wrap.part")

  ;; The value lies between {"kind":"filter","value": and ,"args":[]}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local.set $payload (i32.add (local.get $payload) (i32.const 25)))
    (local.set $length (i32.sub (local.get $length) (i32.const 36)))
    (if (i32.eq (i32.load8_u (local.get $payload)) (i32.const 0x22)) ;; "
      (then
        (local.set $payload (i32.add (local.get $payload) (i32.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 2)))))
    (call $wrapped
      (call $call
        (local.get $name)
        (local.get $name_length)
        (local.get $payload)
        (local.get $length)))))
