package io.gonext.engine;

import io.gonext.engine.bytecode.CompilerDigest;
import io.gonext.engine.bytecode.EmittedClasses;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.LongAdder;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Compiled modules on disk, for the next start of the host.
 *
 * <p>An entry is code that the host will run. The host uses it only if its HMAC-SHA256 is right.
 * The HMAC uses the host's key and covers the entry <em>and</em> what it was compiled from (module,
 * compiler, JDK). The cache deletes and counts any other file, and the engine compiles the module
 * again.
 *
 * <p>Safe for any number of threads, and for several processes on one directory: an entry is
 * written to a temporary file and moved into place. An entry that cannot be written or read counts
 * as absent.
 */
public final class CompileCache {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int MAC_BYTES = 32;
  private static final int LEAST_KEY_BYTES = 16;
  private static final String SUFFIX = ".classes";
  private static final String ASIDE_PREFIX = "entry";
  private static final String ASIDE_SUFFIX = ".tmp";

  /** No admitted module has a larger entry, so this cache did not write a larger file. */
  private static final long MOST_ENTRY_BYTES = 256L << 20;

  /** A temporary file older than this was left by a process that was killed. */
  private static final Duration ABANDONED_AFTER = Duration.ofHours(1);

  /** The engine's classes that decide what is compiled, and those that compiled code calls. */
  private static final List<Class<?>> COMPILED_WITH =
      List.of(
          ModuleCompiler.class,
          FunctionReader.class,
          ExceptionReader.class,
          AccessTemplate.class,
          GuestAccess.class,
          GuestCode.class,
          GuestNumbers.class,
          GuestGlobal.class,
          GuestException.class,
          GuestTag.class,
          FunctionReference.class);

  /** What an entry depends on besides the module. */
  private static final String TOOLCHAIN = compiler() + ", jdk " + Runtime.version();

  private final Path directory;
  private final SecretKeySpec key;
  private final long maxBytes;
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder rejected = new LongAdder();

  private CompileCache(Path directory, SecretKeySpec key, long maxBytes) {
    this.directory = directory;
    this.key = key;
    this.maxBytes = maxBytes;
  }

  /** Names the form of entries and the compiler. */
  static String compiler() {
    return "format 5, compiler " + CompilerDigest.of(COMPILED_WITH);
  }

  /**
   * What a cached module consists of.
   *
   * @param compileTime the processor time that it took to compile
   */
  record Entry(EmittedClasses classes, Duration compileTime) {
    void write(DataOutputStream out) throws IOException {
      out.writeLong(compileTime.toNanos());
      out.writeInt(classes.signatures().size());
      for (String signature : classes.signatures()) {
        out.writeUTF(signature);
      }
      out.writeInt(classes.classes().size());
      for (var each : classes.classes().entrySet()) {
        out.writeUTF(each.getKey());
        out.writeInt(each.getValue().length);
        out.write(each.getValue());
      }
    }

    /** Reads what {@link #write} wrote, from a source that is trusted. */
    static Entry read(DataInputStream in) throws IOException {
      var compileTime = Duration.ofNanos(in.readLong());
      Set<String> signatures = new TreeSet<>();
      for (int left = in.readInt(); left > 0; left--) {
        signatures.add(in.readUTF());
      }
      Map<String, byte[]> classes = new LinkedHashMap<>();
      for (int left = in.readInt(); left > 0; left--) {
        classes.put(in.readUTF(), in.readNBytes(in.readInt()));
      }
      return new Entry(new EmittedClasses(classes, signatures), compileTime);
    }
  }

  /**
   * How often the cache helped.
   *
   * @param hits modules that were found
   * @param misses modules without an entry
   * @param rejected entries that were corrupt or forged, and were deleted
   */
  public record Statistics(long hits, long misses, long rejected) {}

  /**
   * Opens a cache, and creates its directory if it does not exist.
   *
   * @param hostKey at least 16 bytes, unknown to anyone who can write to the directory
   * @param maxBytes the cache deletes the least recently used entries beyond this size
   * @throws IOException when the directory cannot be made
   */
  public static CompileCache open(Path directory, byte[] hostKey, long maxBytes)
      throws IOException {
    if (hostKey.length < LEAST_KEY_BYTES) {
      throw new IllegalArgumentException("the key needs at least " + LEAST_KEY_BYTES + " bytes");
    }
    Files.createDirectories(directory);
    return new CompileCache(directory, new SecretKeySpec(hostKey, ALGORITHM), maxBytes);
  }

  /** Since this cache was opened. */
  public Statistics statistics() {
    return new Statistics(hits.sum(), misses.sum(), rejected.sum());
  }

  /**
   * The classes of the module with this SHA-256, or null.
   *
   * @param sha256 with what else decides the classes, as the file's name begins
   */
  @Nullable Entry get(String sha256) {
    Path file = file(sha256);
    Entry entry;
    try {
      entry = Files.size(file) > mostEntryBytes() ? null : decode(sha256, Files.readAllBytes(file));
    } catch (IOException absent) {
      misses.increment();
      return null;
    } catch (OutOfMemoryError tooLarge) {
      // Compiling needs less memory than this entry. Delete it, or it would fail at each start.
      entry = null;
    }
    if (entry == null) {
      rejected.increment();
      delete(file);
      return null;
    }
    hits.increment();
    touch(file);
    return entry;
  }

  private long mostEntryBytes() {
    return Math.min(maxBytes, MOST_ENTRY_BYTES);
  }

  /** Keeps a module's classes. A full disk or a missing permission does not fail the compile. */
  boolean put(String sha256, Entry entry) {
    if (entry.classes.bytes() >= mostEntryBytes()) {
      return false;
    }
    try {
      Path aside = Files.createTempFile(directory, ASIDE_PREFIX, ASIDE_SUFFIX);
      try {
        Files.write(aside, encode(sha256, entry));
        Files.move(aside, file(sha256), StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(aside);
      }
      evict();
      return true;
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  private Path file(String sha256) {
    byte[] options = TOOLCHAIN.getBytes(StandardCharsets.UTF_8);
    String toolchain = HexFormat.of().formatHex(mac(options), 0, 4);
    return directory.resolve(sha256 + "-" + toolchain + SUFFIX);
  }

  private byte[] encode(String sha256, Entry entry) throws IOException {
    var body = new ByteArrayOutputStream();
    var out = new DataOutputStream(body);
    entry.write(out);
    byte[] mac = mac(identity(sha256), body.toByteArray());
    return ByteBuffer.allocate(MAC_BYTES + body.size()).put(mac).put(body.toByteArray()).array();
  }

  /** The entry, or null if this host did not write it for this module and toolchain. */
  private @Nullable Entry decode(String sha256, byte[] bytes) {
    if (bytes.length < MAC_BYTES) {
      return null;
    }
    byte[] body = Arrays.copyOfRange(bytes, MAC_BYTES, bytes.length);
    byte[] mac = Arrays.copyOf(bytes, MAC_BYTES);
    if (!MessageDigest.isEqual(mac, mac(identity(sha256), body))) {
      return null;
    }
    try (var in = new DataInputStream(new java.io.ByteArrayInputStream(body))) {
      return Entry.read(in);
    } catch (IOException e) {
      throw new UncheckedIOException("an entry with a right signature ends too soon", e);
    }
  }

  private static byte[] identity(String sha256) {
    return (sha256 + "\n" + TOOLCHAIN + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private byte[] mac(byte[]... parts) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      for (byte[] part : parts) {
        mac.update(part);
      }
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
    }
  }

  /** Sets the file's time, which is the time of its last use. */
  private static void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException goneMeanwhile) {
      // Another process evicted the file. Its bytes have already been read.
      return;
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // The next read refuses the file again and counts it again.
      return;
    }
  }

  private record Stored(Path file, long bytes, FileTime used) {}

  private void evict() throws IOException {
    List<Path> files;
    try (var listed = Files.list(directory)) {
      files = listed.toList();
    }
    Instant abandoned = Instant.now().minus(ABANDONED_AFTER);
    var entries = new ArrayList<Stored>();
    for (Path file : files) {
      String name = file.getFileName().toString();
      if (name.endsWith(SUFFIX)) {
        entries.addAll(stored(file));
      } else if (name.startsWith(ASIDE_PREFIX) && name.endsWith(ASIDE_SUFFIX)) {
        stored(file).stream()
            .filter(aside -> aside.used.toInstant().isBefore(abandoned))
            .forEach(aside -> delete(aside.file));
      }
    }
    entries.sort(Comparator.comparing(Stored::used));
    long total = entries.stream().mapToLong(Stored::bytes).sum();
    for (Stored entry : entries) {
      if (total <= maxBytes) {
        return;
      }
      delete(entry.file);
      total -= entry.bytes;
    }
  }

  private static List<Stored> stored(Path file) throws IOException {
    try {
      return List.of(new Stored(file, Files.size(file), Files.getLastModifiedTime(file)));
    } catch (NoSuchFileException evictedMeanwhile) {
      return List.of();
    }
  }
}
