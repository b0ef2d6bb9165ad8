package io.gonext.cli;

import io.gonext.engine.CompileCache;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * Deletes the tests' cache of compiled modules after the engine has changed. The cache knows the
 * version of the engine and not its code, so that its entries would hide a fault of new code. JUnit
 * finds this class by {@code META-INF/services}.
 */
public final class FreshCache implements BeforeAllCallback {
  private static final Namespace NAMESPACE = Namespace.create(FreshCache.class);

  @Override
  public void beforeAll(ExtensionContext context) {
    var _ =
        context
            .getRoot()
            .getStore(NAMESPACE)
            .computeIfAbsent(FreshCache.class, _ -> refreshed(System.getenv("XDG_CACHE_HOME")));
  }

  private static boolean refreshed(@Nullable String caches) {
    if (caches == null) {
      return false; // not started by Maven: the cache is the user's
    }
    Path cache = Path.of(caches).resolve("gonext");
    Path stamp = cache.resolve("engine.sha256");
    try {
      String code = codeOfEngine();
      boolean fresh = Files.exists(stamp) && Files.readString(stamp).equals(code);
      if (!fresh) {
        delete(cache);
        Files.createDirectories(cache);
        Files.writeString(stamp, code);
      }
      return !fresh;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A digest of the engine's classes. */
  private static String codeOfEngine() throws IOException {
    try {
      Path source =
          Path.of(CompileCache.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (Stream<Path> files = Files.walk(source)) {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
          digest.update(file.toString().getBytes(StandardCharsets.UTF_8));
          digest.update(Files.readAllBytes(file));
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (URISyntaxException | NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    List<Path> paths;
    try (Stream<Path> files = Files.walk(directory)) {
      paths = files.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.deleteIfExists(path);
    }
  }
}
