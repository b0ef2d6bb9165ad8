;; A filter that reads the application's users, or its media where the hook's name begins with an m,
;; with the filter's value as the request. It returns the answer as the new value, or a status as a
;; number.
(module
  (import "env_net" "gn_users_read" (func $users (param i32 i32) (result i64)))
  (import "env_net" "gn_media_read" (func $media (param i32 i32) (result i64)))
  (include "abi.part")
  (include "number.part")
  (include "wrap.part")

  ;; The value lies between {"kind":"filter","value": and ,"args":[]}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local.set $payload (i32.add (local.get $payload) (i32.const 25)))
    (local.set $length (i32.sub (local.get $length) (i32.const 36)))
    (if (i32.eq (i32.load8_u (local.get $name)) (i32.const 0x6d)) ;; m
      (then
        (return (call $wrapped (call $media (local.get $payload) (local.get $length))))))
    (call $wrapped (call $users (local.get $payload) (local.get $length)))))
