package io.gonext.dist;

import io.gonext.dist.Entry.Data;
import io.gonext.dist.Entry.Folder;
import io.gonext.dist.Entry.Link;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Set;
import org.eclipse.packager.rpm.FileFlags;
import org.eclipse.packager.rpm.RpmTag;
import org.eclipse.packager.rpm.RpmVersion;
import org.eclipse.packager.rpm.build.BuilderContext;
import org.eclipse.packager.rpm.build.BuilderOptions;
import org.eclipse.packager.rpm.build.FileInformation;
import org.eclipse.packager.rpm.build.RpmBuilder;
import org.eclipse.packager.rpm.coding.PayloadCoding;

/** Writes a tree as a package of RPM, by Eclipse Packager. */
final class Rpm {
  private static final int REGULAR = 0100000;
  private static final int DIRECTORY = 0040000;
  private static final int SYMBOLIC = 0120000;

  private Rpm() {}

  /**
   * @param scripts a directory with {@code pre}, {@code post}, {@code preun} and {@code postun}
   */
  static void write(
      Tree tree, String version, String arch, Path scripts, String about, Path file, Instant time)
      throws IOException {
    BuilderOptions options = new BuilderOptions();
    options.setPayloadCoding(PayloadCoding.GZIP);
    RpmVersion numbered = new RpmVersion(version.replace("-", "~"), "1");
    try (RpmBuilder builder = new RpmBuilder("gonext", numbered, arch, file, options)) {
      RpmBuilder.PackageInformation information = builder.getInformation();
      information.setSummary(about);
      information.setDescription(
          about + "\nIt has a Java runtime of its own, and a service for systemd.");
      information.setLicense("Apache-2.0");
      information.setGroup("System Environment/Daemons");
      information.setOperatingSystem("linux");
      information.setBuildHost("localhost");
      builder.setHeaderCustomizer(
          header -> header.putInt(RpmTag.BUILDTIME, (int) time.getEpochSecond()));
      builder.addRequirement("/bin/sh", "");
      builder.addRequirement("/usr/sbin/useradd", "");
      builder.setPreInstallationScript(Files.readString(scripts.resolve("pre")));
      builder.setPostInstallationScript(Files.readString(scripts.resolve("post")));
      builder.setPreRemoveScript(Files.readString(scripts.resolve("preun")));
      builder.setPostRemoveScript(Files.readString(scripts.resolve("postun")));
      BuilderContext context = builder.newContext();
      for (Entry entry : tree.entries()) {
        add(entry, context, time);
      }
      builder.build();
    }
  }

  private static void add(Entry entry, BuilderContext context, Instant time) throws IOException {
    String path = "/" + entry.path();
    switch (entry) {
      case Folder folder -> {
        if ((path + "/").contains("/gonext/")) { // Others belong to the distribution.
          context.addDirectory(
              path,
              (name, target, type) ->
                  information(DIRECTORY | folder.mode(), folder.ofService(), time));
        }
      }
      case Data data ->
          context.addFile(
              path,
              data.content(),
              (name, target, type) -> {
                FileInformation information = information(REGULAR | data.mode(), false, time);
                if (data.settings()) {
                  information.setFileFlags(Set.of(FileFlags.CONFIGURATION, FileFlags.NOREPLACE));
                }
                return information;
              });
      case Link link ->
          context.addSymbolicLink(
              path,
              link.target(),
              (name, target, type) -> information(SYMBOLIC | 0777, false, time));
    }
  }

  private static FileInformation information(int mode, boolean ofService, Instant time) {
    FileInformation information = new FileInformation();
    information.setMode((short) mode);
    information.setTimestamp(time);
    information.setUser(ofService ? "gonext" : "root");
    information.setGroup(ofService ? "gonext" : "root");
    return information;
  }
}
