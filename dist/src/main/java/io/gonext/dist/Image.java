package io.gonext.dist;

import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainer;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FileEntry;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import com.google.cloud.tools.jib.api.buildplan.ImageFormat;
import com.google.cloud.tools.jib.api.buildplan.Port;
import io.gonext.dist.Entry.Data;
import io.gonext.dist.Entry.Folder;
import io.gonext.dist.Entry.Link;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The OCI image: Debian's C library and shell, the Java runtime, the jars, the caches, each as a
 * layer. There is no base image: what programs need of one are seven files, from packages of the
 * machine that builds, which has to be a Debian.
 */
final class Image {
  /** The user {@code gonext}. A number, such that Kubernetes sees that it is not root. */
  private static final String USER = "10001:10001";

  private static final String DATA = "/var/lib/gonext";

  private static final String USER_LINE = "gonext:x:10001:10001::" + DATA + ":/bin/sh\n";

  /** Of Debian's package libc6; the runtime needs no other library that is not its own. */
  private static final List<String> LIBRARIES =
      List.of("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1");

  /** Debian's packages of which the image has files. */
  private static final List<String> PACKAGES = List.of("libc6", "dash");

  private final Path stage;
  private final Path out;
  private final String version;
  private final Instant time;

  Image(Path stage, Path out, String version, Instant time) {
    this.stage = stage;
    this.out = out;
    this.version = version;
    this.time = time;
  }

  /** Writes the image as a file that container engines load. */
  void write(Home home, Path notes) throws Exception {
    Platform platform = Platform.current();
    if (!Files.exists(Path.of("/var/lib/dpkg/status"))) {
      System.out.println("no image: its C library and shell come from Debian, and this is not one");
      return;
    }
    String file = "gonext-" + version + "-image-linux-" + platform.archive() + ".tar";
    System.out.println("writing " + file);
    containerize(
        home, notes, Containerizer.to(TarImage.at(out.resolve(file)).named("gonext:" + version)));
  }

  /**
   * Pushes the image.
   *
   * @return the digest of its manifest
   */
  String push(Home home, Path notes, RegistryImage target, boolean insecure) throws Exception {
    return containerize(home, notes, Containerizer.to(target).setAllowInsecureRegistries(insecure))
        .getDigest()
        .toString();
  }

  private JibContainer containerize(Home home, Path notes, Containerizer target) throws Exception {
    return Jib.fromScratch()
        .setPlatforms(
            Set.of(
                new com.google.cloud.tools.jib.api.buildplan.Platform(
                    Platform.current().oci(), "linux")))
        .setFormat(ImageFormat.OCI)
        .setCreationTime(time)
        .setFileEntriesLayers(
            base(Platform.current()),
            layer(
                "runtime",
                new Tree().directoryWithoutLinks("usr/lib/gonext/runtime", home.runtime())),
            layer("command", command(home, notes)),
            layer("caches", new Tree().directory("usr/lib/gonext/aot", home.caches())))
        .setEntrypoint("/usr/lib/gonext/bin/gonext")
        .setProgramArguments("serve", "--host", "0.0.0.0", "--data", DATA)
        .setEnvironment(Map.of("PATH", "/usr/lib/gonext/bin:/bin", "HOME", DATA, "LANG", "C.UTF-8"))
        .setUser(USER)
        .setWorkingDirectory(AbsoluteUnixPath.get(DATA))
        .addVolume(AbsoluteUnixPath.get(DATA))
        .addExposedPort(Port.tcp(8080))
        .setLabels(
            Map.of(
                "org.opencontainers.image.title", "gonext",
                "org.opencontainers.image.version", version,
                "org.opencontainers.image.licenses", "Apache-2.0"))
        .containerize(
            target
                .setToolName("gonext")
                .setApplicationLayersCache(stage.resolve("jib"))
                .setBaseImageLayersCache(stage.resolve("jib-base")));
  }

  private Tree command(Home home, Path notes) throws IOException {
    return new Tree()
        .tree("usr/lib/gonext", home.portable())
        .directory("usr/share/doc/gonext/licenses", stage.resolve("licenses"))
        .file("usr/share/doc/gonext/NOTICE", stage.resolve("NOTICE"))
        .file("usr/share/doc/gonext/gonext.cdx.json", notes);
  }

  /** What the runtime and the launcher need of a distribution. */
  private FileEntriesLayer base(Platform platform) throws IOException, InterruptedException {
    Path files = Files.createDirectories(stage.resolve("base"));
    Path libraries = Path.of("/lib", platform.triplet());
    Tree tree =
        new Tree()
            .program(platform.loader(), Path.of("/", platform.loader()).toRealPath())
            .program("bin/sh", Path.of("/bin/dash").toRealPath())
            .file("etc/os-release", Path.of("/etc/os-release").toRealPath())
            .file("etc/passwd", text(files, "passwd", "root:x:0:0::/:/bin/sh\n" + USER_LINE))
            .file("etc/group", text(files, "group", "root:x:0:\ngonext:x:10001:\n"))
            .file("etc/nsswitch.conf", text(files, "nsswitch.conf", "hosts: files dns\n"))
            .folder("tmp", 0777, false)
            .folder(DATA.substring(1), 0750, true);
    for (String library : LIBRARIES) {
      tree.file(
          "lib/" + platform.triplet() + "/" + library, libraries.resolve(library).toRealPath());
    }
    for (String name : PACKAGES) {
      tree.file(
          "usr/share/doc/" + name + "/copyright", Path.of("/usr/share/doc", name, "copyright"));
      // Where scanners of images look for Debian's packages.
      tree.file("var/lib/dpkg/status.d/" + name, status(files, name));
    }
    return layer("debian", tree);
  }

  private static Path text(Path directory, String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  private static Path status(Path directory, String name) throws IOException, InterruptedException {
    Path file = directory.resolve("status-" + name);
    Process query =
        new ProcessBuilder("dpkg-query", "-s", name)
            .redirectOutput(file.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (query.waitFor() != 0) {
      throw new IOException("dpkg-query knows no " + name);
    }
    return file;
  }

  /** Jib's layers have no links. */
  private FileEntriesLayer layer(String name, Tree tree) throws IOException {
    FileEntriesLayer.Builder layer = FileEntriesLayer.builder().setName(name);
    Path folders = Files.createDirectories(stage.resolve("folder"));
    for (Entry entry : tree.entries()) {
      AbsoluteUnixPath path = AbsoluteUnixPath.get("/" + entry.path());
      switch (entry) {
        case Folder folder ->
            layer.addEntry(
                new FileEntry(
                    folders,
                    path,
                    FilePermissions.fromOctalString(Integer.toOctalString(folder.mode() & 0777)),
                    time,
                    folder.ofService() ? USER : "0:0"));
        case Data data ->
            layer.addEntry(
                new FileEntry(
                    data.content(),
                    path,
                    FilePermissions.fromOctalString(Integer.toOctalString(data.mode())),
                    time,
                    "0:0"));
        case Link link ->
            throw new IOException("a layer has no links, and " + link.path() + " is one");
      }
    }
    return layer.build();
  }
}
