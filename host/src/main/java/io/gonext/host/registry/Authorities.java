package io.gonext.host.registry;

import io.gonext.host.RegistryException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Certificates of authorities that are trusted beside those of the JDK. */
final class Authorities {
  private static final int MAX_BYTES = 1024 * 1024;

  private Authorities() {}

  /**
   * The authorities of the JDK and those of a file.
   *
   * @throws RegistryException when the file has no certificates
   */
  static KeyStore with(Path pem) {
    try {
      KeyStore all = KeyStore.getInstance(KeyStore.getDefaultType());
      all.load(null, null);
      TrustManagerFactory jdk =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      jdk.init((KeyStore) null);
      int number = 0;
      for (TrustManager manager : jdk.getTrustManagers()) {
        if (manager instanceof X509TrustManager known) {
          for (X509Certificate certificate : known.getAcceptedIssuers()) {
            all.setCertificateEntry("jdk-" + number++, certificate);
          }
        }
      }
      for (Certificate certificate : read(pem)) {
        all.setCertificateEntry("file-" + number++, certificate);
      }
      return all;
    } catch (GeneralSecurityException | IOException e) {
      throw unusable(pem);
    }
  }

  private static Collection<? extends Certificate> read(Path pem)
      throws GeneralSecurityException, IOException {
    byte[] bytes;
    try (var in = Files.newInputStream(pem)) {
      bytes = in.readNBytes(MAX_BYTES);
    }
    Collection<? extends Certificate> read =
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new java.io.ByteArrayInputStream(bytes));
    if (read.isEmpty()) {
      throw unusable(pem);
    }
    return read;
  }

  private static RegistryException unusable(Path pem) {
    return new RegistryException(
        RegistryException.Kind.REFERENCE,
        pem + " cannot be read as certificates: give a PEM file with those of the authorities");
  }
}
