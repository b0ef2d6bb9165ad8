package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.cli.build.Executables;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Follows {@code docs/debugging.md} command by command, in a shell, with this command as {@code
 * gonext}: from a failure to a regression test.
 */
@Tag("slow")
@Timeout(300)
class DebuggingDocsTest {
  private static final Path DOCUMENT =
      Path.of(System.getProperty("gonext.root"), "docs", "debugging.md");

  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(sh|text|diff)\n(.*?)^```$");

  /** What the document says of a command that does not end with 0. */
  private static final Pattern EXIT_CODE = Pattern.compile(".*# exit code (\\d)");

  private static final String ADDRESS = "localhost:8080";

  @TempDir private Path directory;
  private final List<Process> background = new ArrayList<>();
  private int port;

  /** What the commands of the last block printed. */
  private String said = "";

  @BeforeEach
  void putTheCommandOnThePath() throws IOException {
    Path command = directory.resolve("bin/gonext");
    Files.createDirectories(command.getParent());
    Files.writeString(
        command,
        "#!/bin/sh\nexec '" + String.join("' '", GonextJvm.command(List.of())) + "' \"$@\"\n");
    Files.setPosixFilePermissions(command, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
  }

  @AfterEach
  void stopTheHost() {
    for (Process process : background) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @Test
  void each_command_does_what_the_document_says() throws Exception {
    Executables path = new Executables(System.getenv());
    for (String tool : List.of("clang", "wasm-ld", "make", "git", "curl", "sh")) {
      assumeTrue(path.find(tool).isPresent(), "no " + tool + " on PATH");
    }
    Matcher block = BLOCK.matcher(Files.readString(DOCUMENT));
    int commands = 0;
    while (block.find()) {
      String text = block.group(2);
      switch (block.group(1)) {
        case "sh" -> {
          said = "";
          for (String line : text.lines().toList()) {
            run(line);
            commands++;
          }
        }
        case "text" -> text.lines().forEach(line -> assertThat(said).contains(line.strip()));
        default -> apply(text);
      }
    }
    assertThat(commands).isGreaterThan(10);
    assertThat(said).contains("1 as recorded, 0 different");
  }

  private void apply(String diff) throws Exception {
    Path patch = Files.writeString(directory.resolve("change.diff"), diff);
    run("git apply " + patch);
  }

  private void run(String line) throws Exception {
    boolean stays = line.endsWith(" &");
    String command =
        (stays ? line.substring(0, line.length() - 2) : line)
            .replace(ADDRESS, "localhost:" + port)
            .replace("gonext serve ", "gonext serve --port " + port + " --no-dashboard ");
    Path output = Files.createTempFile(directory, "output", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder("sh", "-c", (stays ? "exec " : "") + command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().merge("PATH", directory.resolve("bin") + ":", (old, bin) -> bin + old);
    builder.environment().put("GONEXT_URL", "http://localhost:" + port);
    Process process = builder.start();
    if (stays) {
      background.add(process);
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .failFast(() -> !process.isAlive())
          .untilAsserted(() -> assertThat(output).content().contains("http://"));
      return;
    }
    Matcher exitCode = EXIT_CODE.matcher(line);
    int expected = exitCode.matches() ? Integer.parseInt(exitCode.group(1)) : 0;
    assertThat(process.waitFor()).as("%s%n%s", line, Files.readString(output)).isEqualTo(expected);
    said += Files.readString(output, StandardCharsets.UTF_8);
  }
}
