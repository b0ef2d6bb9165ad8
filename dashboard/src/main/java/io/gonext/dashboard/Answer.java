package io.gonext.dashboard;

import java.io.IOException;
import java.io.OutputStream;

/** What a path of the dashboard answers. */
sealed interface Answer {
  /** The status of a page. */
  int OK = 200;

  /**
   * A page within the layout.
   *
   * @param title in the tab and above the page
   * @param template the name of the file in {@code src/main/jte}, without {@code .jte}; its
   *     parameters are {@code Frame frame} and the model as {@code page}
   */
  record Page(int status, String title, String template, Object model) implements Answer {}

  /**
   * Leads to another page.
   *
   * @param path below the dashboard, with {@code /} at its beginning
   */
  record Redirect(String path) implements Answer {}

  /**
   * A file to keep.
   *
   * @param name that the browser suggests; ASCII without quotes
   */
  record Download(String contentType, String name, Body body) implements Answer {}

  /** Writes a download. */
  @FunctionalInterface
  interface Body {
    void writeTo(OutputStream out) throws IOException;
  }

  static Answer page(String title, String template, Object model) {
    return new Page(OK, title, template, model);
  }
}
