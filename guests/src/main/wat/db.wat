;; A filter that runs SQL. The hook's name begins with the function: "read", "write" or "batch". The
;; value of "read" and "write" is the SQL, a text without escapes; the hook's arguments are those of
;; the SQL. The value of "batch" is the batch. It returns the answer, or the status as a number. If
;; the name ends with "why", it returns what gn_last_error says instead of a status.
(module
  (import "gonext_data" "gn_db_read" (func $read (param i32 i32 i32 i32) (result i64)))
  (import "gonext_data" "gn_db_write" (func $write (param i32 i32 i32 i32) (result i64)))
  (import "gonext_data" "gn_db_batch" (func $batch (param i32 i32) (result i64)))
  (import "env" "gn_last_error" (func $error (result i64)))
  (include "abi.part")
  (include "number.part")
  (include "wrap.part")

  (func $answer (param $packed i64) (param $why i32) (result i64)
    (if (i32.and
          (local.get $why)
          (i64.eqz (i64.shr_u (local.get $packed) (i64.const 32))))
      (then (return (call $wrapped (call $error)))))
    (call $wrapped (local.get $packed)))

  ;; The value lies between {"kind":"filter","value": and ,"args":<arguments>}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $why i32) (local $sql i32) (local $end i32) (local $args i32) (local $args_length i32)
    (local.set $why
      (i32.eq
        (i32.load8_u
          (i32.sub (i32.add (local.get $name) (local.get $name_length)) (i32.const 1)))
        (i32.const 0x79))) ;; y
    (if (i32.eq (i32.load8_u (local.get $name)) (i32.const 0x62)) ;; b
      (then
        (return
          (call $answer
            (call $batch
              (i32.add (local.get $payload) (i32.const 25))
              (i32.sub (local.get $length) (i32.const 36)))
            (local.get $why)))))
    ;; The SQL ends at a quote.
    (local.set $sql (i32.add (local.get $payload) (i32.const 26)))
    (local.set $end (local.get $sql))
    (block $found
      (loop $search
        (br_if $found (i32.eq (i32.load8_u (local.get $end)) (i32.const 0x22)))
        (local.set $end (i32.add (local.get $end) (i32.const 1)))
        (br $search)))
    ;; Then ","args": and the arguments, up to the last brace.
    (local.set $args (i32.add (local.get $end) (i32.const 9)))
    (local.set $args_length
      (i32.sub
        (i32.sub (i32.add (local.get $payload) (local.get $length)) (i32.const 1))
        (local.get $args)))
    (if (i32.eq (i32.load8_u (local.get $name)) (i32.const 0x72)) ;; r
      (then
        (return
          (call $answer
            (call $read
              (local.get $sql)
              (i32.sub (local.get $end) (local.get $sql))
              (local.get $args)
              (local.get $args_length))
            (local.get $why)))))
    (call $answer
      (call $write
        (local.get $sql)
        (i32.sub (local.get $end) (local.get $sql))
        (local.get $args)
        (local.get $args_length))
      (local.get $why)))

  ;; A job does nothing, and succeeds.
  (func (export "gn_handle_job")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (i64.const 0)))
