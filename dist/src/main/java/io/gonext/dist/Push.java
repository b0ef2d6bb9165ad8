package io.gonext.dist;

import com.google.cloud.tools.jib.api.Credential;
import com.google.cloud.tools.jib.api.ImageReference;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.frontend.CredentialRetrieverFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * Pushes the image that {@link Dist} wrote, and attaches the list of its parts.
 *
 * <p>Arguments: where {@code Dist} wrote, the version, the time of all files, the image's name, and
 * whether the registry is asked by plain HTTP. Logins are those of {@code docker login}.
 */
final class Push {
  private Push() {}

  /** Prints the digest of the image. */
  public static void main(String[] arguments) throws Exception {
    Path out = Path.of(arguments[0]);
    Path stage = out.resolve("stage");
    String version = arguments[1];
    Instant time = Instant.parse(arguments[2]);
    ImageReference name = ImageReference.parse(arguments[3]);
    boolean plain = Boolean.parseBoolean(arguments[4]);
    CredentialRetrieverFactory credentials = CredentialRetrieverFactory.forImage(name, event -> {});
    Path parts = stage.resolve("gonext.cdx.json");
    String digest =
        new Image(stage, out, version, time)
            .push(
                new Home(stage.resolve("home"), time),
                parts,
                RegistryImage.named(name).addCredentialRetriever(credentials.dockerConfig()),
                plain);
    Optional<Credential> credential = credentials.dockerConfig().retrieve();
    URI address = URI.create((plain ? "http://" : "https://") + name.getRegistry());
    String attached;
    try (Registry registry = new Registry(address, name.getRepository(), credential)) {
      attached = registry.attach(digest, Files.readAllBytes(parts));
    }
    System.out.println("pushed " + name + "@" + digest);
    System.out.println("its list of parts is " + attached);
    // Jib leaves threads behind that end after a minute.
    System.exit(0);
  }
}
