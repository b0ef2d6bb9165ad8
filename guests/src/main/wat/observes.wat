;; A filter that records a metric and returns the status. The hook's name is the metric's name, a dot
;; and the value: "one", "half", "minus" for -1, "infinite" or "nan". With "error" it records -1 and
;; returns the last error. The filter's value is the labels; null stands for no labels.
(module
  (import "env" "gn_metric_observe" (func $observe (param i32 i32 f64 i32 i32) (result i32)))
  (import "env" "gn_last_error" (func $last_error (result i64)))
  (include "abi.part")
  (include "number.part")
  (include "wrap.part")

  (func $number_of (param $letter i32) (result f64)
    (if (i32.eq (local.get $letter) (i32.const 0x68)) (then (return (f64.const 0.5)))) ;; h
    (if (i32.eq (local.get $letter) (i32.const 0x6d)) (then (return (f64.const -1)))) ;; m
    (if (i32.eq (local.get $letter) (i32.const 0x65)) (then (return (f64.const -1)))) ;; e
    (if (i32.eq (local.get $letter) (i32.const 0x69)) (then (return (f64.const inf)))) ;; i
    (if (i32.eq (local.get $letter) (i32.const 0x6e)) (then (return (f64.const nan)))) ;; n
    (f64.const 1))

  ;; The labels lie between {"kind":"filter","value": and ,"args":[]}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $dot i32) (local $letter i32) (local $status i32)
    (loop $letters
      (if (i32.ne (i32.load8_u (i32.add (local.get $name) (local.get $dot))) (i32.const 0x2e))
        (then
          (local.set $dot (i32.add (local.get $dot) (i32.const 1)))
          (br $letters))))
    (local.set $letter (i32.load8_u offset=1 (i32.add (local.get $name) (local.get $dot))))
    (local.set $payload (i32.add (local.get $payload) (i32.const 25)))
    (local.set $length (i32.sub (local.get $length) (i32.const 36)))
    (if (i32.eq (i32.load8_u (local.get $payload)) (i32.const 0x6e)) ;; n
      (then (local.set $length (i32.const 0))))
    (local.set $status
      (call $observe
        (local.get $name)
        (local.get $dot)
        (call $number_of (local.get $letter))
        (local.get $payload)
        (local.get $length)))
    (if (i32.eq (local.get $letter) (i32.const 0x65)) ;; e
      (then (return (call $wrapped (call $last_error)))))
    (call $number (i64.extend_i32_s (local.get $status)))))
