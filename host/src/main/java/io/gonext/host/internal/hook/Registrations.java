package io.gonext.host.internal.hook;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The handlers of each hook, of one kind: lower priority first, ties in order of registration.
 *
 * <p>Thread-safe. The list of a hook is replaced and never changed.
 */
final class Registrations<H> {
  private final Map<String, List<Registration<H>>> byHook = new ConcurrentHashMap<>();

  /** The handlers of a hook; null when it has none. */
  @Nullable List<Registration<H>> of(String hook) {
    return byHook.get(hook);
  }

  void add(Registration<H> added) {
    byHook.compute(added.hook(), (hook, old) -> with(old == null ? List.of() : old, added));
  }

  /** Adds a handler and removes the ones that its plugin has there, in one step. */
  void put(Registration<H> added) {
    byHook.compute(
        added.hook(),
        (hook, old) -> with(old == null ? List.of() : without(old, added.plugin()), added));
  }

  void remove(String plugin, String hook) {
    byHook.computeIfPresent(
        hook,
        (name, old) -> {
          List<Registration<H>> shorter = without(old, plugin);
          return shorter.isEmpty() ? null : shorter;
        });
  }

  void removeAll(String plugin) {
    byHook.keySet().forEach(hook -> remove(plugin, hook));
  }

  /**
   * Adds the hooks that have a handler.
   *
   * @param butOf a plugin whose own handlers do not count; empty for none
   */
  void addHooksTo(Set<String> hooks, String butOf) {
    byHook.forEach((hook, handlers) -> {
      if (!without(handlers, butOf).isEmpty()) {
        hooks.add(hook);
      }
    });
  }

  private static <H> List<Registration<H>> with(List<Registration<H>> old, Registration<H> added) {
    List<Registration<H>> longer = new ArrayList<>(old);
    int at = 0;
    while (at < longer.size() && longer.get(at).priority() <= added.priority()) {
      at++;
    }
    longer.add(at, added);
    return List.copyOf(longer);
  }

  private static <H> List<Registration<H>> without(List<Registration<H>> old, String plugin) {
    return old.stream()
        .filter(registration -> !registration.ofPlugin() || !registration.plugin().equals(plugin))
        .toList();
  }
}
