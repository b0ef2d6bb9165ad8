package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.BundleFiles;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Bundles as eight other programs write them, compressed and stored, to files and to pipes, where
 * an entry's size can stand behind its data only.
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class BundleWritersTest {
  private static final long PATIENCE_SECONDS = 120;

  @TempDir private Path directory;

  /** By path, the manifest first. */
  private final Map<String, byte[]> files = new LinkedHashMap<>();

  private Path folder;

  @BeforeEach
  void writeFiles() throws IOException {
    files.put("manifest.json", text(GuestBundle.of("echo").filter("h").manifest()));
    files.put("plugin.wasm", Guests.wasm("echo"));
    files.put("README.md", text("read me\n"));
    files.put("web/index.html", text("<p>hello</p>\n".repeat(100)));
    files.put("web/empty.txt", new byte[0]);
    folder = Files.createDirectory(directory.resolve("files"));
    Files.createDirectory(folder.resolve("web"));
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Files.write(folder.resolve(file.getKey()), file.getValue());
    }
  }

  private void assertRead(byte[] zip) {
    Bundle bundle = Bundle.read(zip);
    assertThat(bundle.manifest().id()).isEqualTo("echo@1.0.0");
    assertThat(bundle.module()).isEqualTo(files.get("plugin.wasm"));
    Map<String, byte[]> read = BundleFiles.read(zip).files();
    assertThat(read).containsOnlyKeys(files.keySet());
    files.forEach((name, content) -> assertThat(read.get(name)).as(name).isEqualTo(content));
  }

  @ParameterizedTest
  @ValueSource(ints = {ZipEntry.DEFLATED, ZipEntry.STORED})
  void java_util_zip(int method) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        ZipEntry entry = new ZipEntry(file.getKey());
        entry.setMethod(method);
        if (method == ZipEntry.STORED) {
          CRC32 checksum = new CRC32();
          checksum.update(file.getValue());
          entry.setCrc(checksum.getValue());
          entry.setSize(file.getValue().length);
        }
        zip.putNextEntry(entry);
        zip.write(file.getValue());
        zip.closeEntry();
      }
    }
    assertRead(bytes.toByteArray());
  }

  @ParameterizedTest
  @CsvSource({
    "AsNeeded, 8, false",
    "AsNeeded, 0, false",
    "AsNeeded, 8, true",
    "Never, 8, true",
    "Always, 8, false",
    "Always, 0, false",
    "AlwaysWithCompatibility, 8, false",
  })
  void commons_compress(Zip64Mode mode, int method, boolean toPipe) throws IOException {
    Path file = directory.resolve("commons.zip");
    try (var out = Files.newOutputStream(file);
        ZipArchiveOutputStream zip =
            toPipe ? new ZipArchiveOutputStream(out) : new ZipArchiveOutputStream(file)) {
      zip.setUseZip64(mode);
      for (Map.Entry<String, byte[]> each : files.entrySet()) {
        ZipArchiveEntry entry = new ZipArchiveEntry(each.getKey());
        entry.setMethod(method);
        zip.putArchiveEntry(entry);
        zip.write(each.getValue());
        zip.closeArchiveEntry();
      }
    }
    byte[] written = Files.readAllBytes(file);
    if (mode == Zip64Mode.Always || mode == Zip64Mode.AlwaysWithCompatibility) {
      assertThatThrownBy(() -> Bundle.read(written))
          .isInstanceOf(BundleRejectedException.class)
          .hasMessageContaining("Zip64");
    } else {
      assertRead(written);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cfM", "cf0M"})
  void the_jdks_jar(String mode) throws IOException, InterruptedException {
    Path file = directory.resolve("jar.zip");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "jar").toString(),
                mode,
                file.toString()));
    command.addAll(files.keySet());
    run(command);
    assertRead(Files.readAllBytes(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-9", "-0"})
  void info_zip_to_a_file_and_to_a_pipe(String level) throws IOException, InterruptedException {
    requireZip();
    Path file = directory.resolve("info.zip");
    run(List.of("zip", "-q", level, "-r", file.toString(), "."));
    assertRead(Files.readAllBytes(file));
    assertRead(piped("zip -q " + level + " -r - . | cat"));
    assertRead(piped("zip -q -fz- " + level + " -r - . | cat"));
  }

  @Test
  void info_zip_with_a_comment() throws IOException, InterruptedException {
    requireZip();
    assertRead(
        piped(
            "zip -q -r ../c.zip . && echo 'a comment' | zip -q -z ../c.zip >/dev/null && cat"
                + " ../c.zip"));
  }

  private static void requireZip() {
    TestTool.require("zip", TestTool.isOnPath("zip"), "no zip on PATH: apt-get install zip");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-9", "-0"})
  void git_archive_whose_comment_is_a_commit(String level)
      throws IOException, InterruptedException {
    TestTool.require("git", TestTool.isOnPath("git"), "no git on PATH: apt-get install git");
    assertRead(
        piped(
            "git init -q . && git add -A && git -c user.name=a -c user.email=a@example.org"
                + " -c commit.gpgsign=false commit -q -m x && git archive "
                + level
                + " --format=zip HEAD"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Deflate", "Store"})
  void go_archive_zip(String method) throws IOException, InterruptedException {
    TestTool.require("go", TestTool.isOnPath("go"), "no go on PATH: install it from go.dev/dl");
    Path program = directory.resolve("write.go");
    Files.writeString(
        program,
        """
        package main

        import (
        	"archive/zip"
        	"os"
        )

        func main() {
        	out := zip.NewWriter(os.Stdout)
        	for _, name := range os.Args[1:] {
        		content, err := os.ReadFile(name)
        		if err != nil {
        			panic(err)
        		}
        		entry, err := out.CreateHeader(&zip.FileHeader{Name: name, Method: zip.METHOD})
        		if err != nil {
        			panic(err)
        		}
        		if _, err := entry.Write(content); err != nil {
        			panic(err)
        		}
        	}
        	if err := out.Close(); err != nil {
        		panic(err)
        	}
        }
        """
            .replace("METHOD", method));
    List<String> command = new ArrayList<>(List.of("go", "run", program.toString()));
    command.addAll(files.keySet());
    assertRead(run(command));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ZIP_DEFLATED", "ZIP_STORED"})
  void pythons_zipfile_to_a_file_and_to_a_pipe(String method)
      throws IOException, InterruptedException {
    TestTool.require(
        "python3", TestTool.isOnPath("python3"), "no python3 on PATH: apt-get install python3");
    Path program = directory.resolve("write.py");
    Files.writeString(
        program,
        """
        import sys, zipfile
        with zipfile.ZipFile(sys.argv[1], "w", zipfile.METHOD) as out:
            for name in sys.argv[2:]:
                out.write(name, name)
        """
            .replace("METHOD", method));
    Path file = directory.resolve("python.zip");
    String names = String.join(" ", files.keySet());
    piped("python3 " + program + " " + file + " " + names);
    assertRead(Files.readAllBytes(file));
    assertRead(piped("python3 " + program + " /dev/stdout " + names + " | cat"));
  }

  @ParameterizedTest
  @CsvSource({"STORE, true", "STORE, false", "DEFLATE, true", "DEFLATE, false"})
  void jszip(String compression, boolean sizesFollow) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "node",
                TestTool.npm().resolve("jszip.mjs").toString(),
                compression,
                Boolean.toString(sizesFollow),
                folder.toString()));
    command.addAll(files.keySet());
    assertRead(run(command));
  }

  /** What a shell's command writes, in the folder of the files. */
  private byte[] piped(String command) throws IOException, InterruptedException {
    return run(List.of("sh", "-c", command));
  }

  private byte[] run(List<String> command) throws IOException, InterruptedException {
    File out = directory.resolve("out").toFile();
    File err = directory.resolve("err").toFile();
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(out)
            .redirectError(err)
            .start();
    boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    process.destroyForcibly();
    assertThat(ended && process.exitValue() == 0)
        .as("%s: %s", command, Files.readString(err.toPath()))
        .isTrue();
    return Files.readAllBytes(out.toPath());
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
