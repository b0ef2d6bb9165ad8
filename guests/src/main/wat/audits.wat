;; Emits the value of the filter as an audit event, just as it stands in the payload, and returns
;; the answer as {"value":<number>}. The hook "platform" does so by the function's other name.
(module
  (import "env" "gn_audit_emit" (func $emit (param i32 i32) (result i32)))
  (import "env_platform" "gn_audit_emit" (func $platform_emit (param i32 i32) (result i32)))
  (include "abi.part")
  (include "number.part")
  ;; The value lies between {"kind":"filter","value": and ,"args":[]}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $value i32) (local $value_length i32)
    (local.set $value (i32.add (local.get $payload) (i32.const 25)))
    (local.set $value_length (i32.sub (local.get $length) (i32.const 36)))
    (if (i32.eq (local.get $name_length) (i32.const 8))
      (then
        (return
          (call $number
            (i64.extend_i32_s
              (call $platform_emit (local.get $value) (local.get $value_length)))))))
    (call $number
      (i64.extend_i32_s (call $emit (local.get $value) (local.get $value_length))))))
