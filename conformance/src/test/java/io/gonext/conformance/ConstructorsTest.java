package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.Host;
import io.gonext.host.PluginCheck;
import io.gonext.host.hook.CallOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Guests with constructors, as Rust and C programmers link them without an SDK. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class ConstructorsTest {
  private static final CallOptions CLOSED = CallOptions.DEFAULT.withFailClosed();

  /** Counts its constructor's runs, and answers with that number. */
  private static final String C =
      """
      #include <stdio.h>
      #include <stdlib.h>
      #define EXPORT(name) __attribute__((export_name(name)))
      static volatile int runs;
      __attribute__((constructor)) static void init(void) { runs++; }
      EXPORT("gn_alloc") void *gn_alloc(size_t size) { return malloc(size); }
      EXPORT("gn_free") void gn_free(void *block, size_t size) { free(block); }
      EXPORT("gn_handle_hook") unsigned long long gn_handle_hook(
          const char *name, size_t name_length, const char *payload, size_t length) {
        char *text = malloc(32);
        int written = snprintf(text, 32, "{\\"value\\":%d}", runs);
        return (unsigned long long) (size_t) text << 32 | (unsigned) written;
      }
      """;

  private static final String RUST =
      """
      use std::sync::atomic::{AtomicU32, Ordering};
      static RUNS: AtomicU32 = AtomicU32::new(0);
      #[used]
      #[link_section = ".init_array"]
      static INIT: extern "C" fn() = init;
      extern "C" fn init() {
          RUNS.fetch_add(1, Ordering::Relaxed);
      }
      #[no_mangle]
      pub extern "C" fn gn_alloc(size: usize) -> *mut u8 {
          Box::leak(vec![0u8; size].into_boxed_slice()).as_mut_ptr()
      }
      #[no_mangle]
      pub unsafe extern "C" fn gn_free(block: *mut u8, size: usize) {
          drop(Vec::from_raw_parts(block, size, size));
      }
      #[no_mangle]
      pub extern "C" fn gn_handle_hook(_: usize, _: usize, _: usize, _: usize) -> u64 {
          let text = format!("{{\\"value\\":{}}}", RUNS.load(Ordering::Relaxed)).into_bytes();
          let text = Box::leak(text.into_boxed_slice());
          (text.as_ptr() as u64) << 32 | text.len() as u64
      }
      """;

  /** What the warning advises. */
  private static final String MENDED =
      """
      extern "C" {
          fn __wasm_call_ctors();
      }
      #[no_mangle]
      pub extern "C" fn _initialize() {
          unsafe { __wasm_call_ctors() }
      }
      """;

  @TempDir private Path directory;

  private byte[] c(String model) throws IOException, InterruptedException {
    Files.writeString(directory.resolve("plugin.c"), C);
    Files.writeString(
        directory.resolve("Makefile"),
        """
        WASI_SYSROOT ?= /usr
        build/plugin.wasm: plugin.c
        \tmkdir -p build
        \tclang --target=wasm32-wasi --sysroot=$(WASI_SYSROOT) -O1 %s -o $@ $<
        """
            .formatted(model));
    return Toolchain.C.module(directory);
  }

  private byte[] rust(String source, String profile) throws IOException, InterruptedException {
    Files.createDirectories(directory.resolve("src"));
    Files.writeString(directory.resolve("src/lib.rs"), source);
    Files.writeString(
        directory.resolve("Cargo.toml"),
        """
        [package]
        name = "constructs"
        version = "0.1.0"
        edition = "2021"
        [lib]
        crate-type = ["cdylib"]
        [profile.release]
        panic = "abort"
        """
            + profile);
    Files.writeString(
        directory.resolve("Cargo.lock"),
        """
        version = 3
        [[package]]
        name = "constructs"
        version = "0.1.0"
        """);
    return Toolchain.RUST.module(directory);
  }

  private static GuestBundle bundle(byte[] module) {
    return GuestBundle.of("constructs", module).filter("runs");
  }

  private static PluginCheck check(byte[] module) {
    PluginCheck check =
        PluginCheck.of(bundle(module).manifest().getBytes(StandardCharsets.UTF_8), module);
    assertThat(check.problems()).isEmpty();
    return check;
  }

  /** How often the constructor had run when the hook was called first. */
  private int runs(byte[] module) throws InterruptedException {
    try (Host host = Host.open(directory.resolve("data"))) {
      var installed = host.plugins().install(bundle(module).bytes());
      assertThat(installed.warnings()).containsAll(check(module).warnings());
      host.plugins().activate("constructs");
      return host.applyFilters(CLOSED, "runs", 0).value().asInt();
    }
  }

  private void assertWarned(byte[] module) throws InterruptedException {
    assertThat(check(module).warnings())
        .singleElement()
        .asString()
        .contains("gn_alloc, gn_free, gn_handle_hook", "-mexec-model=reactor", "_initialize");
    assertThat(runs(module)).isGreaterThanOrEqualTo(3);
  }

  private void assertNotWarned(byte[] module) throws InterruptedException {
    assertThat(check(module).warnings()).isEmpty();
    assertThat(runs(module)).isEqualTo(1);
  }

  @Test
  void raw_c_that_runs_them_in_each_export_is_warned_of() throws Exception {
    assertWarned(c("-nostartfiles -Wl,--no-entry"));
  }

  @Test
  void stripped_c_gets_a_warning() throws Exception {
    assertWarned(c("-nostartfiles -Wl,--no-entry -Wl,--strip-all"));
  }

  @Test
  void a_reactor_in_c_is_not_warned_of() throws Exception {
    assertNotWarned(c("-mexec-model=reactor"));
  }

  @Test
  void raw_rust_that_runs_them_in_each_export_is_warned_of() throws Exception {
    assertWarned(rust(RUST, ""));
  }

  @Test
  void stripped_rust_gets_a_warning() throws Exception {
    assertWarned(rust(RUST, "strip = true"));
  }

  @Test
  void rust_as_the_warning_advises_is_not_warned_of() throws Exception {
    assertNotWarned(rust(RUST + MENDED, ""));
  }
}
