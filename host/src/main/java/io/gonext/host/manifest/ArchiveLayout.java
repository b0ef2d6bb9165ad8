package io.gonext.host.manifest;

import io.gonext.host.BundleRejectedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;

/**
 * Where things stand in a ZIP, after APPNOTE 6.3: local headers and data from the first byte on,
 * one entry behind the other, then the directory, then the end record. Nothing may stand between
 * them, and a local header must say what the directory says: a reader that goes through the file
 * and one that begins at its end see the same files.
 *
 * <p>The library's own reader of streams is not asked, since it cannot read an entry that is stored
 * and has its size behind its data, as pipes make them.
 */
final class ArchiveLayout {
  private static final int LOCAL = 0x04034b50;
  private static final int DESCRIPTOR = 0x08074b50;
  private static final int END = 0x06054b50;
  private static final int ZIP64_LOCATOR = 0x07064b50;

  private static final int LOCAL_BYTES = 30;

  /** An end record without a comment. */
  private static final int END_BYTES = 22;

  private static final int ZIP64_LOCATOR_BYTES = 20;

  private static final int MAX_COMMENT_BYTES = 0xffff;

  /** In the flags of an entry: sizes and checksum follow the data. */
  private static final int SIZES_FOLLOW = 1 << 3;

  /** The id of the extra field that has sizes of 64 bits. */
  private static final int ZIP64_EXTRA = 1;

  /** Stands for a size that the extra field has. */
  private static final long IN_EXTRA = 0xffffffffL;

  private final byte[] bytes;
  private final ByteBuffer zip;

  ArchiveLayout(byte[] bytes) {
    this.bytes = bytes;
    this.zip = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Where the compressed bytes of an entry stand. */
  record Data(int offset, int length) {}

  /**
   * The compressed bytes of an entry.
   *
   * @throws BundleRejectedException where there is no such entry
   */
  Data data(ZipArchiveEntry entry) {
    long header = entry.getLocalHeaderOffset();
    if (header < 0 || header > bytes.length - LOCAL_BYTES || int32((int) header) != LOCAL) {
      throw rejected(entry, "is not where the directory says");
    }
    int at = (int) header;
    long data = header + LOCAL_BYTES + uint16(at + 26) + uint16(at + 28);
    long length = entry.getCompressedSize();
    if (length < 0 || data + length > bytes.length) {
      throw rejected(entry, "is longer than the bundle");
    }
    return new Data((int) data, (int) length);
  }

  /**
   * Checks that the archive is these entries and nothing else.
   *
   * @param entries of the directory, in the order of their offsets
   * @throws BundleRejectedException naming what is not as it should be
   */
  void check(List<ZipArchiveEntry> entries) {
    int directory = directory(entries.size());
    long expected = 0;
    for (int i = 0; i < entries.size(); i++) {
      ZipArchiveEntry entry = entries.get(i);
      if (entry.getLocalHeaderOffset() != expected) {
        throw rejected(entry, "does not begin where the entry before it ends");
      }
      Data data = data(entry);
      long next = i + 1 < entries.size() ? entries.get(i + 1).getLocalHeaderOffset() : directory;
      checkHeader(entry, data, next);
      expected = next;
    }
    if (expected != directory) {
      throw new BundleRejectedException("the ZIP's directory does not follow its entries");
    }
  }

  /** Where the directory begins, according to an end record that counts so many entries. */
  private int directory(int entries) {
    int end = end();
    if (end >= ZIP64_LOCATOR_BYTES && int32(end - ZIP64_LOCATOR_BYTES) == ZIP64_LOCATOR) {
      throw new BundleRejectedException(
          "the ZIP ends with a record of Zip64, which nothing of a bundle's size needs: write it"
              + " without");
    }
    if (int32(end + 4) != 0) {
      throw new BundleRejectedException("the ZIP is one part of several");
    }
    if (uint16(end + 8) != entries || uint16(end + 10) != entries) {
      throw new BundleRejectedException("the ZIP counts other entries than it has");
    }
    long directory = uint32(end + 16);
    if (directory + uint32(end + 12) != end) {
      throw new BundleRejectedException("the ZIP's end record does not follow its directory");
    }
    return (int) directory;
  }

  /** The last end record, which only its own comment may follow. */
  private int end() {
    int first = Math.max(0, bytes.length - END_BYTES - MAX_COMMENT_BYTES);
    for (int at = bytes.length - END_BYTES; at >= first; at--) {
      if (int32(at) == END) {
        if (at + END_BYTES + uint16(at + 20) != bytes.length) {
          throw new BundleRejectedException(
              "something stands behind the end of the ZIP: it does not end with its directory and"
                  + " a comment");
        }
        return at;
      }
    }
    throw new BundleRejectedException("the ZIP does not end with its directory");
  }

  private void checkHeader(ZipArchiveEntry entry, Data data, long next) {
    int at = (int) entry.getLocalHeaderOffset();
    byte[] name = entry.getRawName();
    boolean sameName =
        uint16(at + 26) == name.length
            && Arrays.equals(
                bytes, at + LOCAL_BYTES, at + LOCAL_BYTES + name.length, name, 0, name.length);
    if (!sameName) {
      throw different(entry, "name");
    }
    if (uint16(at + 8) != entry.getMethod()) {
      throw different(entry, "method of compression");
    }
    boolean follow = (uint16(at + 6) & SIZES_FOLLOW) != 0;
    if (!says(uint32(at + 14), entry.getCrc(), follow)) {
      throw different(entry, "checksum");
    }
    if (!saysSizes(at, entry, follow)) {
      throw different(entry, "size");
    }
    int dataEnd = data.offset() + data.length();
    if (follow ? !isDescriptor(dataEnd, next, entry) : dataEnd != next) {
      throw rejected(entry, "is followed by something that is not an entry");
    }
    if (entry.getMethod() == ZipEntry.STORED && data.length() != entry.getSize()) {
      throw rejected(entry, "is stored, and has two sizes in the directory");
    }
  }

  private static boolean says(long found, long expected, boolean follows) {
    return found == expected || (follows && found == 0);
  }

  private boolean saysSizes(int at, ZipArchiveEntry entry, boolean follow) {
    long compressed = uint32(at + 18);
    long size = uint32(at + 22);
    if (compressed == IN_EXTRA && size == IN_EXTRA) {
      int extra = zip64Extra(at);
      return extra >= 0
          && says(zip.getLong(extra), entry.getSize(), follow)
          && says(zip.getLong(extra + 8), entry.getCompressedSize(), follow);
    }
    return says(compressed, entry.getCompressedSize(), follow)
        && says(size, entry.getSize(), follow);
  }

  /** Where a local header has its two sizes of 64 bits; negative where it has none. */
  private int zip64Extra(int header) {
    int at = header + LOCAL_BYTES + uint16(header + 26);
    int end = at + uint16(header + 28);
    while (at + 4 <= end) {
      int length = uint16(at + 2);
      if (uint16(at) == ZIP64_EXTRA && length == 16 && at + 4 + length <= end) {
        return at + 4;
      }
      at += 4 + length;
    }
    return -1;
  }

  /** Whether there is a data descriptor, of one of its four forms, and nothing else. */
  private boolean isDescriptor(int at, long end, ZipArchiveEntry entry) {
    if (end > bytes.length) {
      return false;
    }
    long length = end - at;
    boolean signed = length == 16 || length == 24;
    if (!(signed || length == 12 || length == 20) || (signed && int32(at) != DESCRIPTOR)) {
      return false;
    }
    int fields = signed ? at + 4 : at;
    boolean wide = length >= 20;
    return uint32(fields) == entry.getCrc()
        && (wide ? zip.getLong(fields + 4) : uint32(fields + 4)) == entry.getCompressedSize()
        && (wide ? zip.getLong(fields + 12) : uint32(fields + 8)) == entry.getSize();
  }

  private static BundleRejectedException different(ZipArchiveEntry entry, String what) {
    return rejected(
        entry, "stands differently in its local header and in the directory: its " + what);
  }

  private static BundleRejectedException rejected(ZipArchiveEntry entry, String why) {
    return BundleArchive.rejected(BundleArchive.name(entry), why);
  }

  private int int32(int at) {
    return zip.getInt(at);
  }

  private long uint32(int at) {
    return Integer.toUnsignedLong(zip.getInt(at));
  }

  private int uint16(int at) {
    return Short.toUnsignedInt(zip.getShort(at));
  }
}
