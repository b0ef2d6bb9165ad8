package io.gonext.cli.kit;

import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.OptionPairs;
import io.gonext.host.trust.SigningKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code gonext plugin keygen}: makes the key of a publisher. */
@Command(
    name = "keygen",
    description = "Make a key that signs bundles.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin keygen                        asks for a passphrase",
      "  gonext plugin keygen --out ~/keys/acme",
      "  gonext plugin keygen --no-passphrase --out ci",
      "",
      "It writes NAME.key, the private key (PKCS #8 in PEM, encrypted with AES-256),",
      "NAME.pub, the public key (PEM), and NAME.minisign.pub, the same for minisign.",
      "It never writes over a file. Keep NAME.key secret, and give NAME.pub to those",
      "who install your plugins.",
      KitCommand.EXIT_CODES
    })
final class KeygenCommand extends KitCommand {
  @Option(
      names = "--out",
      paramLabel = "NAME",
      defaultValue = "publisher",
      description = "The files to write, without their endings (default: publisher).")
  private Path out;

  @Option(
      names = "--no-passphrase",
      description = "Do not encrypt the private key. Everybody who can read the file can sign.")
  private boolean noPassphrase;

  @Mixin private Passphrase passphrase;

  @Override
  Answer answer() throws IOException {
    if (noPassphrase) {
      OptionPairs.refuseWith(spec(), "--no-passphrase", "--passphrase-file");
    }
    Path privateFile = sibling(".key");
    Path publicFile = sibling(".pub");
    Path minisignFile = sibling(".minisign.pub");
    for (Path file : List.of(privateFile, publicFile, minisignFile)) {
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        throw exists(file);
      }
    }
    SecureRandom random = new SecureRandom();
    SigningKey key = SigningKey.generate(random);
    Map<Path, String> files = new LinkedHashMap<>();
    files.put(privateFile, privateKey(key, random));
    files.put(publicFile, key.publicKey().pem());
    files.put(minisignFile, key.publicKey().minisign());
    write(files, privateFile);
    return new Answer(
        ExitCode.OK,
        List.of(
            "ok  key " + key.publicKey().id(),
            "private key: " + privateFile + (noPassphrase ? ", not encrypted" : ", encrypted"),
            "public key:  " + publicFile + ", and " + minisignFile + " for minisign"),
        JsonLines.fields(
            "key",
            key.publicKey().id(),
            "private_key",
            privateFile.toString(),
            "public_key",
            publicFile.toString(),
            "minisign_public_key",
            minisignFile.toString(),
            "encrypted",
            !noPassphrase));
  }

  private Path sibling(String ending) {
    Path name = out.getFileName();
    if (name == null || name.toString().isEmpty() || Files.isDirectory(out)) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          "--out: " + out + " is a directory: add a name for the key's files");
    }
    return out.resolveSibling(name + ending);
  }

  private String privateKey(SigningKey key, SecureRandom random) {
    if (noPassphrase) {
      return key.pem();
    }
    char[] chosen = passphrase.chosen();
    try {
      return key.pem(chosen, random);
    } finally {
      Arrays.fill(chosen, ' ');
    }
  }

  /** Writes all files or none. */
  private static void write(Map<Path, String> files, Path privateFile) throws IOException {
    List<Path> written = new ArrayList<>();
    try {
      for (Map.Entry<Path, String> file : files.entrySet()) {
        Path path = file.getKey();
        try (SeekableByteChannel channel =
            Files.newByteChannel(
                path,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                path.equals(privateFile) ? ownersOnly(path) : new FileAttribute<?>[0])) {
          written.add(path);
          ByteBuffer text = ByteBuffer.wrap(file.getValue().getBytes(StandardCharsets.US_ASCII));
          while (text.hasRemaining()) {
            channel.write(text);
          }
        }
      }
    } catch (IOException e) {
      for (Path path : written) {
        Files.deleteIfExists(path);
      }
      if (e instanceof FileAlreadyExistsException) {
        throw exists(Path.of(String.valueOf(e.getMessage())));
      }
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          privateFile
              + " cannot be written: its directory must exist, and you must be allowed to write to"
              + " it");
    }
  }

  private static FileAttribute<?>[] ownersOnly(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    boolean isPosix =
        directory != null
            && Files.getFileStore(directory)
                .supportsFileAttributeView(PosixFileAttributeView.class);
    return isPosix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  private static CommandFailure exists(Path file) {
    return new CommandFailure(
        CommandFailure.Kind.FAILED,
        file + " exists, and a key is never written over: give another name with --out");
  }
}
