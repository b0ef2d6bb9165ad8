package io.gonext.host.internal.abi;

import static io.gonext.engine.ValueType.I32;
import static io.gonext.engine.ValueType.I64;

import io.gonext.engine.FunctionImport;
import io.gonext.engine.HostFunction;
import io.gonext.engine.ModuleInterface;
import io.gonext.engine.PlainText;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.manifest.Manifest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The functions a guest may import, besides WASI: the table of ABI v1. A function whose capability
 * the plugin does not have at the moment of the call answers "denied"; one that this host does not
 * offer answers "internal". Both load; what is known at install to answer so is a warning.
 */
public final class HostImports {
  private static final String WASI = "wasi_snapshot_preview1";

  /** Of a name that a module made up, in characters. */
  private static final int MAX_NAME_LENGTH = 200;

  private static final Map<String, HostImport> TABLE = table();

  private HostImports() {}

  /**
   * A module's imports against the table: why it cannot load, and what will not work if it does.
   */
  public record Check(List<String> problems, List<String> warnings) {}

  /** Checks what a module imports against the table and its manifest. */
  public static Check check(ModuleInterface module, Manifest manifest) {
    List<String> problems = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    for (FunctionImport wanted : module.imports()) {
      String key = wanted.module() + "." + wanted.name();
      HostImport row = TABLE.get(key);
      if (row == null) {
        // The engine itself checks what a module imports from WASI.
        if (!wanted.module().equals(WASI)) {
          problems.add(
              "it imports "
                  + PlainText.of(key, MAX_NAME_LENGTH)
                  + " "
                  + wanted.type()
                  + ", which no host offers");
        }
      } else if (!row.type().equals(wanted.type())) {
        problems.add("it imports " + key + " as " + wanted.type() + ", the ABI says " + row.type());
      } else if (row.capability() != null && !manifest.requests(row.capability())) {
        warnings.add(
            key + " will answer \"denied\": the manifest does not request " + row.capability());
      } else if (row.offered() == null) {
        warnings.add(key + " will answer \"internal\": not offered by this host");
      }
    }
    return new Check(problems, warnings);
  }

  /** What a manifest says and this host does not do, a sentence each. */
  public static List<String> manifestWarnings(Manifest manifest, CapabilityRegistry capabilities) {
    List<String> warnings = new ArrayList<>();
    for (String id : manifest.requestedCapabilities()) {
      capabilities
          .notOffered(id)
          .ifPresent(why -> warnings.add(why + ": it is denied until that changes"));
    }
    if (manifest.signed()) {
      warnings.add("/signature: this host does not check signatures, so it proves nothing");
    }
    return warnings;
  }

  /** The capabilities of a manifest that there are none of, a sentence each. */
  public static List<String> capabilityProblems(
      Manifest manifest, CapabilityRegistry capabilities) {
    return manifest.capabilities().stream()
        .filter(capability -> capabilities.find(capability).isEmpty())
        .map(capability ->
            "there is no capability " + capability + "; there are " + capabilities.ids())
        .toList();
  }

  /** The functions for one plugin, all of the table. */
  public static List<HostFunction> functions(PluginAccess plugin) {
    return TABLE.values().stream().map(row -> row.bind(plugin)).toList();
  }

  /** The table, for its documentation. */
  static Collection<HostImport> rows() {
    return TABLE.values();
  }

  private static Map<String, HostImport> table() {
    HostImport fetch =
        HostImport.missing(
                "env_net", "gn_http_fetch", HostImport.type(I32, I32).returning(I64), "http.fetch")
            .with(Statuses.NET);
    Map<String, HostImport> rows = new LinkedHashMap<>();
    Stream.of(EnvImports.all(), AssemblyScriptImports.all(), List.of(fetch), DataImports.all())
        .flatMap(List::stream)
        .forEach(row -> rows.put(row.key(), row));
    return rows;
  }
}
