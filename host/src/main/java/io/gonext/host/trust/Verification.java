package io.gonext.host.trust;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/**
 * Which keys made which of the signatures over one bundle. Each pair is computed once, and may be
 * computed by another thread before anybody asks.
 *
 * <p>Thread-safe.
 */
public final class Verification {
  private record Pair(BundleSignature signature, VerificationKey key) {}

  private final byte[] bundle;
  private final List<BundleSignature> signatures;
  private final Map<Pair, FutureTask<Boolean>> results = new ConcurrentHashMap<>();

  /**
   * @param bundle its bytes, which nobody changes from now on
   */
  public Verification(byte[] bundle, List<BundleSignature> signatures) {
    this.bundle = bundle;
    this.signatures = List.copyOf(signatures);
  }

  /** The signatures that came with the bundle. */
  public List<BundleSignature> signatures() {
    return signatures;
  }

  /** Begins to try all signatures with some keys, in other threads. */
  public void begin(Collection<VerificationKey> keys, Executor executor) {
    for (BundleSignature signature : signatures) {
      for (VerificationKey key : keys) {
        executor.execute(result(signature, key));
      }
    }
  }

  /** Whether a signature is one of a key over the bundle. Does not end for an interrupt. */
  public boolean isBy(BundleSignature signature, VerificationKey key) {
    FutureTask<Boolean> result = result(signature, key);
    result.run();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return result.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw new IllegalStateException(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private FutureTask<Boolean> result(BundleSignature signature, VerificationKey key) {
    return results.computeIfAbsent(
        new Pair(signature, key),
        pair -> new FutureTask<>(() -> pair.signature.isBy(pair.key, bundle)));
  }
}
