package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.engine.PlainText;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.BundleRejectedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.Deflater;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Execution(ExecutionMode.CONCURRENT)
class BundleTest {
  private static final byte[] LOCAL = {'P', 'K', 3, 4};
  private static final byte[] CENTRAL = {'P', 'K', 1, 2};
  private static final byte[] END = {'P', 'K', 5, 6};

  private static final GuestBundle GOOD = GuestBundle.of("echo").filter("h");

  @TempDir private Path directory;

  @Test
  void a_bundle_holds_its_manifest_and_its_module() {
    byte[] bytes = GOOD.bytes();
    Bundle bundle = Bundle.read(bytes);
    assertThat(bundle.manifest().id()).isEqualTo("echo@1.0.0");
    assertThat(bundle.module()).isEqualTo(Guests.wasm("echo"));
    assertThat(bundle.bytes()).isEqualTo(bytes);
    assertThat(bundle.sha256()).matches("[0-9a-f]{64}");
  }

  /** Found by fuzzing: the ZIP library then looks for decompressors that are not there. */
  @ParameterizedTest
  @ValueSource(bytes = {12, 14, 93, 95, 99})
  void a_local_header_with_a_compression_of_its_own_is_refused(byte method) {
    byte[] bytes = GOOD.bytes();
    bytes[8] = method;
    assertThatThrownBy(() -> Bundle.read(bytes)).isInstanceOf(BundleRejectedException.class);
  }

  @Test
  void the_files_a_bundle_may_have_are_accepted() {
    Map<String, byte[]> files = files();
    files.put("README.md", text("read me"));
    files.put("LICENSE", text("Apache-2.0"));
    files.put("web/", new byte[0]);
    files.put("web/index.html", text("<html>"));
    files.put("locales/en.json", text("{\"a\":\"b\"}"));
    assertThat(Bundle.read(GuestBundle.zip(files)).manifest().name()).isEqualTo("echo");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil",
        "web/../../evil",
        "/etc/passwd",
        "web\\x",
        "web/a\u0000b",
        "C:/x",
        "web//x",
        "web/./x",
        "evil.sh",
        "bin/tool",
        "webb/x",
        "web/x\ny"
      })
  void a_name_that_a_bundle_does_not_have_is_refused(String name) {
    Map<String, byte[]> files = files();
    files.put(name, text("x"));
    assertThatThrownBy(() -> Bundle.read(GuestBundle.zip(files)))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining(PlainText.of(name));
  }

  @Test
  void names_that_differ_only_in_case_or_unicode_form_are_refused() {
    for (String[] pair :
        new String[][] {
          {"web/a", "web/A"}, {"web/\u00e9", "web/e\u0301"}, {"README.md", "readme.MD"}
        }) {
      Map<String, byte[]> files = files();
      files.put(pair[0], text("1"));
      files.put(pair[1], text("2"));
      assertRefused(GuestBundle.zip(files), pair[1]);
    }
  }

  @Test
  void an_entry_that_stands_twice_is_refused() throws IOException {
    assertRefused(
        archive(zip -> {
          add(zip, "manifest.json", text(GOOD.manifest()));
          add(zip, "plugin.wasm", Guests.wasm("echo"));
          add(zip, "manifest.json", text(GOOD.manifest()));
        }),
        "manifest.json");
  }

  @Test
  void a_symbolic_link_is_refused() throws IOException {
    assertRefused(
        archive(zip -> {
          add(zip, "manifest.json", text(GOOD.manifest()));
          add(zip, "plugin.wasm", Guests.wasm("echo"));
          ZipArchiveEntry link = new ZipArchiveEntry("web/link");
          link.setUnixMode(0120777);
          zip.putArchiveEntry(link);
          zip.write(text("/etc/passwd"));
          zip.closeArchiveEntry();
        }),
        "web/link: is a symbolic link");
  }

  @Test
  void an_encrypted_entry_is_refused() {
    byte[] zip = GOOD.bytes();
    // Bit 0 of the general purpose flags of the first entry, in both of its headers.
    zip[6] |= 1;
    zip[centralHeader(zip) + 8] |= 1;
    assertRefused(zip, "manifest.json: is encrypted");
  }

  @Test
  void a_zip_in_the_zip_is_refused() {
    Map<String, byte[]> files = files();
    files.put("web/more", GOOD.bytes());
    assertRefused(GuestBundle.zip(files), "web/more: is itself a ZIP");
  }

  @Test
  void a_name_that_differs_between_local_header_and_directory_is_refused() {
    byte[] zip = GOOD.bytes();
    // The local header's name begins at offset 30; the directory keeps the true one.
    zip[30] = 'M';
    assertRefused(zip, "manifest.json");
  }

  @Test
  void sizes_or_checksums_that_differ_between_the_headers_are_refused() {
    // Offsets in the central header: method, checksum, compressed and inflated size, offset.
    for (int field : new int[] {10, 16, 20, 24, 42}) {
      byte[] zip = GOOD.bytes();
      zip[centralHeader(zip) + field] ^= 1;
      assertThatThrownBy(() -> Bundle.read(zip))
          .as("field at %d", field)
          .isInstanceOf(BundleRejectedException.class)
          .hasMessageContaining("manifest.json");
    }
  }

  @Test
  void a_file_that_the_end_record_does_not_count_is_refused() throws IOException {
    byte[] more =
        archive(zip -> {
          add(zip, "manifest.json", text(GOOD.manifest()));
          add(zip, "plugin.wasm", Guests.wasm("echo"));
          add(zip, "web/hidden", text("x"));
        });
    // A reader that trusts the end record sees two entries.
    int end = lastIndexOf(more, END);
    more[end + 8] = 2;
    more[end + 10] = 2;
    assertRefused(more, "counts other entries");
  }

  @Test
  void bytes_after_the_end_record_are_refused() {
    byte[] zip = GOOD.bytes();
    assertRefused(Arrays.copyOf(zip, zip.length + 1), "something stands behind the end");
    byte[] shorter = Arrays.copyOf(zip, zip.length + 3);
    shorter[zip.length - 2] = 2;
    assertRefused(shorter, "something stands behind the end");
    // Within its comment another end record, of an archive without entries.
    byte[] second = Arrays.copyOf(zip, zip.length + 22);
    second[zip.length - 2] = 22;
    System.arraycopy(END, 0, second, zip.length, END.length);
    assertThatThrownBy(() -> Bundle.read(second)).isInstanceOf(BundleRejectedException.class);
    byte[] two = Arrays.copyOf(zip, 2 * zip.length);
    System.arraycopy(zip, 0, two, zip.length, zip.length);
    assertThatThrownBy(() -> Bundle.read(two)).isInstanceOf(BundleRejectedException.class);
  }

  @Test
  void a_comment_behind_the_end_is_accepted() {
    byte[] zip = GOOD.bytes();
    byte[] comment = Arrays.copyOf(zip, zip.length + 3);
    comment[zip.length - 2] = 3;
    assertThat(Bundle.read(comment).module()).isEqualTo(Guests.wasm("echo"));
  }

  /** Where a reader that goes through the file might find one more entry. */
  @Test
  void bytes_between_entries_and_directory_are_refused() {
    byte[] zip = GOOD.bytes();
    int central = centralHeader(zip);
    int second = lastIndexOf(Arrays.copyOf(zip, central), LOCAL);
    for (int at : new int[] {second, central}) {
      byte[] more = new byte[zip.length + 4];
      System.arraycopy(zip, 0, more, 0, at);
      System.arraycopy(zip, at, more, at + 4, zip.length - at);
      ByteBuffer fields = ByteBuffer.wrap(more).order(ByteOrder.LITTLE_ENDIAN);
      int end = lastIndexOf(more, END);
      fields.putInt(end + 16, central + 4);
      if (at == second) {
        fields.putInt(lastIndexOf(Arrays.copyOf(more, end), CENTRAL) + 42, second + 4);
      }
      assertThatThrownBy(() -> Bundle.read(more))
          .isInstanceOf(BundleRejectedException.class)
          .hasMessageContaining("is followed by something that is not an entry");
    }
  }

  @Test
  void bytes_after_compressed_content_are_refused() {
    byte[] zip = GOOD.bytes();
    int central = centralHeader(zip);
    int end = lastIndexOf(zip, END);
    int lastCentral = lastIndexOf(Arrays.copyOf(zip, end), CENTRAL);
    // The last entry has one byte more, and all headers say so.
    int descriptor = central - 16;
    byte[] more = new byte[zip.length + 1];
    System.arraycopy(zip, 0, more, 0, descriptor);
    System.arraycopy(zip, descriptor, more, descriptor + 1, zip.length - descriptor);
    ByteBuffer fields = ByteBuffer.wrap(more).order(ByteOrder.LITTLE_ENDIAN);
    int compressed = fields.getInt(descriptor + 1 + 8) + 1;
    fields.putInt(descriptor + 1 + 8, compressed);
    fields.putInt(lastCentral + 1 + 20, compressed);
    fields.putInt(end + 1 + 16, central + 1);
    assertRefused(more, "plugin.wasm: has something behind its compressed content");
  }

  @Test
  void a_bomb_is_counted_as_it_inflates() {
    Map<String, byte[]> files = files();
    files.put("web/zeros", new byte[25 * 1024 * 1024]);
    byte[] zip = GuestBundle.zip(files);
    assertThat(zip.length).isLessThan(200_000);
    assertRefused(zip, "web/zeros: inflates to more than");
  }

  /**
   * Whoever streams a ZIP finds the next entry by inflating this one, whose size is told after it:
   * 30 MiB that inflate to 30 GiB, and say that they are 10 bytes.
   */
  @ParameterizedTest
  @ValueSource(strings = {"web/zeros", "web/zeros/"})
  @Timeout(30)
  void a_bomb_whose_headers_lie_is_not_inflated(String name) {
    byte[] zip = lyingBomb(name);
    assertThat(zip.length).isBetween(29 << 20, Bundle.MAX_BYTES);
    assertThatThrownBy(() -> Bundle.read(zip))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageStartingWith(name + ": ");
  }

  /** A bundle whose last entry is deflated zeros, with a data descriptor behind it. */
  private static byte[] lyingBomb(String name) {
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
    deflater.setInput(new byte[1 << 20]);
    byte[] piece = new byte[8 << 10];
    // Ends at a byte and refers to nothing before it, so that it can be repeated.
    int pieceLength = deflater.deflate(piece, 0, piece.length, Deflater.FULL_FLUSH);
    deflater.end();
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    while (bomb.size() < 30 << 20) {
      bomb.write(piece, 0, pieceLength);
    }
    bomb.writeBytes(new byte[] {3, 0});

    Map<String, byte[]> files = files();
    files.put(name, new byte[name.endsWith("/") ? 0 : 10]);
    byte[] honest = GuestBundle.zip(files);
    int central = centralHeader(honest);
    int end = lastIndexOf(honest, END);
    int local = lastIndexOf(Arrays.copyOf(honest, central), LOCAL);
    int lastCentral = lastIndexOf(Arrays.copyOf(honest, end), CENTRAL);
    ByteBuffer zip =
        ByteBuffer.allocate(honest.length + bomb.size()).order(ByteOrder.LITTLE_ENDIAN);
    // Its local header, in which bit 3 says that sizes follow the data.
    int header = 30 + name.length();
    zip.put(honest, 0, local + header);
    zip.putShort(local + 6, (short) (zip.getShort(local + 6) | 8));
    zip.putInt(local + 14, 0).putInt(local + 18, 0).putInt(local + 22, 0);
    zip.put(bomb.toByteArray());
    zip.putInt(0x08074b50).putInt(0).putInt(bomb.size()).putInt(10);
    int directory = zip.position();
    zip.put(honest, central, honest.length - central);
    int last = directory + lastCentral - central;
    zip.putShort(last + 8, (short) (zip.getShort(last + 8) | 8));
    zip.putInt(last + 20, bomb.size());
    zip.putInt(directory + end - central + 16, directory);
    return Arrays.copyOf(zip.array(), zip.position());
  }

  @Test
  void many_small_bombs_are_counted_together() {
    Map<String, byte[]> files = files();
    for (int i = 0; i < 4; i++) {
      files.put("web/zeros" + i, new byte[20 * 1024 * 1024]);
    }
    assertRefused(GuestBundle.zip(files), "web/zeros3: brings the bundle to more than");
  }

  @Test
  void a_manifest_of_300_kilobytes_is_refused() {
    Map<String, byte[]> files = files();
    files.put("manifest.json", new byte[300 * 1024]);
    assertRefused(GuestBundle.zip(files), "manifest.json: inflates to more than");
  }

  @Test
  void an_entry_that_is_not_a_module_is_refused() {
    Map<String, byte[]> files = files();
    files.put("plugin.wasm", text("#!/bin/sh"));
    assertRefused(GuestBundle.zip(files), "plugin.wasm: not a WebAssembly module");
  }

  @Test
  void a_bundle_without_manifest_or_module_is_refused() {
    assertRefused(GuestBundle.zip(Map.of("plugin.wasm", Guests.wasm("echo"))), "no manifest.json");
    assertRefused(
        GuestBundle.zip(Map.of("manifest.json", text(GOOD.manifest()))), "plugin.wasm is not in");
  }

  @Test
  void a_truncated_bundle_is_reported_without_class_names() {
    byte[] whole = GOOD.bytes();
    assertThatThrownBy(() -> Bundle.read(Arrays.copyOf(whole, whole.length - 30)))
        .hasMessageStartingWith("the ZIP is damaged or cut off behind ")
        .hasMessageNotContaining("Channel");
  }

  @Test
  void a_manifest_in_a_folder_of_the_bundle_is_named() {
    assertRefused(
        GuestBundle.zip(Map.of("my-plugin/manifest.json", text(GOOD.manifest()))),
        "but my-plugin/manifest.json: pack the files that are in that folder");
  }

  @Test
  void a_file_that_is_not_a_zip_is_refused() {
    assertRefused(text("just a text"), "not a ZIP file");
    assertRefused(new byte[0], "not a ZIP file, the file is empty: gonext plugin pack");
    assertRefused(
        Guests.wasm("echo"), "not a ZIP file, it is a WebAssembly module: gonext plugin pack");
  }

  @Test
  void a_truncated_bundle_is_refused_wherever_it_ends() {
    byte[] zip = GOOD.bytes();
    for (int length = 0; length < zip.length; length++) {
      byte[] cut = Arrays.copyOf(zip, length);
      assertThatThrownBy(() -> Bundle.read(cut)).isInstanceOf(BundleRejectedException.class);
    }
  }

  @Test
  void a_truncated_bundle_is_reported_with_the_entry_it_ends_in() {
    byte[] zip = GOOD.bytes();
    int second = lastIndexOf(Arrays.copyOf(zip, centralHeader(zip)), LOCAL);
    assertRefused(Arrays.copyOf(zip, 20), "cut off before its first entry");
    assertRefused(Arrays.copyOf(zip, second - 30), "cut off within manifest.json");
    assertRefused(Arrays.copyOf(zip, second + 10), "cut off behind manifest.json");
    assertRefused(Arrays.copyOf(zip, centralHeader(zip) - 30), "cut off within plugin.wasm");
    assertRefused(Arrays.copyOf(zip, zip.length - 1), "cut off behind plugin.wasm");
  }

  @Test
  @Timeout(30)
  void a_bomb_that_is_cut_off_is_not_inflated() {
    byte[] zip = lyingBomb("web/zeros");
    assertRefused(Arrays.copyOf(zip, zip.length - 100), "cut off within web/zeros");
  }

  @Test
  void all_bad_entries_are_reported_at_once() {
    Map<String, byte[]> files = files();
    files.put("web/a", text("1"));
    files.put("web/A", text("2"));
    files.put("../evil", text("x"));
    files.put("web/more", GOOD.bytes());
    files.put("web/zeros", new byte[25 * 1024 * 1024]);
    files.put("bin/", new byte[0]);
    byte[] zip = GuestBundle.zip(files);
    assertThatThrownBy(() -> Bundle.read(zip))
        .isInstanceOfSatisfying(
            BundleRejectedException.class,
            e ->
                assertThat(e.problems())
                    .satisfiesExactlyInAnyOrder(
                        why -> assertThat(why).startsWith("web/A: stands in the bundle twice"),
                        why -> assertThat(why).startsWith("../evil: is not a plain"),
                        why -> assertThat(why).startsWith("web/more: is itself a ZIP"),
                        why -> assertThat(why).startsWith("web/zeros: inflates to more"),
                        why -> assertThat(why).startsWith("bin/: is a directory that")))
        .hasMessageStartingWith("the bundle has 5 problems: ");
    assertThat(BundleFiles.read(zip).files())
        .containsOnlyKeys("manifest.json", "plugin.wasm", "web/a");
  }

  @Test
  void all_missing_files_of_a_bundle_are_reported_at_once() {
    Map<String, byte[]> files = files();
    files.put("run.sh", text("x"));
    files.put("a.wasm", text("x"));
    assertRefused(GuestBundle.zip(files), "the bundle has 2 problems: run.sh: not a file");
  }

  /** Of 4,000 bad entries not each is a line, and no more is inflated than of sound ones. */
  @Tag("slow")
  @Test
  @Timeout(30)
  void many_bad_entries_are_counted_and_not_all_inflated() {
    Map<String, byte[]> files = files();
    for (int i = 0; i < 60; i++) {
      files.put("../" + i, text("x"));
    }
    assertRefused(GuestBundle.zip(files), "; and 10 more");
    files = files();
    for (int i = 0; i < 12; i++) {
      files.put("web/zeros" + i, new byte[25 * 1024 * 1024]);
    }
    byte[] zip = GuestBundle.zip(files);
    assertThat(BundleFiles.read(zip).problems()).hasSize(3);
    assertRefused(zip, "web/zeros2: brings the bundle to more than");
  }

  @Test
  void a_damaged_bundle_is_refused_or_read_but_never_crashes_the_reader() {
    byte[] zip = GOOD.bytes();
    long seed = 20261122;
    Random random = new Random(seed);
    for (int i = 0; i < 3_000; i++) {
      byte[] damaged = zip.clone();
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      }
      try {
        assertThat(Bundle.read(damaged).module()).as("seed %d, round %d", seed, i).isNotEmpty();
      } catch (BundleRejectedException e) {
        assertThat(e).hasMessageNotContaining("\n");
      }
    }
  }

  @Test
  void a_path_that_is_not_a_bundle_is_reported_with_the_fix() throws IOException {
    assertThatThrownBy(() -> read(directory.resolve("missing.gnplugin")))
        .hasMessageContaining("missing.gnplugin does not exist");
    assertThatThrownBy(() -> read(directory)).hasMessageContaining("is a directory");
    Path file = Files.write(directory.resolve("x.gnplugin"), text("x"));
    assertThatThrownBy(() -> read(file)).hasMessageContaining("x.gnplugin: not a ZIP file");
  }

  private static Bundle read(Path file) {
    return Bundle.read(file, Vocabulary.unknown());
  }

  private static void assertRefused(byte[] bytes, String reason) {
    assertThatThrownBy(() -> Bundle.read(bytes))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining(reason);
  }

  private static Map<String, byte[]> files() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("manifest.json", text(GOOD.manifest()));
    files.put("plugin.wasm", Guests.wasm("echo"));
    return files;
  }

  @FunctionalInterface
  private interface Content {
    void writeTo(ZipArchiveOutputStream zip) throws IOException;
  }

  private static byte[] archive(Content content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(bytes)) {
      content.writeTo(zip);
    }
    return bytes.toByteArray();
  }

  private static void add(ZipArchiveOutputStream zip, String name, byte[] content)
      throws IOException {
    zip.putArchiveEntry(new ZipArchiveEntry(name));
    zip.write(content);
    zip.closeArchiveEntry();
  }

  private static int lastIndexOf(byte[] bytes, byte[] pattern) {
    for (int i = bytes.length - pattern.length; i >= 0; i--) {
      if (Arrays.equals(bytes, i, i + pattern.length, pattern, 0, pattern.length)) {
        return i;
      }
    }
    throw new AssertionError("not there");
  }

  private static int centralHeader(byte[] zip) {
    for (int i = 0; i < zip.length - 4; i++) {
      if (zip[i] == 'P' && zip[i + 1] == 'K' && zip[i + 2] == 1 && zip[i + 3] == 2) {
        return i;
      }
    }
    throw new AssertionError("no central directory");
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
