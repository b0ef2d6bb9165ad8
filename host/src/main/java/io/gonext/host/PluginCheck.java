package io.gonext.host;

import io.gonext.engine.Engine;
import io.gonext.engine.EngineException;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.ModuleInterface;
import io.gonext.host.internal.abi.AbiTable;
import io.gonext.host.internal.abi.GuestAbi;
import io.gonext.host.internal.abi.ImportCheck;
import io.gonext.host.internal.abi.ManifestCheck;
import io.gonext.host.internal.lifecycle.BundledInputs;
import io.gonext.host.internal.lifecycle.EffectiveLimits;
import io.gonext.host.internal.service.kv.KeyValueService;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.BundleFiles;
import io.gonext.host.manifest.Locales;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.ManifestReader;
import io.gonext.host.manifest.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a host of the default limits would say of a manifest and a module, without compiling or
 * running anything: for authors, before they hand a plugin to a host. A host checks all of this
 * again, and more: that the module validates and starts, the dependencies, the host's version.
 *
 * @param manifest the manifest, or null where it is not acceptable
 * @param problems why a host would refuse the plugin, a sentence each; empty when it would not
 * @param warnings what will not work as the module may expect
 */
public record PluginCheck(
    @Nullable Manifest manifest, List<String> problems, List<String> warnings) {
  public PluginCheck {
    problems = List.copyOf(problems);
    warnings = List.copyOf(warnings);
  }

  /** Whether a host would take it. */
  public boolean passed() {
    return problems.isEmpty();
  }

  /** Checks the bytes of {@code manifest.json} alone; reports all problems. */
  public static PluginCheck ofManifest(byte[] manifestJson) {
    return ofManifest(manifestJson, CapabilityRegistry.standard());
  }

  /** As {@link #ofManifest(byte[])}, for a host with these capabilities. */
  public static PluginCheck ofManifest(byte[] manifestJson, CapabilityRegistry capabilities) {
    List<String> problems = new ArrayList<>();
    Manifest manifest = manifest(manifestJson, capabilities, problems);
    return new PluginCheck(problems.isEmpty() ? manifest : null, problems, List.of());
  }

  /** Checks the bytes of {@code manifest.json} and of the entry module; reports all problems. */
  public static PluginCheck of(byte[] manifestJson, byte[] wasm) {
    return of(manifestJson, wasm, CapabilityRegistry.standard());
  }

  /** As {@link #of(byte[], byte[])}, for a host with these capabilities. */
  public static PluginCheck of(byte[] manifestJson, byte[] wasm, CapabilityRegistry capabilities) {
    List<String> problems = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    Manifest manifest = manifest(manifestJson, capabilities, problems);
    boolean acceptable = problems.isEmpty();
    ModuleInterface module = module(wasm, problems);
    if (module != null) {
      problems.addAll(
          GuestAbi.exportProblems(
              module,
              manifest != null && !manifest.jobs().isEmpty(),
              manifest != null && manifest.hasJobsAlone()));
      warnings.addAll(GuestAbi.warnings(module));
    }
    if (manifest != null && module != null) {
      ImportCheck imports = ImportCheck.of(AbiTable.v1(), module, manifest);
      problems.addAll(imports.problems());
      warnings.addAll(imports.warnings());
      int allowed = EffectiveLimits.of(OperatorLimits.defaults(), manifest).memoryPages();
      if (module.memoryPages() > allowed) {
        problems.add(
            "it begins with %d pages of 64 KiB, the limit is %d"
                .formatted(module.memoryPages(), allowed));
      }
    }
    if (manifest != null) {
      warnings.addAll(ManifestCheck.warnings(manifest, capabilities));
      warnings.addAll(EffectiveLimits.cuts(OperatorLimits.defaults(), manifest));
      warnings.addAll(KeyValueService.cuts(manifest, KeyValueQuota.defaults()));
    }
    return new PluginCheck(acceptable ? manifest : null, problems, warnings);
  }

  /**
   * Checks the files of a bundle; reports all problems. When it has bad entries, missing files are
   * not reported, because they may be among those entries.
   *
   * @param capabilities of the host
   */
  public static PluginCheck of(BundleFiles read, CapabilityRegistry capabilities) {
    Map<String, byte[]> files = read.files();
    byte[] manifestJson = files.get(Bundle.MANIFEST);
    if (manifestJson == null) {
      return new PluginCheck(
          null,
          read.problems().isEmpty()
              ? List.of(BundleFiles.noManifest(files.keySet()))
              : read.problems(),
          List.of());
    }
    String entry = entry(manifestJson);
    byte[] module = files.get(entry);
    PluginCheck check =
        module == null
            ? ofManifest(manifestJson, capabilities)
            : of(manifestJson, module, capabilities);
    List<String> all = new ArrayList<>(read.problems());
    all.addAll(check.problems());
    if (module == null && read.problems().isEmpty()) {
      all.add("manifest.json: /entry: " + entry + " is not in the bundle");
    }
    all.addAll(BundleFiles.unlisted(files.keySet(), entry));
    Manifest manifest = check.manifest();
    all.addAll(
        Locales.problems(
            files,
            manifest == null || !read.problems().isEmpty()
                ? Optional.empty()
                : manifest.defaultLocale()));
    if (manifest != null) {
      all.addAll(warmUpProblems(manifest, files));
    }
    return new PluginCheck(manifest, all, check.warnings());
  }

  /** The name of the entry module, also in a manifest that is not acceptable. */
  public static String entry(byte[] manifestJson) {
    try {
      return StrictJson.parse(manifestJson).path("entry").asString("plugin.wasm");
    } catch (InvalidJsonException e) {
      return "plugin.wasm";
    }
  }

  /**
   * What is wrong with the files in {@code warmup/}, a sentence each.
   *
   * @param files the bundle's, by name; others are ignored
   */
  public static List<String> warmUpProblems(Manifest manifest, Map<String, byte[]> files) {
    return BundledInputs.problems(manifest, files);
  }

  /** The manifest as far as it can be read: also one that asks for what there is not. */
  private static @Nullable Manifest manifest(
      byte[] json, CapabilityRegistry capabilities, List<String> problems) {
    if (json.length > ManifestReader.MAX_BYTES) {
      problems.add("manifest.json is larger than " + ManifestReader.MAX_BYTES + " bytes");
      return null;
    }
    try {
      return ManifestReader.read(json, new Vocabulary(capabilities.ids(), Set.of()));
    } catch (BundleRejectedException e) {
      problems.addAll(e.problems());
    }
    try {
      return ManifestReader.read(json);
    } catch (BundleRejectedException e) {
      return null; // told above
    }
  }

  private static @Nullable ModuleInterface module(byte[] wasm, List<String> problems) {
    try {
      return Engine.admit(wasm, EngineLimits.defaults());
    } catch (EngineException e) {
      problems.add(String.valueOf(e.getMessage()));
      return null;
    }
  }
}
