package io.gonext.engine.bytecode;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Fields of the instance's class that pass what a JVM method cannot: results after the first one,
 * and arguments of methods with too many. A value is read directly after it was written, so every
 * method uses the same fields.
 */
final class Spill {
  /** Tells the fields of several objects of one class apart. */
  private final String prefix;

  private final Map<Kind, Integer> most = new EnumMap<>(Kind.class);

  /** The fields of one list of values. */
  final class Cursor {
    private final Map<Kind, Integer> next = new EnumMap<>(Kind.class);

    /** The field of the next value. */
    String field(Kind kind) {
      int index = next.merge(kind, 1, Integer::sum);
      most.merge(kind, index, Math::max);
      return prefix + kind.letter + (index - 1);
    }

    /** The fields of several values, in order. */
    List<String> fields(List<Kind> kinds) {
      List<String> fields = new ArrayList<>(kinds.size());
      for (Kind kind : kinds) {
        fields.add(field(kind));
      }
      return fields;
    }
  }

  Spill(String prefix) {
    this.prefix = prefix;
  }

  Cursor cursor() {
    return new Cursor();
  }

  /** Declares all fields that any cursor gave. */
  void declare(ClassBuilder to) {
    most.forEach((kind, count) -> {
      for (int i = 0; i < count; i++) {
        to.withField(prefix + kind.letter + i, kind.descriptor, ClassFile.ACC_PUBLIC);
      }
    });
  }
}
