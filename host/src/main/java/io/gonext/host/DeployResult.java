package io.gonext.host;

import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What a deployment did.
 *
 * @param version of the bundle
 * @param sha256 of the bundle, lower-case hex
 * @param from the version that was current before; empty when there was none
 * @param granted capabilities that were granted now
 * @param activated whether the plugin was put in service now; false also when it was before
 * @param warnings what loads but will not work, a sentence each
 */
public record DeployResult(
    Action action,
    String plugin,
    String version,
    String sha256,
    String from,
    SortedSet<String> granted,
    boolean activated,
    List<String> warnings) {
  public DeployResult {
    granted = Collections.unmodifiableSortedSet(new TreeSet<>(granted));
    warnings = List.copyOf(warnings);
  }

  /** What became of the bundle. */
  public enum Action {
    /** There was no plugin of that name. */
    INSTALLED,
    /** It took the place of another version. */
    UPDATED,
    /** It was the current version already. */
    UNCHANGED,
    /**
     * It asks for more than the version before it and than was granted: it is stored and waits, and
     * the version before it is what it was.
     */
    AWAITING_APPROVAL
  }
}
