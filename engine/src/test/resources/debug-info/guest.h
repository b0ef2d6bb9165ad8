// Holds a function's body, so that a line lies in another file than guest.c.
__attribute__((noinline)) static int in_header(int value) {
  if (value > 3) {
    abort();  // mark: abort
  }
  return value;
}
