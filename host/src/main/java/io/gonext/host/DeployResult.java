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
 * @param granted the capabilities granted by this deployment
 * @param activated whether the plugin was put in service now; false when it served before
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

  /** What happened to the bundle. */
  public enum Action {
    /** There was no plugin of that name. */
    INSTALLED,
    /** It replaced another version. */
    UPDATED,
    /** It was the current version already. */
    UNCHANGED,
    /**
     * It requests or reaches more than the previous version and than was granted. It is stored and
     * waits for approval; the previous version is unchanged.
     */
    AWAITING_APPROVAL
  }
}
