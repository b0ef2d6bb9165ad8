package io.gonext.host.internal.abi;

import io.gonext.engine.FunctionImport;
import io.gonext.engine.ModuleInterface;
import io.gonext.engine.PlainText;
import io.gonext.host.manifest.Manifest;
import java.util.ArrayList;
import java.util.List;

/**
 * A module's imports compared with the ABI's table, a sentence for each finding.
 *
 * @param problems why the module cannot load
 * @param warnings what the module imports and cannot use
 */
public record ImportCheck(List<String> problems, List<String> warnings) {
  private static final String WASI = "wasi_snapshot_preview1";

  /** Of a name that a module made up, in characters. */
  private static final int MAX_NAME_LENGTH = 200;

  /** Compares what a module imports with the table and with the plugin's manifest. */
  public static ImportCheck of(AbiTable table, ModuleInterface module, Manifest manifest) {
    List<String> problems = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    for (FunctionImport wanted : module.imports()) {
      ImportKey key = new ImportKey(wanted.module(), wanted.name());
      ImportRow row = table.find(key);
      if (row == null) {
        // The engine itself checks what a module imports from WASI.
        if (!wanted.module().equals(WASI)) {
          problems.add(
              "it imports "
                  + PlainText.of(key.toString(), MAX_NAME_LENGTH)
                  + " "
                  + wanted.type()
                  + ", which no host offers");
        }
      } else if (!row.type().equals(wanted.type())) {
        problems.add("it imports " + key + " as " + wanted.type() + ", the ABI says " + row.type());
      } else if (row.capability() != null && !manifest.requests(row.capability())) {
        warnings.add(
            key + " will answer \"denied\": the manifest does not request " + row.capability());
      }
    }
    return new ImportCheck(problems, warnings);
  }
}
