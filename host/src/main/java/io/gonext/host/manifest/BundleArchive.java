package io.gonext.host.manifest;

import io.gonext.host.failure.BundleRejectedException;
import io.gonext.host.failure.OneLine;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveInputStream;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.commons.compress.utils.SeekableInMemoryByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * The ZIP around a bundle, read as one would read a stranger's: the central directory and the local
 * headers must tell the same story, every name must be plain, and bytes are counted as they are
 * inflated, not as headers claim them. Nothing is ever written to disk.
 */
final class BundleArchive {
  /** Largest inflated size of one file, in bytes. */
  private static final int MAX_ENTRY_BYTES = 24 * 1024 * 1024;

  /** Largest inflated size of all files together, in bytes. */
  private static final int MAX_TOTAL_BYTES = 64 * 1024 * 1024;

  private static final int MAX_ENTRIES = 4096;

  private static final int MAX_NAME_LENGTH = 256;

  private static final byte[] ZIP_SIGNATURE = {'P', 'K', 3, 4};

  private static final byte[] END_SIGNATURE = {'P', 'K', 5, 6};

  /** An end record without a comment. */
  private static final int END_BYTES = 22;

  private static final Set<String> TOP_LEVEL = Set.of(Bundle.MANIFEST, "README.md", "LICENSE");

  private static final List<String> FOLDERS = List.of("web/", "migrations/");

  private final byte[] bytes;

  BundleArchive(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Whether a bundle may hold a file of this name beside its entry module. */
  static boolean isListed(String name) {
    return TOP_LEVEL.contains(name) || FOLDERS.stream().anyMatch(name::startsWith);
  }

  /**
   * The files by name, in the archive's order; directories are left out.
   *
   * @throws BundleRejectedException naming the offending entry
   */
  Map<String, byte[]> entries() {
    if (bytes.length < ZIP_SIGNATURE.length
        || !Arrays.equals(bytes, 0, ZIP_SIGNATURE.length, ZIP_SIGNATURE, 0, ZIP_SIGNATURE.length)) {
      throw new BundleRejectedException("not a ZIP file");
    }
    try (ZipFile zip =
        ZipFile.builder()
            .setSeekableByteChannel(new SeekableInMemoryByteChannel(bytes))
            .setUseUnicodeExtraFields(false)
            // Read one by one below, where it is known whose header is damaged.
            .setIgnoreLocalFileHeader(true)
            .get()) {
      List<ZipArchiveEntry> central = Collections.list(zip.getEntriesInPhysicalOrder());
      if (central.size() > MAX_ENTRIES) {
        throw new BundleRejectedException("more than " + MAX_ENTRIES + " entries");
      }
      checkEnd(central.size());
      checkNames(central);
      Map<String, byte[]> files = inflate(zip, central);
      checkLocalHeaders(central);
      return files;
    } catch (IOException | IllegalArgumentException e) {
      throw new BundleRejectedException("the ZIP is damaged: " + e.getMessage(), e);
    }
  }

  /**
   * The end record must stand at the end and count as many entries as were found: readers that
   * search for another one, or trust its count, would see another archive.
   */
  private void checkEnd(int entries) {
    int end = bytes.length - END_BYTES;
    if (end < 0
        || !Arrays.equals(bytes, end, end + END_SIGNATURE.length, END_SIGNATURE, 0, 4)
        || unsignedShort(end + 20) != 0) {
      throw new BundleRejectedException("the ZIP does not end with its directory");
    }
    if (unsignedShort(end + 8) != entries || unsignedShort(end + 10) != entries) {
      throw new BundleRejectedException("the ZIP counts other entries than it has");
    }
  }

  private int unsignedShort(int at) {
    return Byte.toUnsignedInt(bytes[at]) + (Byte.toUnsignedInt(bytes[at + 1]) << 8);
  }

  private static void checkNames(List<ZipArchiveEntry> central) {
    Set<String> seen = new HashSet<>();
    for (ZipArchiveEntry entry : central) {
      String name = name(entry);
      checkName(name);
      if (!seen.add(Normalizer.normalize(name, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT))) {
        throw rejected(name, "stands in the bundle twice, but for case or Unicode form");
      }
      if (entry.isUnixSymlink()) {
        throw rejected(name, "is a symbolic link");
      }
      if (entry.getGeneralPurposeBit().usesEncryption()) {
        throw rejected(name, "is encrypted");
      }
      if (entry.getMethod() != ZipEntry.STORED && entry.getMethod() != ZipEntry.DEFLATED) {
        throw rejected(name, "is compressed by a method other than deflate");
      }
    }
  }

  /** The name as it stands in the file: the library would turn a backslash into a slash. */
  private static String name(ZipArchiveEntry entry) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(entry.getRawName()))
          .toString();
    } catch (CharacterCodingException e) {
      throw rejected(entry.getName(), "has a name that is not UTF-8");
    }
  }

  private static void checkName(String name) {
    String path = name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
    if (path.length() > MAX_NAME_LENGTH) {
      throw rejected(name, "has a name longer than " + MAX_NAME_LENGTH + " characters");
    }
    if (path.chars().anyMatch(c -> c < ' ' || c == 0x7f || c == '\\' || c == ':')) {
      throw rejected(name, "has a control character, a backslash or a colon in its name");
    }
    for (String segment : path.split("/", -1)) {
      if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
        throw rejected(name, "is not a plain relative path");
      }
    }
  }

  /**
   * A ZIP reader that streams and one that seeks must see the same files. The library inflates an
   * entry to find the next one, however much that is: only entries may be passed here that stand at
   * their place and were {@linkplain #inflate inflated} within the limits.
   */
  private void checkLocalHeaders(List<ZipArchiveEntry> central) throws IOException {
    try (ZipArchiveInputStream local =
        new ZipArchiveInputStream(new ByteArrayInputStream(bytes), "UTF-8", false, true)) {
      for (ZipArchiveEntry expected : central) {
        ZipArchiveEntry found = next(local);
        if (found == null
            || !Arrays.equals(found.getRawName(), expected.getRawName())
            || found.getMethod() != expected.getMethod()
            || found.getLocalHeaderOffset() != expected.getLocalHeaderOffset()
            || (found.getSize() != ZipArchiveEntry.SIZE_UNKNOWN
                && found.getSize() != expected.getSize())) {
          throw rejected(
              name(expected), "stands differently in its local header and in the directory");
        }
        if (!found.isDirectory() && !local.canReadEntryData(found)) {
          throw rejected(name(expected), "cannot be read as a stream");
        }
      }
      ZipArchiveEntry extra = next(local);
      if (extra != null) {
        throw rejected(name(extra), "is missing from the directory");
      }
    }
  }

  /**
   * The next entry, or null. The library looks for the decompressor that a header names before the
   * header can be compared, and for some methods that is another library, which is not there.
   */
  private static @Nullable ZipArchiveEntry next(ZipArchiveInputStream local) throws IOException {
    try {
      return local.getNextEntry();
    } catch (NoClassDefFoundError e) {
      throw new BundleRejectedException(
          "an entry is compressed by a method other than deflate, by its local header", e);
    }
  }

  private static Map<String, byte[]> inflate(ZipFile zip, List<ZipArchiveEntry> central)
      throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    long total = 0;
    for (ZipArchiveEntry entry : central) {
      String name = name(entry);
      if (name.endsWith("/")) {
        if (FOLDERS.stream().noneMatch(name::startsWith)) {
          throw rejected(name, "is a directory that a bundle does not have");
        }
        if (inflated(zip, entry, 0).length > 0) {
          throw rejected(name, "is a directory with a content");
        }
        continue;
      }
      int limit = name.equals(Bundle.MANIFEST) ? ManifestReader.MAX_BYTES : MAX_ENTRY_BYTES;
      byte[] content = inflated(zip, entry, limit);
      if (content.length > limit) {
        throw rejected(name, "inflates to more than " + limit + " bytes");
      }
      total += content.length;
      if (total > MAX_TOTAL_BYTES) {
        throw rejected(name, "brings the bundle to more than " + MAX_TOTAL_BYTES + " bytes");
      }
      CRC32 checksum = new CRC32();
      checksum.update(content);
      if (content.length != entry.getSize() || checksum.getValue() != entry.getCrc()) {
        throw rejected(name, "is damaged: its size or checksum is not the one in the directory");
      }
      if (content.length >= ZIP_SIGNATURE.length
          && Arrays.equals(content, 0, ZIP_SIGNATURE.length, ZIP_SIGNATURE, 0, 4)) {
        throw rejected(name, "is itself a ZIP file");
      }
      files.put(name, content);
    }
    return files;
  }

  /** The content of an entry, or a byte more than {@code limit} of it where there is more. */
  private static byte[] inflated(ZipFile zip, ZipArchiveEntry entry, int limit) {
    try (InputStream in = zip.getInputStream(entry)) {
      return in.readNBytes(limit + 1);
    } catch (IOException | IllegalArgumentException e) {
      throw rejected(name(entry), "is damaged: " + e.getMessage());
    }
  }

  private static BundleRejectedException rejected(String entry, String why) {
    return new BundleRejectedException(OneLine.of(entry, MAX_NAME_LENGTH) + ": " + why);
  }
}
