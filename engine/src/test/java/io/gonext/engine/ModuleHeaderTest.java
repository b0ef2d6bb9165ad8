package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that authors pass instead of a module. */
class ModuleHeaderTest {
  /** One char for each byte. */
  private static Arguments file(String title, String bytes, String... says) {
    return Arguments.argumentSet(title, bytes.getBytes(StandardCharsets.ISO_8859_1), says);
  }

  static Stream<Arguments> files() {
    return Stream.of(
        file("an empty file", "", "the file is empty"),
        file("a component", "\0asm\r\0\1\0rest", "a component", "wasm32-wasip1", "plugin build"),
        file("a module of another version", "\0asm\2\0\0\0", "of version 2"),
        file("a module that is cut", "\0asm\1", "ends after 5 bytes"),
        file("half of the magic", "\0a", "ends after 2 bytes"),
        file("text", "(module)", "WAT", "wat2wasm"),
        file("text after a comment", "\n ;; a plugin\n(module)", "WAT"),
        file("text with a byte order mark", "\u00ef\u00bb\u00bf(module)", "WAT"),
        file("gzip", "\u001f\u008b\b\0", "gzip", "unpack"),
        file("zstd", "(\u00b5/\u00fd", "zstd"),
        file("a ZIP", "PK\3\4....", "ZIP", ".gnplugin"),
        file("ELF", "\u007fELF\2\1\1", "ELF", "wasm32-wasip1", "plugin build"),
        file("PE", "MZ\u0090\0\3", "PE", "wasm32-wasip1"),
        file("Mach-O", "\u00cf\u00fa\u00ed\u00fe\7", "Mach-O", "wasm32-wasip1"),
        file("a fat Mach-O", "\u00ca\u00fe\u00ba\u00be\0\0\0\2", "Mach-O"),
        file("an rlib", "!<arch>\n/       ", ".rlib", "cdylib"),
        file("bitcode", "BC\u00c0\u00de5", "LLVM bitcode", "link"),
        file("JavaScript", "import { a } from './b.js';", "JavaScript", ".wasm"),
        file("JavaScript after a comment", "/* glue */ var Module", "JavaScript"),
        file("an error page", "<!DOCTYPE html>", "HTML"),
        file("a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        file("a manifest", "{\"name\":1}", "JSON"),
        file("anything else", "\1\2\3\4\5", "begins with 01 02 03 04"));
  }

  @ParameterizedTest
  @MethodSource("files")
  void a_refusal_says_what_kind_of_file_it_is_instead_of_a_module(byte[] file, String... says) {
    var refused =
        catchThrowableOfType(
            ModuleRejectedException.class, () -> Admission.admit(file, EngineLimits.defaults()));

    assertThat(refused.reason()).isEqualTo(ModuleRejectedException.Reason.MALFORMED);
    assertThat(refused.byteOffset()).isZero();
    assertThat(refused)
        .hasMessageStartingWith("not a WebAssembly module")
        .extracting(Throwable::getMessage)
        .asString()
        .contains(says);
  }
}
