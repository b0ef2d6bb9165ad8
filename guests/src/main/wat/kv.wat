;; A filter over the plugin's key-value entries. Its value is a text: "g<key>" reads an entry,
;; "s<key>=<value>" writes one, "n<key>=<value>" writes one unless there is one, "d<key>" deletes
;; one, "i<key>=<number>" adds to one. It returns the body of the answer as a text, or its status as
;; a number, 0 for done.
(module
  (import "gonext_data" "gn_kv_get" (func $get (param i32 i32) (result i64)))
  (import "gonext_data" "gn_kv_set" (func $set (param i32 i32 i32 i32) (result i64)))
  (import "gonext_data" "gn_kv_set_if_absent"
    (func $set_if_absent (param i32 i32 i32 i32) (result i64)))
  (import "gonext_data" "gn_kv_del" (func $del (param i32 i32) (result i64)))
  (import "gonext_data" "gn_kv_incr" (func $incr (param i32 i32 i64) (result i64)))
  (include "abi.part")
  (include "number.part")

  ;; The number between two places, with its sign.
  (func $parse (param $at i32) (param $end i32) (result i64)
    (local $sign i64) (local $number i64)
    (local.set $sign (i64.const 1))
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x2d))
      (then
        (local.set $sign (i64.const -1))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))))
    (block $done
      (loop $digits
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $number
          (i64.add
            (i64.mul (local.get $number) (i64.const 10))
            (i64.sub (i64.load8_u (local.get $at)) (i64.const 0x30))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $digits)))
    (i64.mul (local.get $sign) (local.get $number)))

  ;; What a function answered as a result: {"value":"<body>"} or {"value":<status>}.
  (func $answer (param $packed i64) (result i64)
    (local $length i32) (local $text i32)
    (local.set $length (i32.wrap_i64 (local.get $packed)))
    (if (i64.eqz (i64.shr_u (local.get $packed) (i64.const 32)))
      (then (return (call $number (i64.extend_i32_s (local.get $length))))))
    (local.set $text (call $alloc (i32.add (local.get $length) (i32.const 12))))
    (i64.store (local.get $text) (i64.const 0x2265756c6176227b)) ;; {"value"
    (i32.store16 offset=8 (local.get $text) (i32.const 0x223a)) ;; :"
    (memory.copy
      (i32.add (local.get $text) (i32.const 10))
      (i32.wrap_i64 (i64.shr_u (local.get $packed) (i64.const 32)))
      (local.get $length))
    (i32.store16 offset=10 (i32.add (local.get $text) (local.get $length)) (i32.const 0x7d22)) ;; "}
    (call $body (local.get $text) (i32.add (local.get $length) (i32.const 12))))

  ;; The text lies between {"kind":"filter","value":" and ","args":[]}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $key i32) (local $end i32) (local $equals i32) (local $operation i32)
    (local.set $operation (i32.load8_u offset=26 (local.get $payload)))
    (local.set $key (i32.add (local.get $payload) (i32.const 27)))
    (local.set $end (i32.sub (i32.add (local.get $payload) (local.get $length)) (i32.const 12)))
    (local.set $equals (local.get $key))
    (block $found
      (loop $search
        (br_if $found (i32.ge_u (local.get $equals) (local.get $end)))
        (br_if $found (i32.eq (i32.load8_u (local.get $equals)) (i32.const 0x3d)))
        (local.set $equals (i32.add (local.get $equals) (i32.const 1)))
        (br $search)))
    (if (i32.eq (local.get $operation) (i32.const 0x67)) ;; g
      (then
        (return
          (call $answer
            (call $get (local.get $key) (i32.sub (local.get $end) (local.get $key)))))))
    (if (i32.eq (local.get $operation) (i32.const 0x64)) ;; d
      (then
        (return
          (call $answer
            (call $del (local.get $key) (i32.sub (local.get $end) (local.get $key)))))))
    (if (i32.eq (local.get $operation) (i32.const 0x73)) ;; s
      (then
        (return
          (call $answer
            (call $set
              (local.get $key)
              (i32.sub (local.get $equals) (local.get $key))
              (i32.add (local.get $equals) (i32.const 1))
              (i32.sub (i32.sub (local.get $end) (local.get $equals)) (i32.const 1)))))))
    (if (i32.eq (local.get $operation) (i32.const 0x6e)) ;; n
      (then
        (return
          (call $answer
            (call $set_if_absent
              (local.get $key)
              (i32.sub (local.get $equals) (local.get $key))
              (i32.add (local.get $equals) (i32.const 1))
              (i32.sub (i32.sub (local.get $end) (local.get $equals)) (i32.const 1)))))))
    (call $answer
      (call $incr
        (local.get $key)
        (i32.sub (local.get $equals) (local.get $key))
        (call $parse (i32.add (local.get $equals) (i32.const 1)) (local.get $end))))))
