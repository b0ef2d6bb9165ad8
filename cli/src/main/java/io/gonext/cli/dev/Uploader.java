package io.gonext.cli.dev;

/** Hands a plugin to a host. */
interface Uploader {
  /**
   * Uploads; returns once the host has it in service.
   *
   * @throws DevFailure when nobody answers, the host refuses it, or serves something else
   */
  UploadAnswer upload(Artifact artifact) throws InterruptedException;
}
