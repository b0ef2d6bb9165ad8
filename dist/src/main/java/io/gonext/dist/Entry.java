package io.gonext.dist;

import java.nio.file.Path;

/** What a package has at a path, which is relative and has no dot segments. */
sealed interface Entry {
  /** With slashes, without one at either end. */
  String path();

  /** A folder, root's or the service's own. */
  record Folder(String path, int mode, boolean ofService) implements Entry {}

  /** A file with the content of another one. Settings are what an operator changes. */
  record Data(String path, int mode, Path content, boolean settings) implements Entry {}

  /** A symbolic link. */
  record Link(String path, String target) implements Entry {}
}
