package io.gonext.cli.kit;

import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.host.CapabilityChanges;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.HeaderNames;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Reach;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * How two versions of a plugin differ, as far as an operator has to know.
 *
 * @param sections one for each kind of difference
 */
record VersionComparison(Side before, Side after, List<Section> sections) {
  /** One of the two versions. */
  record Side(Manifest manifest, byte[] module, Set<String> locales, long bundleBytes) {
    static Side of(PluginSource source, CapabilityRegistry capabilities) {
      Manifest manifest = source.requireAcceptable(capabilities);
      byte[] bundle = source.bundle();
      return new Side(
          manifest, source.module(), Bundle.read(bundle).locales().tags(), bundle.length);
    }

    private Set<String> filters() {
      return hooks(manifest.filters());
    }

    private Set<String> actions() {
      return hooks(manifest.actions());
    }

    private static Set<String> hooks(List<Manifest.Hook> hooks) {
      return hooks.stream()
          .map(hook ->
              hook.priority() == Manifest.DEFAULT_PRIORITY
                  ? hook.name()
                  : hook.name() + " (priority " + hook.priority() + ")")
          .collect(Collectors.toCollection(TreeSet::new));
    }

    private Set<String> routes() {
      return manifest.routes().stream()
          .map(route -> route.method() + " " + route.path())
          .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Includes the default headers when the manifest names none. */
    private Set<String> requestHeaders() {
      return names(manifest.headers().request(), HeaderNames::isCredential);
    }

    private Set<String> responseHeaders() {
      return names(manifest.headers().response(), name -> true);
    }

    private static Set<String> names(List<String> headers, Predicate<String> isSensitive) {
      Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
      for (String header : headers) {
        names.add(isSensitive.test(header) ? header + " (sensitive)" : header);
      }
      return names;
    }

    private Set<String> metrics() {
      return manifest.metrics().stream()
          .map(metric ->
              metric.name()
                  + ", "
                  + metric.kind()
                  + (metric.unit().isEmpty() ? "" : " in " + metric.unit())
                  + (metric.labels().isEmpty()
                      ? ""
                      : ", labels: " + String.join(", ", metric.labelNames())))
          .collect(Collectors.toCollection(TreeSet::new));
    }

    private Set<String> imports() {
      return Engine.admit(module, EngineLimits.defaults()).imports().stream()
          .map(Object::toString)
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /** What was added and removed, for example filters. */
  record Section(String name, List<String> added, List<String> removed) {
    static Section of(String name, Set<String> before, Set<String> after) {
      return new Section(
          name,
          after.stream().filter(entry -> !before.contains(entry)).toList(),
          before.stream().filter(entry -> !after.contains(entry)).toList());
    }

    boolean isEmpty() {
      return added.isEmpty() && removed.isEmpty();
    }
  }

  static VersionComparison between(Side before, Side after) {
    return new VersionComparison(
        before,
        after,
        List.of(
            capabilities(before.manifest, after.manifest),
            reach(Reach.of(before.manifest), Reach.of(after.manifest)),
            Section.of("filters", before.filters(), after.filters()),
            Section.of("actions", before.actions(), after.actions()),
            Section.of("routes", before.routes(), after.routes()),
            Section.of("request_headers", before.requestHeaders(), after.requestHeaders()),
            Section.of("response_headers", before.responseHeaders(), after.responseHeaders()),
            Section.of("metrics", before.metrics(), after.metrics()),
            Section.of("locales", before.locales(), after.locales()),
            Section.of("imports", before.imports(), after.imports())));
  }

  private static Section capabilities(Manifest before, Manifest after) {
    List<String> added = new ArrayList<>();
    List<String> removed = new ArrayList<>();
    for (CapabilityChanges.Change change :
        CapabilityChanges.between(Optional.of(before), after, CapabilityRegistry.standard())
            .changes()) {
      String shown = change.capability() + (change.sensitive() ? " (sensitive)" : "");
      switch (change.kind()) {
        case ADDED -> added.add(shown);
        case REMOVED -> removed.add(shown);
        case KEPT -> {}
      }
    }
    return new Section("capabilities", added, removed);
  }

  private static Section reach(Reach before, Reach after) {
    return new Section("reach", texts(before.widenedBy(after)), texts(after.widenedBy(before)));
  }

  private static List<String> texts(List<Reach.Way> ways) {
    return ways.stream().map(Reach.Way::toString).toList();
  }
}
