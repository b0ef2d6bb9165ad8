package io.gonext.dashboard;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import java.util.Map;

/**
 * Renders the templates of {@code src/main/jte}, which the build has made Java classes of. Each
 * value is escaped for the place where it stands.
 *
 * <p>Thread-safe.
 */
final class Templates {
  private static final String SUFFIX = ".jte";

  private final TemplateEngine engine =
      TemplateEngine.createPrecompiled(
          null,
          ContentType.Html,
          Templates.class.getClassLoader(),
          Templates.class.getPackageName());

  /** A whole page, or the live part of one. */
  String render(Frame frame, String template, Object model) {
    StringOutput out = new StringOutput();
    engine.render(template + SUFFIX, Map.of("frame", frame, "page", model), out);
    return VisibleText.of(out.toString());
  }
}
