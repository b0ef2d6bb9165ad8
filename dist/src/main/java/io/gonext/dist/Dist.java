package io.gonext.dist;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * Writes all packages from what the build of the command left.
 *
 * <p>Arguments: the checkout, where to write, the version, the time of all files, and {@code
 * caches=DIR} to take the caches of an earlier build.
 */
final class Dist {
  private static final String ABOUT = "GoNext, a WebAssembly plugin host.";

  private final Path root;
  private final Path out;
  private final Path stage;
  private final String version;
  private final Instant time;
  private final Home home;

  private Dist(Path root, Path out, String version, Instant time) {
    this.root = root;
    this.out = out;
    this.stage = out.resolve("stage");
    this.version = version;
    this.time = time;
    this.home = new Home(stage.resolve("home"), time);
  }

  /** Writes the packages. */
  public static void main(String[] arguments) throws Exception {
    Dist dist =
        new Dist(
            Path.of(arguments[0]),
            Path.of(arguments[1]),
            arguments[2],
            Instant.parse(arguments[3]));
    dist.build(arguments[4].substring("caches=".length()));
  }

  private void build(String caches) throws Exception {
    delete(stage);
    Files.createDirectories(stage);
    home.copyFrom(root);
    home.link();
    Path parts = stage.resolve("gonext.cdx.json");
    Files.copy(root.resolve("cli/target/bom.json"), parts);
    new Licences(parts, home.lib()).write(stage.resolve("licenses"), stage.resolve("NOTICE"));
    String day = time.toString().substring(0, 10);
    home.run(
        stage.resolve("manual.log"), "manual", stage.resolve("man1").toString(), "--date", day);
    home.run(stage.resolve("gonext.bash"), "completion", "bash");
    home.run(stage.resolve("gonext.zsh"), "completion", "zsh");
    home.train(root, stage, caches);

    String name = "gonext-" + version;
    Tree portable = archive(name, home.portable(), parts);
    Archives.tarGz(portable, tell(name + ".tar.gz"), time);
    Archives.zip(portable, tell(name + ".zip"), time);
    Platform platform = Platform.current();
    String whole = name + "-linux-" + platform.archive();
    Archives.tarGz(archive(whole, home.whole(), parts), tell(whole + ".tar.gz"), time);

    String distribution = version.replace('-', '~');
    Tree installed = installed(parts);
    Deb.write(
        installed,
        control(distribution, platform.deb()),
        tell("gonext_" + distribution + "_" + platform.deb() + ".deb"),
        time);
    Rpm.write(
        installed,
        distribution,
        platform.rpm(),
        files("rpm"),
        ABOUT,
        tell("gonext-" + distribution + "-1." + platform.rpm() + ".rpm"),
        time);
    new Image(stage, out, version, time).write(home, parts);
    // For ops/dist/push.
    Files.writeString(out.resolve("push"), version + " " + time + "\n");
  }

  private Path tell(String file) {
    System.out.println("writing " + file);
    return out.resolve(file);
  }

  private Path files(String name) {
    return root.resolve("dist/src/main/files").resolve(name);
  }

  /** What an archive has, below one directory. */
  private Tree archive(String top, Tree home, Path parts) throws IOException {
    Tree inside =
        home.directory("share/man/man1", stage.resolve("man1"))
            .file("share/bash-completion/completions/gonext", stage.resolve("gonext.bash"))
            .file("share/zsh/gonext.zsh", stage.resolve("gonext.zsh"))
            .directory("licenses", stage.resolve("licenses"))
            .file("LICENSE", root.resolve("LICENSE"))
            .file("NOTICE", stage.resolve("NOTICE"))
            .file("README.md", files("README.md"))
            .file("CHANGELOG.md", root.resolve("CHANGELOG.md"))
            .file("gonext.cdx.json", parts);
    return new Tree().tree(top, examples(inside, "examples"));
  }

  private Tree examples(Tree tree, String path) throws IOException {
    try (Stream<Path> all = Files.walk(root.resolve("examples"), 2)) {
      for (Path each :
          all.filter(file -> file.toString().endsWith(".gnplugin")).sorted().toList()) {
        tree.file(path + "/" + each.getFileName(), each);
      }
    }
    return tree;
  }

  /** What a package of a distribution puts where. */
  private Tree installed(Path parts) throws IOException {
    Path copyright = stage.resolve("copyright");
    Files.writeString(
        copyright,
        "GoNext is under the Apache License 2.0:\n\n"
            + Files.readString(root.resolve("LICENSE"))
            + "\nIts libraries are under the licences in the directory licenses beside this file;"
            + " its Java runtime\nis under those in /usr/lib/gonext/runtime/legal.\n");
    Tree tree =
        new Tree()
            .tree("usr/lib/gonext", home.whole())
            .link("usr/bin/gonext", "../lib/gonext/bin/gonext")
            .file("usr/share/bash-completion/completions/gonext", stage.resolve("gonext.bash"))
            .file("usr/lib/systemd/system/gonext.service", files("gonext.service"))
            .settings("etc/gonext/gonext.yaml", files("gonext.yaml"))
            .folder("var/lib/gonext", 0750, true)
            .file("usr/share/doc/gonext/copyright", copyright)
            .file("usr/share/doc/gonext/NOTICE", stage.resolve("NOTICE"))
            .file("usr/share/doc/gonext/gonext.cdx.json", parts)
            .directory("usr/share/doc/gonext/licenses", stage.resolve("licenses"));
    Path zipped = Files.createDirectories(stage.resolve("man1-gz"));
    try (Stream<Path> pages = Files.list(stage.resolve("man1"))) {
      for (Path page : pages.sorted().toList()) {
        Path gz = zipped.resolve(page.getFileName() + ".gz");
        try (GZIPOutputStream zip = new GZIPOutputStream(Files.newOutputStream(gz))) {
          Files.copy(page, zip);
        }
        tree.file("usr/share/man/man1/" + gz.getFileName(), gz);
      }
    }
    return examples(tree, "usr/share/doc/gonext/examples");
  }

  /** A directory with the control files of the package for Debian. */
  private Path control(String version, String arch) throws IOException {
    Path control = Files.createDirectories(stage.resolve("control"));
    for (String script : new String[] {"postinst", "prerm", "postrm"}) {
      Files.copy(files("deb").resolve(script), control.resolve(script));
    }
    Files.writeString(control.resolve("conffiles"), "/etc/gonext/gonext.yaml\n");
    Files.writeString(
        control.resolve("control"),
        """
        Package: gonext
        Version: %s
        Section: httpd
        Priority: optional
        Architecture: %s
        Depends: libc6, passwd
        Maintainer: The GoNext contributors <gonext@localhost>
        Description: WebAssembly plugin host
         It runs plugins in WebAssembly, serves their routes over HTTP, and has a
         dashboard. It brings a Java runtime of its own, and a service for systemd.
        """
            .formatted(version, arch));
    return control;
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
