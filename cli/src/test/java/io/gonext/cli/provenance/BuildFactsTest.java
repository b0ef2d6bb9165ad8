package io.gonext.cli.provenance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.cli.build.Executables;
import io.gonext.cli.build.ProcessRunner;
import io.gonext.cli.output.CommandFailure;
import io.gonext.engine.Producers;
import io.gonext.guests.GuestBundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.ManifestReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BuildFactsTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "https://example.com/acme/x.git, https://example.com/acme/x.git",
        "https://me:secret@example.com:8443/acme/x, https://example.com:8443/acme/x",
        "https://example.com/x?token=secret#secret, https://example.com/x",
        "ssh://git@example.com/acme/x.git, ssh://example.com/acme/x.git",
        "git@example.com:acme/x.git, ssh://example.com/acme/x.git",
        "file:///home/me/x, -",
        "/home/me/x, -",
        "../x, -",
        "C:\\me\\x, -",
        "https://, -",
        "'', -",
      })
  void an_address_is_published_without_credentials(String given, String published) {
    assertThat(PublicUrl.of(given)).isEqualTo(Optional.ofNullable(published));
  }

  @Test
  void the_commit_is_known_and_a_change_of_the_sources_is_said() throws Exception {
    Optional<Path> git = new Executables(System.getenv()).find("git");
    assumeTrue(git.isPresent(), "no git on PATH");
    Path project = Files.createDirectories(directory.resolve("plugins/a"));
    Files.writeString(project.resolve("main.rs"), "one");
    Files.writeString(project.resolve("old.gnplugin"), "one");
    assertThat(revision(project, git.get())).isEmpty();
    git("init", "-q");
    assertThat(revision(project, git.get())).isEmpty();
    git("remote", "add", "origin", "https://me:secret@example.com/acme/x.git");
    git("add", ".");
    git("commit", "-qm", "one");

    Revision clean = revision(project, git.get()).orElseThrow();
    assertThat(clean.url()).contains("git+https://example.com/acme/x.git");
    assertThat(clean.commit()).matches("[0-9a-f]{40}");
    assertThat(clean.directory()).isEqualTo("plugins/a");
    assertThat(clean.isModified()).isFalse();

    // What a build and pack write is not a change.
    Files.writeString(project.resolve("old.gnplugin"), "two");
    Files.writeString(project.resolve("a-1.0.0.cdx.json"), "{}");
    Files.writeString(project.resolve("a-1.0.0.provenance.json"), "{}");
    Files.createDirectories(project.resolve("build"));
    Files.writeString(project.resolve("build/plugin.wasm"), "");
    assertThat(revision(project, git.get())).contains(clean);

    Files.writeString(project.resolve("new.rs"), "");
    assertThat(revision(project, git.get()).orElseThrow().isModified()).isTrue();
    Files.delete(project.resolve("new.rs"));
    Files.writeString(directory.resolve("beside.rs"), "");
    assertThat(revision(project, git.get()).orElseThrow().isModified()).isTrue();
  }

  private static Optional<Revision> revision(Path project, Path git) throws Exception {
    return Revision.of(project, git, new Lines(new ProcessRunner()));
  }

  private void git(String... arguments) throws Exception {
    List<String> command =
        Stream.concat(
                Stream.of("git", "-c", "user.name=a", "-c", "user.email=a@example.com"),
                Stream.of(arguments))
            .toList();
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.waitFor()).as("%s", command).isZero();
  }

  @ParameterizedTest
  @CsvSource({"now", "-1", "1.5", "253402300800", "9999999999999"})
  void a_wrong_source_date_epoch_is_refused(String epoch) {
    assertThatThrownBy(() -> facts(epoch))
        .isInstanceOfSatisfying(
            CommandFailure.class,
            failure -> assertThat(failure.kind()).isEqualTo(CommandFailure.Kind.USAGE))
        .hasMessageStartingWith("SOURCE_DATE_EPOCH is \"" + epoch + "\": set it to seconds");
  }

  @Test
  void only_source_date_epoch_gives_a_time() throws Exception {
    assertThat(facts("").time()).isEmpty();
    assertThat(facts("0").time().orElseThrow()).hasToString("1970-01-01T00:00:00Z");
    assertThat(facts("253402300799").time().orElseThrow()).hasToString("9999-12-31T23:59:59Z");
  }

  private BuildFacts facts(String epoch) throws InterruptedException {
    Manifest manifest =
        ManifestReader.read(
            GuestBundle.of("sample", new byte[0]).manifest().getBytes(StandardCharsets.UTF_8));
    return BuildFacts.of(
        directory,
        "auto",
        false,
        manifest,
        BuildFacts.HashedFile.of("a", new byte[0]),
        new byte[0],
        Map.of("SOURCE_DATE_EPOCH", epoch));
  }

  @Test
  void producers_are_read_and_a_cut_section_gives_none() throws IOException {
    ByteArrayOutputStream section = new ByteArrayOutputStream();
    text(section, "producers");
    section.write(2);
    text(section, "language");
    section.write(1);
    text(section, "Rust");
    text(section, "");
    text(section, "processed-by");
    section.write(1);
    text(section, "rustc");
    text(section, "1.95.0 (abc)");
    byte[] content = section.toByteArray();
    assertThat(WasmSection.producers(module(content)).entries())
        .containsExactly(
            new Producers.Entry("language", "Rust", ""),
            new Producers.Entry("processed-by", "rustc", "1.95.0 (abc)"));
    for (int length = 0; length < content.length - "1.95.0 (abc)".length() - 1; length++) {
      assertThat(WasmSection.producers(module(java.util.Arrays.copyOf(content, length))).entries())
          .as("%d bytes", length)
          .isEmpty();
    }
    assertThat(WasmSection.producers(new byte[] {1, 2})).isEqualTo(Producers.NONE);
  }

  private static byte[] module(byte[] section) throws IOException {
    ByteArrayOutputStream module = new ByteArrayOutputStream();
    module.write(new byte[] {0, 'a', 's', 'm', 1, 0, 0, 0, 0, (byte) section.length});
    module.write(section);
    return module.toByteArray();
  }

  private static void text(ByteArrayOutputStream out, String text) {
    out.write(text.length());
    out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }
}
