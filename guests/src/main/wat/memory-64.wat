;; 64 MiB of memory.
(module
  (memory (export "memory") 1024)
  (include "touch.part")
)
