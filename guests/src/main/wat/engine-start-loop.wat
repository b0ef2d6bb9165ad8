;; Never gets through its start section.
(module
  (func $forever (loop $again (br $again)))
  (start $forever))
