package io.gonext.engine.bytecode;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.SwitchCase;
import java.util.List;

/** Emits jumps by a number. */
final class Switches {
  private Switches() {}

  /**
   * Jumps by the number on the stack: by a table if the cases are close to each other.
   *
   * @param cases at least one, in ascending order
   */
  static void emit(CodeBuilder to, Label otherwise, List<SwitchCase> cases) {
    int low = cases.getFirst().caseValue();
    int high = cases.getLast().caseValue();
    if (high - low < 3 * cases.size()) {
      to.tableswitch(low, high, otherwise, cases);
    } else {
      to.lookupswitch(otherwise, cases);
    }
  }
}
