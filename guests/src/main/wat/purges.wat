;; A filter that invalidates tags of caches: its value is the array of tags; of a text, what is in its
;; quotes. It returns the status as a number.
(module
  (import "gonext_data" "gn_cache_invalidate" (func $invalidate (param i32 i32) (result i64)))
  (include "abi.part")
  (include "number.part")

  ;; The value lies between {"kind":"filter","value": and ,"args":[]}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local.set $payload (i32.add (local.get $payload) (i32.const 25)))
    (local.set $length (i32.sub (local.get $length) (i32.const 36)))
    (if (i32.eq (i32.load8_u (local.get $payload)) (i32.const 0x22)) ;; "
      (then
        (local.set $payload (i32.add (local.get $payload) (i32.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 2)))))
    (call $number
      (i64.extend32_s (call $invalidate (local.get $payload) (local.get $length))))))
