package io.gonext.benchmarks;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Delivery;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.TrustPolicy;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;

/**
 * {@code ./bench trust}: what the verification of a signature adds to the installation of a bundle
 * of 24 MiB. Two hosts install the same bundles in turns: one does not look at signatures, the
 * other one takes only signed bundles. It also measures one verification alone, which is what an
 * installation would take longer if nothing ran beside it, and the processor time of what runs
 * beside it: a loaded machine shows the difference of the two only there.
 */
final class TrustBenchmark implements Benchmark {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private static final int BUNDLE_BYTES = 24 * 1024 * 1024;
  private static final int ROUNDS = 15;
  private static final int WARM_UP_ROUNDS = 4;

  @Override
  public String name() {
    return "trust";
  }

  @Override
  public String description() {
    return "what verification adds to the installation of a bundle of 24 MiB (about 40 s)";
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    if (!args.isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    KeyPair key = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    byte[] bundle = bundle();
    BundleSignature signature = BundleSignature.parse(sign(key, bundle));
    Delivery unsigned = Delivery.of(bundle);
    Delivery signed = unsigned.withSignatures(List.of(signature));
    Path directory = Files.createTempDirectory("gonext-bench-trust");
    try (Host lax = open(directory.resolve("lax"), TrustPolicy.off());
        Host strict = open(directory.resolve("strict"), policy(key))) {
      List<Double> without = new ArrayList<>();
      List<Double> with = new ArrayList<>();
      List<Double> differences = new ArrayList<>();
      List<Double> alone = new ArrayList<>();
      List<Double> readCpu = new ArrayList<>();
      List<Double> aloneCpu = new ArrayList<>();
      for (int i = -WARM_UP_ROUNDS; i < ROUNDS; i++) {
        // Who goes first changes, so that what follows an installation hits both.
        double lone;
        double trusted;
        if (i % 2 == 0) {
          lone = install(lax, unsigned);
          trusted = install(strict, signed);
        } else {
          trusted = install(strict, signed);
          lone = install(lax, unsigned);
        }
        long cpu = THREADS.getCurrentThreadCpuTime();
        double verified = verify(key, signature.file(), bundle);
        double verifiedCpu = (THREADS.getCurrentThreadCpuTime() - cpu) / 1e6;
        cpu = THREADS.getCurrentThreadCpuTime();
        var _ = Bundle.read(bundle);
        double read = (THREADS.getCurrentThreadCpuTime() - cpu) / 1e6;
        if (i >= 0) {
          without.add(lone);
          with.add(trusted);
          differences.add(trusted - lone);
          alone.add(verified);
          aloneCpu.add(verifiedCpu);
          readCpu.add(read);
        }
      }
      out.printf(Locale.ROOT, "%-34s %10s%n", "bundle of 24 MiB, ms", "median");
      row(out, "install without verification", without);
      row(out, "install with verification", with);
      row(out, "one verification alone", alone);
      row(out, "its processor time", aloneCpu);
      row(out, "reading the bundle, processor time", readCpu);
      SequencedMap<String, String> figures = new LinkedHashMap<>();
      figures.put("bundle_mib", Integer.toString(bundle.length >> 20));
      figures.put("install_ms", figure(Medians.median(without)));
      figures.put("alone_ms", figure(Medians.median(alone)));
      figures.put("read_cpu_ms", figure(Medians.median(readCpu)));
      figures.put("alone_cpu_ms", figure(Medians.median(aloneCpu)));
      figures.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
      figures.put("verify_ms", figure(Medians.median(differences)));
      return figures;
    } finally {
      SwapBenchmark.delete(directory);
    }
  }

  /**
   * A small module and random bytes, which no compression makes smaller: what else an installation
   * does is as short as it can be.
   */
  private static byte[] bundle() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    byte[] module = Guests.wasm("upper");
    files.put(
        "manifest.json",
        GuestBundle.of("big", module).filter("h").manifest().getBytes(StandardCharsets.UTF_8));
    files.put("plugin.wasm", module);
    Random random = new Random(1);
    for (String name : List.of("web/one.bin", "web/two.bin")) {
      byte[] content = new byte[BUNDLE_BYTES / 2];
      random.nextBytes(content);
      files.put(name, content);
    }
    return GuestBundle.zip(files);
  }

  private static Host open(Path data, TrustPolicy policy) throws InterruptedException {
    return Host.open(HostConfig.builder(data).trust(policy).warmUp(Duration.ZERO).build());
  }

  private static TrustPolicy policy(KeyPair key) {
    String pem =
        "-----BEGIN PUBLIC KEY-----\\n"
            + Base64.getEncoder().encodeToString(key.getPublic().getEncoded())
            + "\\n-----END PUBLIC KEY-----";
    return TrustPolicy.parse(
        ("{\"publishers\": [{\"name\": \"bench\", \"keys\": [{\"key\": \""
                + pem
                + "\"}]}], \"rules\": [{\"publishers\": [\"bench\"]}]}")
            .getBytes(StandardCharsets.UTF_8));
  }

  private static double install(Host host, Delivery delivery) {
    long begin = System.nanoTime();
    host.plugins().install(delivery);
    double millis = (System.nanoTime() - begin) / 1e6;
    host.plugins().uninstall("big");
    return millis;
  }

  private static byte[] sign(KeyPair key, byte[] bundle) throws GeneralSecurityException {
    Signature signer = Signature.getInstance("Ed25519");
    signer.initSign(key.getPrivate());
    signer.update(bundle);
    return signer.sign();
  }

  private static double verify(KeyPair key, byte[] signature, byte[] bundle)
      throws GeneralSecurityException {
    long begin = System.nanoTime();
    Signature verifier = Signature.getInstance("Ed25519");
    verifier.initVerify(key.getPublic());
    verifier.update(bundle);
    if (!verifier.verify(signature)) {
      throw new IllegalStateException("the signature is wrong");
    }
    return (System.nanoTime() - begin) / 1e6;
  }

  private static void row(PrintWriter out, String label, List<Double> millis) {
    out.printf(Locale.ROOT, "%-34s %10.1f%n", label, Medians.median(millis));
  }

  private static String figure(double millis) {
    return String.format(Locale.ROOT, "%.1f", millis);
  }
}
