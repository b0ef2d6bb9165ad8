package io.gonext.engine;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A type's text, around the place where a declared name would stand.
 *
 * @param declares whether it is a function's or an array's, so that pointers to it need parentheses
 * @param pack the types of a parameter pack, which has no text of its own; else null
 */
record CppType(String left, String right, boolean declares, @Nullable List<CppType> pack) {
  static CppType of(String text) {
    return new CppType(text, "", false, null);
  }

  /** This type, or each of the pack's, changed. */
  CppType each(UnaryOperator<CppType> change) {
    return pack == null
        ? change.apply(this)
        : new CppType("", "", false, pack.stream().map(element -> element.each(change)).toList());
  }

  CppType pointedTo(String sigil) {
    return declares
        ? new CppType(left + "(" + sigil, ")" + right, false, null)
        : new CppType(left + sigil, right, false, null);
  }

  /** References to references are one, and to the right only if both are. */
  CppType referredTo(String sigil) {
    if (left.endsWith("&&") && sigil.equals("&")) {
      return new CppType(left.substring(0, left.length() - 1), right, false, null);
    }
    return left.endsWith("&") ? this : pointedTo(sigil);
  }

  /** A qualified array has qualified elements. */
  CppType qualified(String qualifiers) {
    if (!declares) {
      return new CppType(left + qualifiers, right, false, null);
    }
    return right.startsWith("[")
        ? new CppType(left.stripTrailing() + qualifiers + " ", right, true, null)
        : new CppType(left, right + qualifiers, true, null);
  }

  /** Packs may be empty, and so is their text then. */
  String text() {
    return pack == null
        ? left + right
        : pack.stream()
            .map(CppType::text)
            .filter(text -> !text.isEmpty())
            .collect(Collectors.joining(", "));
  }
}
