package io.gonext.cli.provenance;

/** An SBOM or a provenance that cannot be used. The message says why, in one sentence. */
public final class InvalidDocumentException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  InvalidDocumentException(String message) {
    super(message);
  }
}
