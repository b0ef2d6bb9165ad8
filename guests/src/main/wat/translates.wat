;; A filter that translates. Its value is a key, as a text, or {"key","args"}; its argument is the
;; locale, as a text. It returns the translation as a text, or the status as a number.
(module
  (import "env" "gn_i18n_translate" (func $translate (param i32 i32 i32 i32) (result i64)))
  (include "abi.part")
  (include "number.part")
  (include "answer.part")

  ;; The payload is {"kind":"filter","value":<value>,"args":["<locale>"]}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $locale i32) (local $end i32) (local $key_length i32)
    (local.set $end (i32.sub (i32.add (local.get $payload) (local.get $length)) (i32.const 3)))
    (local.set $locale (local.get $end))
    (loop $letters
      (if
        (i32.ne
          (i32.load8_u (i32.sub (local.get $locale) (i32.const 1)))
          (i32.const 0x22)) ;; "
        (then
          (local.set $locale (i32.sub (local.get $locale) (i32.const 1)))
          (br $letters))))
    (local.set $payload (i32.add (local.get $payload) (i32.const 25)))
    (local.set $key_length
      (i32.sub (i32.sub (local.get $locale) (i32.const 10)) (local.get $payload)))
    (if (i32.eq (i32.load8_u (local.get $payload)) (i32.const 0x22)) ;; "
      (then
        (local.set $payload (i32.add (local.get $payload) (i32.const 1)))
        (local.set $key_length (i32.sub (local.get $key_length) (i32.const 2)))))
    (call $answer
      (call $translate
        (local.get $payload)
        (local.get $key_length)
        (local.get $locale)
        (i32.sub (local.get $end) (local.get $locale)))
      (i32.const 1))))
