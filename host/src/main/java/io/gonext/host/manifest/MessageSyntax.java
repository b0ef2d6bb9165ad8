package io.gonext.host.manifest;

import com.ibm.icu.text.MessagePattern;
import com.ibm.icu.text.MessagePattern.ArgType;
import com.ibm.icu.text.MessagePattern.Part;
import io.gonext.engine.PlainText;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which ICU messages a bundle may have: arguments, numbers, plural, select and selectordinal. Their
 * text has a bound, whatever the arguments are. Formats that depend on the host's time zone, and
 * those that write any number of digits, are left out.
 */
final class MessageSyntax {
  /** In UTF-16 units. */
  private static final int MAX_LENGTH = 16 * 1024;

  /** Places where an argument is written, in all branches together. */
  private static final int MAX_PLACES = 100;

  private static final int MAX_DEPTH = 32;
  private static final int MAX_SHOWN_LENGTH = 200;

  private static final List<String> FORMS = List.of("zero", "one", "two", "few", "many", "other");
  private static final Set<String> NUMBER_STYLES = Set.of("integer", "percent");

  private MessageSyntax() {}

  /** Why a bundle may not have this message; null if it may. */
  static @Nullable String problem(String message) {
    if (message.length() > MAX_LENGTH) {
      return "a message has at most " + MAX_LENGTH + " characters";
    }
    // The parser calls itself for what is inside of braces.
    if (depth(message) > MAX_DEPTH) {
      return "at most " + MAX_DEPTH + " braces may be inside one another";
    }
    MessagePattern pattern;
    try {
      pattern = new MessagePattern(message);
    } catch (RuntimeException e) {
      return "not an ICU message: "
          + PlainText.of(String.valueOf(e.getMessage()), MAX_SHOWN_LENGTH);
    }
    int places = 0;
    Deque<ArgType> inside = new ArrayDeque<>();
    for (int i = 0; i < pattern.countParts(); i++) {
      Part part = pattern.getPart(i);
      String problem = null;
      switch (part.getType()) {
        case ARG_START -> {
          places++;
          inside.push(part.getArgType());
          problem =
              part.getArgType() == ArgType.CHOICE ? "choice is not supported: use plural" : null;
        }
        case ARG_LIMIT -> inside.pop();
        case REPLACE_NUMBER -> places++;
        case ARG_TYPE -> problem = typeProblem(pattern.getSubstring(part));
        case ARG_STYLE -> problem = styleProblem(pattern.getSubstring(part));
        case ARG_SELECTOR -> {
          boolean plural = inside.element().hasPluralStyle();
          problem = plural ? formProblem(pattern.getSubstring(part)) : null;
        }
        default -> {
          // Text and what marks it.
        }
      }
      if (problem != null) {
        return problem;
      }
    }
    return places > MAX_PLACES
        ? "a message has at most %d arguments in all branches, not %d".formatted(MAX_PLACES, places)
        : null;
  }

  private static @Nullable String typeProblem(String type) {
    return type.equals("number")
        ? null
        : "the format %s is not supported; there are number, plural, select and selectordinal"
            .formatted(PlainText.of(type, MAX_SHOWN_LENGTH));
  }

  private static @Nullable String styleProblem(String style) {
    return NUMBER_STYLES.contains(style.strip())
        ? null
        : "a number has the style integer or percent, or none, not "
            + PlainText.of(style.strip(), MAX_SHOWN_LENGTH);
  }

  private static @Nullable String formProblem(String form) {
    return form.startsWith("=") || FORMS.contains(form)
        ? null
        : "plural has no form %s; there are %s, and =1 for a number"
            .formatted(PlainText.of(form, MAX_SHOWN_LENGTH), String.join(", ", FORMS));
  }

  /** How many braces are open at most, quoted ones counted as well. */
  private static int depth(String message) {
    int open = 0;
    int most = 0;
    for (int i = 0; i < message.length(); i++) {
      if (message.charAt(i) == '{') {
        most = Math.max(most, ++open);
      } else if (message.charAt(i) == '}') {
        open--;
      }
    }
    return most;
  }
}
