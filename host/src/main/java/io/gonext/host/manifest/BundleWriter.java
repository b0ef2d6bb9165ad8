package io.gonext.host.manifest;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes bundles: the same files give the same bytes, whenever and wherever they are written. */
public final class BundleWriter {
  /** A ZIP cannot tell an earlier time; without a time zone, so that none shows. */
  private static final LocalDateTime EPOCH = LocalDateTime.of(1980, 1, 1, 0, 0);

  private BundleWriter() {}

  /**
   * A ZIP of these files, the manifest first and the others by name.
   *
   * @param files content by path
   */
  public static byte[] write(Map<String, byte[]> files) {
    SortedMap<String, byte[]> sorted = new TreeMap<>(files);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      byte[] manifest = sorted.remove(Bundle.MANIFEST);
      if (manifest != null) {
        add(zip, Bundle.MANIFEST, manifest);
      }
      for (Map.Entry<String, byte[]> file : sorted.entrySet()) {
        add(zip, file.getKey(), file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a byte array takes all
    }
    return bytes.toByteArray();
  }

  private static void add(ZipOutputStream zip, String path, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(path);
    entry.setTimeLocal(EPOCH);
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
