package io.gonext.cli.provenance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;

class BundleDifferenceTest {
  private static final long DAY = 86_400_000L;

  @Test
  void equal_bundles_have_no_difference() throws IOException {
    byte[] bundle = zip(ZipEntry.DEFLATED, DAY * 9000, "a", "1", "b", "2");
    assertThat(BundleDifference.ofBundles(bundle, bundle.clone())).isEmpty();
  }

  @Test
  void other_content_and_other_entries_are_named() throws IOException {
    byte[] one = zip(ZipEntry.DEFLATED, DAY * 9000, "a", "1234", "b", "2", "c", "3");
    byte[] other = zip(ZipEntry.DEFLATED, DAY * 9000, "a", "1235", "c", "3", "d", "4");
    assertThat(BundleDifference.ofBundles(one, other))
        .containsExactly(
            "a has other content, first at offset 0x3",
            "b is only in the first bundle",
            "d is only in the second bundle");
  }

  @Test
  void other_times_other_order_and_other_compression_are_told_apart() throws IOException {
    byte[] bundle = zip(ZipEntry.DEFLATED, DAY * 9000, "a", "1", "b", "2");
    assertThat(
            BundleDifference.ofBundles(
                bundle, zip(ZipEntry.DEFLATED, DAY * 9001, "a", "1", "b", "2")))
        .containsExactly("a has another time", "b has another time");
    assertThat(
            BundleDifference.ofBundles(
                bundle, zip(ZipEntry.DEFLATED, DAY * 9000, "b", "2", "a", "1")))
        .containsExactly("the entries have another order");
    assertThat(
            BundleDifference.ofBundles(
                bundle, zip(ZipEntry.STORED, DAY * 9000, "a", "1", "b", "2")))
        .containsExactly("a is compressed in another way", "b is compressed in another way");
  }

  @Test
  void a_difference_of_modules_is_said_with_section_offset_and_text() throws IOException {
    byte[] one = module("name", "fn at /first/dir", ".debug_str", "same");
    byte[] other = module("name", "fn at /other/dir", ".debug_str", "same");
    assertThat(BundleDifference.ofModules(one, other))
        .containsExactly(
            "the custom section \"name\" differs (16 and 16 bytes), first at offset 0x16: \"fn at"
                + " /first/dir\" and \"fn at /other/dir\"");
    assertThat(BundleDifference.ofModules(one, one.clone())).isEmpty();
    assertThat(BundleDifference.ofModules(one, module("name", "fn at /first/dir")))
        .containsExactly("only the first module has the custom section \".debug_str\"");
    assertThat(BundleDifference.ofModules(one, module("producers", "")))
        .containsExactly(
            "the custom section \"name\" is where the second module has the custom section"
                + " \"producers\"");
    assertThat(BundleDifference.ofModules(new byte[] {1, 2}, new byte[] {1, 3}))
        .containsExactly("the bytes differ, first at offset 0x1");
  }

  private static byte[] module(String... namesAndContents) throws IOException {
    ByteArrayOutputStream module = new ByteArrayOutputStream();
    module.write(new byte[] {0, 'a', 's', 'm', 1, 0, 0, 0});
    for (int i = 0; i < namesAndContents.length; i += 2) {
      byte[] name = namesAndContents[i].getBytes(StandardCharsets.US_ASCII);
      byte[] content = namesAndContents[i + 1].getBytes(StandardCharsets.US_ASCII);
      module.write(new byte[] {0, (byte) (1 + name.length + content.length), (byte) name.length});
      module.write(name);
      module.write(content);
    }
    return module.toByteArray();
  }

  private static byte[] zip(int method, long time, String... namesAndContents) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (int i = 0; i < namesAndContents.length; i += 2) {
        byte[] content = namesAndContents[i + 1].getBytes(StandardCharsets.US_ASCII);
        ZipEntry entry = new ZipEntry(namesAndContents[i]);
        entry.setMethod(method);
        entry.setTime(time);
        entry.setSize(content.length);
        java.util.zip.CRC32 crc = new java.util.zip.CRC32();
        crc.update(content);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
      }
    }
    return bytes.toByteArray();
  }
}
