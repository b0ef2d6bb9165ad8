;; Additions of a constant to an extended i32, as Go's compiler emits them, and what looks similar.
(module
  (func (export "unsigned") (param i32) (result i32)
    local.get 0 i64.extend_i32_u i64.const 4294967303 i64.add i32.wrap_i64)
  (func (export "signed") (param i32) (result i32)
    local.get 0 i64.extend_i32_s i64.const -8 i64.add i32.wrap_i64)
  ;; The upper half counts.
  (func (export "wide") (param i32) (result i64)
    local.get 0 i64.extend_i32_u i64.const 4294967303 i64.add)
  (func (export "shifted") (param i32) (result i32)
    local.get 0 i64.extend_i32_u i64.const 4294967303 i64.add i64.const 32 i64.shr_u i32.wrap_i64)
  (func (export "twice") (param i32) (result i32)
    local.get 0 i64.extend_i32_u i64.const 1 i64.add i32.wrap_i64
    i64.extend_i32_s i64.const 1 i64.add i32.wrap_i64))
