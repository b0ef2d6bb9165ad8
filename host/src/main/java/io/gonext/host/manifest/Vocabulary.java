package io.gonext.host.manifest;

import io.gonext.host.manifest.Manifest.Hook;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The names a host knows, against which a manifest is read. Immutable.
 *
 * @param capabilities all there are; a manifest that asks for another is refused. Empty where they
 *     are not known: then any may be asked for
 * @param hooks that someone handles or the embedding application calls; a plugin may handle others
 */
public record Vocabulary(Set<String> capabilities, Set<String> hooks) {
  /** Copies the sets, in order. */
  public Vocabulary {
    capabilities = new TreeSet<>(capabilities);
    hooks = new TreeSet<>(hooks);
  }

  /** Nothing is known. */
  public static Vocabulary unknown() {
    return new Vocabulary(Set.of(), Set.of());
  }

  /**
   * The hooks of a manifest that look like slips, a sentence each: they are none that is known, and
   * close to one that is.
   */
  public List<String> hookWarnings(Manifest manifest) {
    List<String> warnings = new ArrayList<>();
    Stream.concat(manifest.actions().stream(), manifest.filters().stream())
        .map(Hook::name)
        .distinct()
        .filter(name -> !hooks.contains(name))
        .forEach(name -> {
          String meant = Spelling.closest(name, hooks);
          if (meant != null) {
            warnings.add("nobody else knows the hook " + name + "; did you mean " + meant + "?");
          }
        });
    return warnings;
  }
}
