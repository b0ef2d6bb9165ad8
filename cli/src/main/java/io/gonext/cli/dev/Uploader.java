package io.gonext.cli.dev;

import io.gonext.cli.output.CommandFailure;

/** Uploads plugins to a host. */
interface Uploader {
  /**
   * Uploads a plugin; returns when the host serves it.
   *
   * @throws CommandFailure when no host answers, or the host rejects it or serves something else
   */
  UploadAnswer upload(Artifact artifact) throws InterruptedException;
}
