package io.gonext.engine;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Recognizes files that are not WebAssembly modules by their first bytes, and says what their
 * author can do. Reads at most {@value #READ_BYTES} bytes.
 */
public final class ModuleHeader {
  private static final int LENGTH = 8;
  private static final int READ_BYTES = 512;
  private static final int SHOWN_BYTES = 4;

  private static final String MAGIC = "\0asm";
  private static final String BUILD =
      "build for the target wasm32-wasip1, as gonext plugin build does";
  private static final String PROGRAM = "a program or library for this machine: " + BUILD;

  /**
   * A file format.
   *
   * @param begins its first bytes, one in each char
   * @param is what the file is, and what to do
   */
  private record Format(String begins, String is) {}

  private static final List<Format> BINARY =
      List.of(
          new Format("\u001f\u008b", "compressed with gzip: unpack it first"),
          new Format("(\u00b5/\u00fd", "compressed with zstd: unpack it first"),
          new Format("BZh", "compressed with bzip2: unpack it first"),
          new Format("\u00fd7zXZ", "compressed with xz: unpack it first"),
          new Format(
              "PK\u0003\u0004",
              "a ZIP archive, such as a .gnplugin bundle: name the .wasm file in it"),
          new Format("\u007fELF", "an ELF file, " + PROGRAM),
          new Format("MZ", "a PE file (.exe or .dll), " + PROGRAM),
          new Format("\u00fe\u00ed\u00fa\u00ce", "a Mach-O file, " + PROGRAM),
          new Format("\u00fe\u00ed\u00fa\u00cf", "a Mach-O file, " + PROGRAM),
          new Format("\u00ce\u00fa\u00ed\u00fe", "a Mach-O file, " + PROGRAM),
          new Format("\u00cf\u00fa\u00ed\u00fe", "a Mach-O file, " + PROGRAM),
          new Format("\u00ca\u00fe\u00ba\u00be\0\0\0", "a Mach-O or Java class file: " + BUILD),
          new Format(
              "!<arch>\n",
              "a static library (.a or .rlib): link it into a module, in Rust with crate-type ="
                  + " [\"cdylib\"]"),
          new Format(
              "BC\u00c0\u00de",
              "LLVM bitcode, an object file that is not linked: link it, with wasm-ld or the"
                  + " compiler"),
          new Format(
              "\u00de\u00c0\u0017\u000b",
              "LLVM bitcode, an object file that is not linked: link it, with wasm-ld or the"
                  + " compiler"),
          new Format(
              "version https://git-lfs",
              "a Git LFS pointer, not the file itself: run git lfs pull"));

  private static final String WAT =
      "WebAssembly text (WAT): translate it to the binary format, with wat2wasm";
  private static final String JAVASCRIPT =
      "JavaScript, which compilers write beside a module: name the .wasm file";
  private static final String MARKUP = "an HTML or XML page, perhaps an error page from a download";

  private static final List<Format> TEXT =
      List.of(
          new Format("(module", WAT),
          new Format("(component", WAT),
          new Format(";;", WAT),
          new Format("(;", WAT),
          new Format("import ", JAVASCRIPT),
          new Format("export ", JAVASCRIPT),
          new Format("async ", JAVASCRIPT),
          new Format("function ", JAVASCRIPT),
          new Format("var ", JAVASCRIPT),
          new Format("let ", JAVASCRIPT),
          new Format("const ", JAVASCRIPT),
          new Format("\"use strict\"", JAVASCRIPT),
          new Format("'use strict'", JAVASCRIPT),
          new Format("(function", JAVASCRIPT),
          new Format("(()", JAVASCRIPT),
          new Format("//", JAVASCRIPT),
          new Format("/*", JAVASCRIPT),
          new Format("#!", "a script: " + BUILD),
          new Format("<", MARKUP),
          new Format("{", "JSON: name the .wasm file"));

  private ModuleHeader() {}

  /** Why these bytes are not a module of version 1, or empty if they begin like one. */
  public static Optional<String> problem(byte[] file) {
    if (file.length == 0) {
      return Optional.of("not a WebAssembly module: the file is empty, so the build wrote nothing");
    }
    int read = Math.min(file.length, READ_BYTES);
    // One char for each byte.
    String head = new String(file, 0, read, StandardCharsets.ISO_8859_1);
    if (head.startsWith(MAGIC)) {
      return versionProblem(file);
    }
    if (MAGIC.startsWith(head)) {
      return cutOff(file.length);
    }
    for (Format format : BINARY) {
      if (head.startsWith(format.begins())) {
        return Optional.of("not a WebAssembly module: it is " + format.is());
      }
    }
    String text = new String(file, 0, read, StandardCharsets.UTF_8);
    text = (text.startsWith("\ufeff") ? text.substring(1) : text).stripLeading();
    for (Format format : TEXT) {
      if (text.startsWith(format.begins())) {
        return Optional.of("not a WebAssembly module: it looks like " + format.is());
      }
    }
    return Optional.of(
        "not a WebAssembly module: it begins with "
            + HexFormat.ofDelimiter(" ").formatHex(file, 0, Math.min(file.length, SHOWN_BYTES))
            + " instead of 00 61 73 6d: "
            + BUILD);
  }

  private static Optional<String> cutOff(int length) {
    return Optional.of(
        "not a WebAssembly module: the file ends after "
            + length
            + " bytes, within the header; perhaps the build or the download was cut off");
  }

  private static Optional<String> versionProblem(byte[] file) {
    if (file.length < LENGTH) {
      return cutOff(file.length);
    }
    int version = (file[4] & 0xFF) | ((file[5] & 0xFF) << 8);
    int layer = (file[6] & 0xFF) | ((file[7] & 0xFF) << 8);
    if (layer == 1) {
      return Optional.of(
          "not a WebAssembly module: it is a component, which this host does not support: build for"
              + " the target wasm32-wasip1, not wasm32-wasip2, and without wasm-tools component"
              + " new, as gonext plugin build does");
    }
    return layer == 0 && version == 1
        ? Optional.empty()
        : Optional.of(
            "not a WebAssembly module of version 1, but of version "
                + version
                + " (layer "
                + layer
                + ")");
  }
}
