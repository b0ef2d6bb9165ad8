package io.gonext.cli.index;

import io.gonext.cli.fetch.Downloads;
import io.gonext.cli.fetch.Location;
import io.gonext.cli.fetch.RegistryOptions;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.PlainWriter;
import io.gonext.host.UntrustedException;
import io.gonext.host.UserCompileCache;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.host.trust.VerificationKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
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
      description = {
        "The index: an https URL, a file, or",
        "oci://HOST/REPOSITORY:TAG",
        "(default: $GONEXT_INDEX)."
      })
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
      names = "--trust",
      paramLabel = "FILE",
      defaultValue = "${env:GONEXT_TRUST}",
      description = {
        "A trust policy. Without --index-key, one of its",
        "publishers must have signed the index",
        "(default: $GONEXT_TRUST)."
      })
  private @Nullable Path policy;

  @Mixin private RegistryOptions registry;

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
    Path copies = cache == null ? UserCompileCache.directory(System.getenv(), "index") : cache;
    try (Downloads downloads = new Downloads(registry)) {
      IndexSource.Found found =
          new IndexSource(downloads, new IndexCache(copies), keys(), allowOld, clock)
              .read(location);
      PlainWriter err = new PlainWriter(spec.commandLine().getErr());
      found.warnings().forEach(warning -> err.println("gonext: warning: " + warning));
      return found;
    }
  }

  /** How registries are reached. */
  RegistryOptions registry() {
    return registry;
  }

  /** As {@link #found}, the index alone. */
  public PluginIndex read() throws InterruptedException {
    return found().index();
  }

  /** The keys of which one must have signed the index; none to read it unverified. */
  private List<VerificationKey> keys() {
    List<VerificationKey> read = new ArrayList<>();
    for (Path file : keys) {
      if (!file.toString().isEmpty()) {
        read.add(key(file));
      }
    }
    if (!read.isEmpty() || policy == null || policy.toString().isEmpty()) {
      return read;
    }
    TrustPolicy trusted = TrustPolicy.read(policy);
    if (trusted.mode() == TrustPolicy.Mode.OFF) {
      return read;
    }
    List<VerificationKey> valid = trusted.validKeys(clock.instant());
    if (valid.isEmpty()) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          policy
              + ": the index must be signed, and no key of the trust policy may sign it now: add a"
              + " key, or name one with --index-key");
    }
    return valid;
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
