package io.gonext.dist;

/**
 * The machine that builds, as archives, Debian, RPM and OCI name it.
 *
 * @param archive as in the names of archives
 * @param triplet the directory of Debian's libraries
 * @param loader where programs look for the dynamic linker
 */
record Platform(String archive, String deb, String rpm, String oci, String triplet, String loader) {
  static Platform current() {
    String arch = System.getProperty("os.arch");
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new IllegalStateException("packages are built on Linux");
    }
    return switch (arch) {
      case "amd64" ->
          new Platform(
              "x64", "amd64", "x86_64", "amd64", "x86_64-linux-gnu", "lib64/ld-linux-x86-64.so.2");
      case "aarch64" ->
          new Platform(
              "arm64",
              "arm64",
              "aarch64",
              "arm64",
              "aarch64-linux-gnu",
              "lib/ld-linux-aarch64.so.1");
      default -> throw new IllegalStateException("nobody has built packages on " + arch + " yet");
    };
  }
}
