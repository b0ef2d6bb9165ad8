;; Runs jobs by the first letter of their names: "ok" succeeds, "fail" answers -1, "bad" -3,
;; "unknown" -4, "trap" traps, "loop" never ends, "retry" asks for another attempt in 1 ms, "say"
;; logs its payload, "hits" adds 1 to the entry "hits", "effect" writes its payload to the entry that
;; is named as its idempotency key, unless there is one. Its filter "enqueue" hands its value, an
;; object, to gn_job_enqueue, "register" to gn_cron_register; both return the answer or the status.
;; It logs the payload of an action.
(module
  (import "env" "gn_job_enqueue" (func $enqueue (param i32 i32) (result i64)))
  (import "env" "gn_cron_register" (func $register (param i32 i32) (result i32)))
  (import "env" "gn_log" (func $log (param i32 i32 i32)))
  (import "gonext_data" "gn_kv_incr" (func $incr (param i32 i32 i64) (result i64)))
  (import "gonext_data" "gn_kv_set_if_absent"
    (func $set_if_absent (param i32 i32 i32 i32) (result i64)))
  (include "abi.part")
  (include "number.part")
  (data (i32.const 2048) "{\"retry_in_ms\":1}")
  (data (i32.const 2080) "hits")

  ;; {"value":<body>}, or {"value":<status>}.
  (func $answer (param $packed i64) (result i64)
    (local $length i32) (local $text i32)
    (local.set $length (i32.wrap_i64 (local.get $packed)))
    (if (i64.eqz (i64.shr_u (local.get $packed) (i64.const 32)))
      (then (return (call $number (i64.extend_i32_s (local.get $length))))))
    (local.set $text (call $alloc (i32.add (local.get $length) (i32.const 10))))
    (i64.store (local.get $text) (i64.const 0x2265756c6176227b)) ;; {"value"
    (i32.store8 offset=8 (local.get $text) (i32.const 0x3a)) ;; :
    (memory.copy
      (i32.add (local.get $text) (i32.const 9))
      (i32.wrap_i64 (i64.shr_u (local.get $packed) (i64.const 32)))
      (local.get $length))
    (i32.store8 offset=9 (i32.add (local.get $text) (local.get $length)) (i32.const 0x7d)) ;; }
    (call $body (local.get $text) (i32.add (local.get $length) (i32.const 10))))

  ;; The value lies between {"kind":"filter","value": and ,"args":[]}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $value i32) (local $value_length i32) (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $name)))
    (local.set $value (i32.add (local.get $payload) (i32.const 25)))
    (local.set $value_length (i32.sub (local.get $length) (i32.const 36)))
    (if (i32.eq (local.get $letter) (i32.const 0x65)) ;; e
      (then (return (call $answer (call $enqueue (local.get $value) (local.get $value_length))))))
    (if (i32.eq (local.get $letter) (i32.const 0x72)) ;; r
      (then
        (return
          (call $number
            (i64.extend_i32_s
              (call $register (local.get $value) (local.get $value_length)))))))
    (call $log (i32.const 1) (local.get $payload) (local.get $length))
    (i64.const 0))

  ;; Has the effect of a job once, in whichever attempt: 0, or the status of the write.
  (func $effect (param $payload i32) (param $length i32) (result i64)
    (local $key i32) (local $end i32) (local $answer i64)
    (local.set $key (local.get $payload))
    (loop $search
      (local.set $key (i32.add (local.get $key) (i32.const 1)))
      (br_if $search
        (i64.ne (i64.load (local.get $key)) (i64.const 0x223a2279656b5f79)))) ;; y_key":"
    (local.set $key (i32.add (local.get $key) (i32.const 8)))
    (local.set $end (local.get $key))
    (loop $quote
      (local.set $end (i32.add (local.get $end) (i32.const 1)))
      (br_if $quote (i32.ne (i32.load8_u (local.get $end)) (i32.const 0x22))))
    (local.set $answer
      (call $set_if_absent
        (local.get $key)
        (i32.sub (local.get $end) (local.get $key))
        (local.get $payload)
        (local.get $length)))
    ;; Some milliseconds, so that a node that is killed is often killed here.
    (local.set $end (i32.const 5000000))
    (loop $spin
      (local.set $end (i32.sub (local.get $end) (i32.const 1)))
      (br_if $spin (local.get $end)))
    (if (i64.eq (local.get $answer) (i64.const 0xfffffff5)) ;; conflict: an attempt before this one
      (then (return (i64.const 0))))
    (local.get $answer))

  (func (export "gn_handle_job")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $name)))
    (if (i32.eq (local.get $letter) (i32.const 0x66)) (then (return (i64.const 0xffffffff)))) ;; f
    (if (i32.eq (local.get $letter) (i32.const 0x62)) (then (return (i64.const 0xfffffffd)))) ;; b
    (if (i32.eq (local.get $letter) (i32.const 0x75)) (then (return (i64.const 0xfffffffc)))) ;; u
    (if (i32.eq (local.get $letter) (i32.const 0x74)) (then (unreachable))) ;; t
    (if (i32.eq (local.get $letter) (i32.const 0x6c)) (then (loop $forever (br $forever)))) ;; l
    (if (i32.eq (local.get $letter) (i32.const 0x72)) ;; r
      (then (return (call $body (i32.const 2048) (i32.const 17)))))
    (if (i32.eq (local.get $letter) (i32.const 0x73)) ;; s
      (then (call $log (i32.const 1) (local.get $payload) (local.get $length))))
    (if (i32.eq (local.get $letter) (i32.const 0x65)) ;; e
      (then (return (call $effect (local.get $payload) (local.get $length)))))
    (if (i32.eq (local.get $letter) (i32.const 0x68)) ;; h
      (then (drop (call $incr (i32.const 2080) (i32.const 4) (i64.const 1)))))
    (i64.const 0)))
