// A guest with C++ exceptions of several types, destructors on the way, and deep unwinding.

struct Guard {
  int &ends;
  ~Guard() { ends++; }
};

[[gnu::noinline]] int check(int value) {
  if (value % 5 == 4) throw "four";
  if (value % 5 == 3) throw 1.5f;
  if (value % 2 == 1) throw value;
  return value;
}

[[gnu::noinline]] int guarded(int value, int &ends) {
  Guard outer{ends};
  for (int i = 0; i < 3; i++) {
    Guard inner{ends};
    value += check(value + i * 2) & 0xF;
  }
  return value;
}

[[gnu::noinline]] int handled(int value, int &ends) {
  try {
    return guarded(value, ends);
  } catch (int thrown) {
    return thrown * 100;
  } catch (float thrown) {
    ends += 1000;
    throw;
  }
}

extern "C" {
[[clang::export_name("run")]] int run(int value) {
  int ends = 0;
  int result;
  try {
    result = handled(value, ends);
  } catch (const char *text) {
    result = text[0] * 10'000;
  } catch (...) {
    result = -1'000'000;
  }
  return result + ends;
}

// Exceptions one after the other, each through some frames.
[[clang::export_name("storm")]] int storm(int count) {
  int sum = 0;
  for (int i = 0; i < count; i++) sum += run(i);
  return sum;
}

[[gnu::noinline]] int deep(int depth, int &ends) {
  Guard guard{ends};
  return depth == 0 ? check(1) : deep(depth - 1, ends) + 1;
}

[[clang::export_name("unwind")]] int unwind(int depth) {
  int ends = 0;
  try {
    return deep(depth, ends);
  } catch (int) {
    return ends;
  }
}

[[clang::export_name("uncaught")]] int uncaught(int value) { return check(value); }
}
