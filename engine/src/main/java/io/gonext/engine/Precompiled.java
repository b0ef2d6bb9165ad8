package io.gonext.engine;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Modules that were compiled when the application was built, as resources in its jar.
 *
 * <p>A resource is named after the SHA-256 of the module, and says which compiler and which Java it
 * was made by. Only an engine with the same compiler on the same Java takes it, through {@link
 * Engine#withPrecompiled}; any other compiles the module. So an application that updates GoNext or
 * Java without being built again starts more slowly, and runs as before. What is in the
 * application's jar is trusted as the application's own code is: there is no signature, only a
 * digest against damage.
 */
public final class Precompiled {
  private static final Logger LOG = LoggerFactory.getLogger(Precompiled.class);

  /** Where the resources are, below the root of the class path. */
  static final String DIRECTORY = "META-INF/gonext/";

  private static final int DIGEST_BYTES = 32;
  private static final String SUFFIX = ".classes";

  /** Class files do not depend on more of the JDK than its feature version. */
  private static final String TOOLCHAIN =
      CompileCache.compiler() + ", java " + Runtime.version().feature();

  private final ClassLoader application;

  Precompiled(ClassLoader application) {
    this.application = application;
  }

  /** What decides a module's classes, besides compiler and Java. */
  static String name(String sha256, Metering metering) {
    return metering.countsFuel() ? sha256 + "-fuel" : sha256;
  }

  /**
   * Compiles a module into a directory of classes, such as {@code target/classes}.
   *
   * @param metering what its instances count; not {@link Metering#BLOCKS}
   * @return the file, below {@code META-INF/gonext}
   * @throws ModuleRejectedException when an engine with these limits refuses the module
   * @throws IOException when the file cannot be written
   */
  public static Path write(byte[] wasm, Metering metering, EngineLimits limits, Path classes)
      throws IOException {
    if (metering == Metering.BLOCKS) {
      throw new IllegalArgumentException("classes that count blocks are not kept");
    }
    try (Engine engine = new Engine(limits)) {
      CompiledModule module = engine.compile(wasm, metering);
      Path file = classes.resolve(DIRECTORY + name(module.sha256(), metering) + SUFFIX);
      Files.createDirectories(file.getParent());
      var body = new ByteArrayOutputStream();
      // The time is another one in each build. Without it, equal builds make equal jars.
      new CompileCache.Entry(module.entry().classes(), Duration.ZERO)
          .write(new DataOutputStream(body));
      try (var out = new DataOutputStream(Files.newOutputStream(file))) {
        out.writeUTF(TOOLCHAIN);
        out.write(sha256(body.toByteArray()));
        body.writeTo(out);
      }
      return file;
    }
  }

  /** The classes, or null if the application has none that this engine can run. */
  CompileCache.@Nullable Entry get(String name) {
    try (InputStream resource = application.getResourceAsStream(DIRECTORY + name + SUFFIX)) {
      if (resource == null) {
        LOG.info("module {}: compiled now, because the application has no classes of it", name);
        return null;
      }
      var in = new DataInputStream(resource);
      String toolchain = in.readUTF();
      if (!toolchain.equals(TOOLCHAIN)) {
        LOG.warn(
            "module {}: compiled now, because the application has classes of another compiler or"
                + " Java. Build the application with the versions that it runs with",
            name);
        return null;
      }
      byte[] digest = in.readNBytes(DIGEST_BYTES);
      byte[] body = in.readAllBytes();
      if (!Arrays.equals(digest, sha256(body))) {
        throw new IOException("they were changed");
      }
      CompileCache.Entry entry =
          CompileCache.Entry.read(new DataInputStream(new ByteArrayInputStream(body)));
      LOG.debug("module {}: its classes are in the application", name);
      return entry;
    } catch (IOException e) {
      LOG.warn(
          "module {}: compiled now, because its classes in the application cannot be read: {}",
          name,
          e.toString());
      return null;
    }
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * For build tools without a plugin: compiles modules.
   *
   * @param args the directory of classes, then one or more files of modules; {@code --fuel} before
   *     them for modules whose instances count fuel. Ends with the exit code 2 for wrong arguments,
   *     and 1 when a module cannot be read or compiled, with one line on standard error
   */
  public static void main(String... args) {
    System.exit(PrecompileCommand.run(args, System.err));
  }
}
