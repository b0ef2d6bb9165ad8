package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The codes in {@code docs/trust.md} are those of the classes that read keys and signatures. */
class TrustDocsTest {
  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));
  private static final Pattern CODE = Pattern.compile("\"((?:key|signature|passphrase)_[a-z_]+)\"");
  private static final Pattern ROW =
      Pattern.compile("^\\| `((?:key|signature|passphrase)_[a-z_]+)` \\|", Pattern.MULTILINE);

  @Test
  void the_document_lists_the_codes_of_keys_and_signatures() throws IOException {
    Path trust = ROOT.resolve("host/src/main/java/io/gonext/host/trust");
    Set<String> codes = new TreeSet<>();
    for (Path file :
        Stream.concat(
                Stream.of(
                        "BundleSignature",
                        "Ed25519",
                        "KeyText",
                        "MinisignKey",
                        "MinisignText",
                        "SigningKey",
                        "VerificationKey")
                    .map(name -> trust.resolve(name + ".java")),
                Stream.of(ROOT.resolve("cli/src/main/java/io/gonext/cli/kit/VerifyCommand.java")))
            .toList()) {
      codes.addAll(matches(CODE, Files.readString(file)));
    }
    assertThat(matches(ROW, Files.readString(ROOT.resolve("docs/trust.md")))).containsAll(codes);
    assertThat(codes).hasSizeGreaterThan(24);
  }

  private static Set<String> matches(Pattern pattern, String text) {
    return pattern
        .matcher(text)
        .results()
        .map((MatchResult result) -> result.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
