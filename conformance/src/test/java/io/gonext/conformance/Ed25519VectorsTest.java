package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.UntrustedException;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.VerificationKey;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Published signatures at the edges of RFC 8032. The host gives the answers of the two strictest
 * public verifiers, libsodium and {@code verify_strict} of ed25519-dalek. The answers are in the
 * file of the vectors, and both libraries are asked again here.
 */
class Ed25519VectorsTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final String X509_HEAD = "302a300506032b6570032100";

  private record Vector(String name, byte[] key, byte[] message, byte[] signature, boolean ok) {
    static Vector of(String line) {
      String[] fields = line.split(";", -1);
      return new Vector(
          fields[0],
          HEX.parseHex(fields[1]),
          HEX.parseHex(fields[2]),
          HEX.parseHex(fields[3]),
          Boolean.parseBoolean(fields[4]));
    }
  }

  private static List<String> lines() throws IOException {
    try (InputStream file =
        Objects.requireNonNull(
            Ed25519VectorsTest.class.getResourceAsStream("/ed25519-vectors.txt"))) {
      return new String(file.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .toList();
    }
  }

  private static List<Vector> vectors() throws IOException {
    return lines().stream().map(Vector::of).toList();
  }

  private static Map<String, Boolean> expected() throws IOException {
    return vectors().stream().collect(Collectors.toMap(Vector::name, Vector::ok));
  }

  @Test
  void the_host_gives_the_answers_of_the_strict_libraries() throws IOException {
    Map<String, Boolean> answers = new LinkedHashMap<>();
    for (Vector vector : vectors()) {
      answers.put(vector.name(), isAccepted(vector));
    }
    assertThat(answers).isEqualTo(expected());
    assertThat(answers).hasSize(194);
    assertThat(answers.values()).filteredOn(accepted -> accepted).hasSize(89);
  }

  private static boolean isAccepted(Vector vector) {
    byte[] encoded = HEX.parseHex(X509_HEAD + HEX.formatHex(vector.key()));
    try {
      VerificationKey key =
          VerificationKey.parse(
              "-----BEGIN PUBLIC KEY-----\n"
                  + Base64.getEncoder().encodeToString(encoded)
                  + "\n-----END PUBLIC KEY-----\n");
      return BundleSignature.parse(vector.signature()).isBy(key, vector.message());
    } catch (UntrustedException e) {
      return false;
    }
  }

  @Test
  void libsodium_gives_the_same_answers() throws Throwable {
    Optional<SymbolLookup> library = libsodium();
    TestTool.require(
        "minisign", library.isPresent(), "libsodium is missing: apt-get install minisign");
    MethodHandle verify = verifier(library.orElseThrow());
    Map<String, Boolean> answers = new LinkedHashMap<>();
    for (Vector vector : vectors()) {
      // The function itself reads 64 bytes, whatever the caller has.
      answers.put(vector.name(), vector.signature().length == 64 && isAccepted(verify, vector));
    }
    assertThat(answers).isEqualTo(expected());
  }

  private static boolean isAccepted(MethodHandle verify, Vector vector) throws Throwable {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment message = arena.allocate(Math.max(1, vector.message().length));
      message.copyFrom(MemorySegment.ofArray(vector.message()));
      return (int)
              verify.invokeExact(
                  arena.allocateFrom(ValueLayout.JAVA_BYTE, vector.signature()),
                  message,
                  (long) vector.message().length,
                  arena.allocateFrom(ValueLayout.JAVA_BYTE, vector.key()))
          == 0;
    }
  }

  @SuppressWarnings("restricted") // a library that this test knows
  private static Optional<SymbolLookup> libsodium() {
    return Stream.of("libsodium.so.23", "libsodium.so.26", "libsodium.so", "libsodium.dylib")
        .flatMap(name -> {
          try {
            return Stream.of(SymbolLookup.libraryLookup(name, Arena.global()));
          } catch (IllegalArgumentException e) {
            return Stream.of();
          }
        })
        .findFirst();
  }

  @SuppressWarnings("restricted") // the signatures are those of sodium.h
  private static MethodHandle verifier(SymbolLookup library) throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle start =
        linker.downcallHandle(
            library.find("sodium_init").orElseThrow(), FunctionDescriptor.of(ValueLayout.JAVA_INT));
    assertThat((int) start.invokeExact()).isNotNegative();
    return linker.downcallHandle(
        library.find("crypto_sign_verify_detached").orElseThrow(),
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_LONG,
            ValueLayout.ADDRESS));
  }

  /** It needs cargo and its registry. */
  @Tag("slow")
  @EnabledIfSystemProperty(named = "gonext.test.dalek", matches = "true")
  @Test
  void ed25519_dalek_gives_the_same_answers() throws IOException, InterruptedException {
    Path root = Path.of(System.getProperty("gonext.root"), "conformance");
    Process dalek =
        new ProcessBuilder(
                "cargo",
                "run",
                "-q",
                "--release",
                "--locked",
                "--target-dir",
                "target/strict",
                "--manifest-path",
                "src/test/rust/strict/Cargo.toml")
            .directory(root.toFile())
            .redirectError(Redirect.INHERIT)
            .start();
    try (var in = dalek.outputWriter(StandardCharsets.US_ASCII)) {
      in.write(String.join("\n", lines()) + "\n");
    }
    String answers = new String(dalek.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    assertThat(dalek.waitFor()).isZero();
    assertThat(answers.lines().map(line -> line.split(";", -1)))
        .hasSize(194)
        .allSatisfy(
            line -> assertThat(Boolean.parseBoolean(line[1])).isEqualTo(expected().get(line[0])));
  }
}
