package io.gonext.host.manifest;

import io.gonext.engine.ModuleHeader;
import io.gonext.engine.PlainText;
import io.gonext.host.BundleRejectedException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveInputStream;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.commons.compress.utils.SeekableInMemoryByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * The ZIP around a bundle, read as one would read a stranger's: the central directory and the local
 * headers must tell the same story ({@link ArchiveLayout}), every name must be plain, and bytes are
 * counted as they are inflated, not as headers claim them. Nothing is ever written to disk.
 */
final class BundleArchive {
  /** Largest inflated size of one file, in bytes. */
  private static final int MAX_ENTRY_BYTES = 24 * 1024 * 1024;

  /** Largest inflated size of all files together, in bytes. */
  private static final int MAX_TOTAL_BYTES = 64 * 1024 * 1024;

  private static final int MAX_ENTRIES = 4096;

  private static final int MAX_NAME_LENGTH = 256;

  private static final byte[] ZIP_SIGNATURE = {'P', 'K', 3, 4};

  private static final Set<String> TOP_LEVEL = Set.of(Bundle.MANIFEST, "README.md", "LICENSE");

  private static final List<String> FOLDERS =
      List.of("web/", "migrations/", Locales.FOLDER, Bundle.WARM_UP);

  private static final int BUFFER_BYTES = 8 * 1024;

  private final byte[] bytes;
  private final ArchiveLayout layout;

  /** By now, of all entries. */
  private long inflatedBytes;

  BundleArchive(byte[] bytes) {
    this.bytes = bytes;
    this.layout = new ArchiveLayout(bytes);
  }

  /** Whether a bundle may hold a file of this name beside its entry module. */
  static boolean isListed(String name) {
    return TOP_LEVEL.contains(name) || FOLDERS.stream().anyMatch(name::startsWith);
  }

  /**
   * Reads all that can be read, and says what is wrong with each entry that cannot.
   *
   * @throws BundleRejectedException when the archive itself is not sound, or its headers tell two
   *     stories: then there is nothing to be said of its entries
   */
  BundleFiles read() {
    if (bytes.length < ZIP_SIGNATURE.length
        || !Arrays.equals(bytes, 0, ZIP_SIGNATURE.length, ZIP_SIGNATURE, 0, ZIP_SIGNATURE.length)) {
      throw new BundleRejectedException(notZip());
    }
    try (ZipFile zip = open()) {
      List<ZipArchiveEntry> central = Collections.list(zip.getEntriesInPhysicalOrder());
      if (central.size() > MAX_ENTRIES) {
        throw new BundleRejectedException("more than " + MAX_ENTRIES + " entries");
      }
      List<String> problems = new ArrayList<>();
      Map<String, byte[]> files = inflate(plain(central, problems), problems);
      if (problems.isEmpty()) {
        layout.check(central);
      }
      return new BundleFiles(files, problems);
    } catch (IOException | IllegalArgumentException e) {
      throw new BundleRejectedException("the ZIP is damaged: " + e.getMessage(), e);
    }
  }

  private String notZip() {
    String what =
        bytes.length == 0
            ? "the file is empty"
            : ModuleHeader.problem(bytes).isEmpty() ? "it is a WebAssembly module" : "";
    return "not a ZIP file"
        + (what.isEmpty() ? "" : ", " + what)
        + ": gonext plugin pack makes a bundle of a project";
  }

  private ZipFile open() {
    try {
      return ZipFile.builder()
          .setSeekableByteChannel(new SeekableInMemoryByteChannel(bytes))
          .setUseUnicodeExtraFields(false)
          // Read one by one below, where it is known whose header is damaged.
          .setIgnoreLocalFileHeader(true)
          .get();
    } catch (IOException | IllegalArgumentException e) {
      throw new BundleRejectedException("the ZIP is damaged or cut off " + whereReadingStops(), e);
    }
  }

  /** How far one gets who reads from the beginning, where the directory at the end is not there. */
  private String whereReadingStops() {
    String stop = "before its first entry";
    byte[] buffer = new byte[BUFFER_BYTES];
    long total = 0;
    try (ZipArchiveInputStream local = stream()) {
      for (ZipArchiveEntry entry = next(local); entry != null; entry = next(local)) {
        String name = PlainText.of(entry.getName(), MAX_NAME_LENGTH);
        stop = "within " + name;
        if (!isReadable(entry)) {
          return stop;
        }
        // Read here, as the library would do, but not for ever.
        for (int n = local.read(buffer); n >= 0; n = local.read(buffer)) {
          total += n;
          if (total > MAX_TOTAL_BYTES) {
            return stop;
          }
        }
        stop = "behind " + name;
      }
    } catch (IOException | IllegalArgumentException | BundleRejectedException e) {
      return stop;
    }
    return stop;
  }

  private ZipArchiveInputStream stream() {
    return new ZipArchiveInputStream(new ByteArrayInputStream(bytes), "UTF-8", false, true);
  }

  /** The entries whose headers say nothing that a bundle may not have. */
  private static List<ZipArchiveEntry> plain(List<ZipArchiveEntry> central, List<String> problems) {
    List<ZipArchiveEntry> plain = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (ZipArchiveEntry entry : central) {
      try {
        checkHeader(entry, seen);
        plain.add(entry);
      } catch (BundleRejectedException e) {
        problems.add(e.getMessage());
      }
    }
    return plain;
  }

  private static void checkHeader(ZipArchiveEntry entry, Set<String> seen) {
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
    if (!isReadable(entry)) {
      throw rejected(
          name, "is compressed by a method other than deflate: use deflate, or store it as it is");
    }
  }

  /** The library knows other methods, too, and needs other libraries for them. */
  private static boolean isReadable(ZipArchiveEntry entry) {
    return entry.getMethod() == ZipEntry.STORED || entry.getMethod() == ZipEntry.DEFLATED;
  }

  /** The name as it stands in the file: the library would turn a backslash into a slash. */
  static String name(ZipArchiveEntry entry) {
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

  /** The files among these that are sound; what is inflated of others is counted, too. */
  private Map<String, byte[]> inflate(List<ZipArchiveEntry> entries, List<String> problems) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (ZipArchiveEntry entry : entries) {
      try {
        inflate(entry, files);
      } catch (BundleRejectedException e) {
        problems.add(e.getMessage());
      }
      if (inflatedBytes > MAX_TOTAL_BYTES) {
        break;
      }
    }
    return files;
  }

  private void inflate(ZipArchiveEntry entry, Map<String, byte[]> files) {
    String name = name(entry);
    if (name.endsWith("/")) {
      if (FOLDERS.stream().noneMatch(name::startsWith)) {
        throw rejected(
            name,
            "is a directory that a bundle does not have: pack the files that are in a project's"
                + " folder, not the folder");
      }
      if (inflated(entry, 0).length > 0) {
        throw rejected(name, "is a directory with a content");
      }
      return;
    }
    int limit = name.equals(Bundle.MANIFEST) ? ManifestReader.MAX_BYTES : MAX_ENTRY_BYTES;
    byte[] content = inflated(entry, limit);
    if (inflatedBytes > MAX_TOTAL_BYTES) {
      throw rejected(name, "brings the bundle to more than " + MAX_TOTAL_BYTES + " bytes");
    }
    if (content.length > limit) {
      throw rejected(name, "inflates to more than " + limit + " bytes");
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

  /**
   * The content of an entry, or more than {@code limit} of it where there is more; less once all
   * entries together are beyond their own limit.
   */
  private byte[] inflated(ZipArchiveEntry entry, int limit) {
    ArchiveLayout.Data data = layout.data(entry);
    if (entry.getMethod() == ZipEntry.STORED) {
      // One byte more shows that there is more.
      int length = Math.min(data.length(), limit + 1);
      inflatedBytes += length;
      return Arrays.copyOfRange(bytes, data.offset(), data.offset() + length);
    }
    try (Inflater inflater = new Inflater(true)) {
      inflater.setInput(bytes, data.offset(), data.length());
      byte[] content = inflated(inflater, limit);
      if (inflater.finished() && inflater.getRemaining() > 0) {
        throw rejected(name(entry), "has something behind its compressed content");
      }
      return content;
    } catch (DataFormatException e) {
      throw rejected(name(entry), "is damaged: " + e.getMessage());
    }
  }

  private byte[] inflated(Inflater inflater, int limit) throws DataFormatException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    byte[] buffer = new byte[BUFFER_BYTES];
    while (!inflater.finished() && content.size() <= limit && inflatedBytes <= MAX_TOTAL_BYTES) {
      int n = inflater.inflate(buffer);
      if (n == 0 && !inflater.finished()) {
        throw new DataFormatException("its compressed content has no end");
      }
      content.write(buffer, 0, n);
      inflatedBytes += n;
    }
    return content.toByteArray();
  }

  static BundleRejectedException rejected(String entry, String why) {
    return new BundleRejectedException(PlainText.of(entry, MAX_NAME_LENGTH) + ": " + why);
  }
}
