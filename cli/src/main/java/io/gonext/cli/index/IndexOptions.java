package io.gonext.cli.index;

import io.gonext.cli.fetch.Downloads;
import io.gonext.cli.fetch.Location;
import io.gonext.cli.fetch.RegistryOptions;
import io.gonext.cli.kit.UserCache;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.PlainWriter;
import io.gonext.host.UntrustedException;
import io.gonext.host.trust.VerificationKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say which index a command reads. */
public final class IndexOptions {
  /** More than the largest file that is read as a key, so that its size gets a sentence. */
  private static final int MAX_KEY_FILE_BYTES = 65_536;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--index",
      paramLabel = "URL|FILE",
      defaultValue = "${env:GONEXT_INDEX}",
      description = "The index (default: $GONEXT_INDEX).")
  private @Nullable String index;

  @Option(
      names = "--index-key",
      paramLabel = "FILE",
      defaultValue = "${env:GONEXT_INDEX_KEY}",
      description = {
        "The public key that must have signed the index",
        "(default: $GONEXT_INDEX_KEY). Repeatable."
      })
  private List<Path> keys = List.of();

  @Option(
      names = "--allow-old",
      description = "Read an index that has expired, or is older than one read before.")
  private boolean allowOld;

  @Option(
      names = "--index-cache",
      paramLabel = "DIR",
      description = "Where copies of indexes are kept (default: the user's cache directory).")
  private @Nullable Path cache;

  private final InstantSource clock = InstantSource.system();

  /**
   * Reads the index, and prints warnings about it to stderr.
   *
   * @throws CommandFailure when it cannot be read or must not be used
   */
  IndexSource.Found found() throws InterruptedException {
    if (index == null || index.isBlank()) {
      throw new ParameterException(
          spec.commandLine(), "no index: give its URL or file with --index or GONEXT_INDEX");
    }
    Location location = Location.parse(index);
    if (location instanceof Location.OfRegistry) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          location + ": an index is not read from a registry: give its https URL or its file");
    }
    Path copies = cache == null ? UserCache.directory(System.getenv(), "index") : cache;
    try (Downloads downloads = new Downloads(new RegistryOptions())) {
      IndexSource.Found found =
          new IndexSource(downloads, new IndexCache(copies), keys(), allowOld, clock)
              .read(location);
      PlainWriter err = new PlainWriter(spec.commandLine().getErr());
      found.warnings().forEach(warning -> err.println("gonext: warning: " + warning));
      return found;
    }
  }

  /** As {@link #found}, the index alone. */
  public PluginIndex read() throws InterruptedException {
    return found().index();
  }

  private List<VerificationKey> keys() {
    List<VerificationKey> read = new ArrayList<>();
    for (Path file : keys) {
      if (!file.toString().isEmpty()) {
        read.add(key(file));
      }
    }
    return read;
  }

  /** Reads a public key. */
  static VerificationKey key(Path file) {
    try (var in = Files.newInputStream(file)) {
      return VerificationKey.parse(
          new String(in.readNBytes(MAX_KEY_FILE_BYTES), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, file + ": " + CommandFailure.reason(e));
    } catch (UntrustedException e) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, file + ": " + e.getMessage());
    }
  }
}
