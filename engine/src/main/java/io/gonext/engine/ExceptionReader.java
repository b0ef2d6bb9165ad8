package io.gonext.engine;

import io.gonext.engine.FunctionReader.Block;
import io.gonext.engine.bytecode.Catch;
import io.gonext.engine.bytecode.FunctionCode;
import io.gonext.engine.bytecode.Op;
import io.gonext.engine.bytecode.Signature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads the instructions of exception handling for a {@link FunctionReader}, in both encodings.
 *
 * <p>The code that it keeps has only one encoding. A legacy {@code try} becomes a TRY_TABLE in a
 * block for each catch clause, whose code follows the block's end. What {@code rethrow} throws is
 * in a local of its own. A {@code delegate} that skips handlers catches everything and branches to
 * a block around the body of the {@code try} that it delegates to, after which the exception is
 * thrown again. So the legacy encoding needs to be read twice: the first reading is the plan of the
 * second.
 *
 * <p>Source: the exception handling proposal, Exceptions.md and its legacy version.
 */
final class ExceptionReader {
  static final int TRY = 0x06;
  static final int CATCH = 0x07;
  static final int RETHROW = 0x09;
  static final int DELEGATE = 0x18;
  static final int CATCH_ALL = 0x19;

  /** Toolchains write two at most. Each nests the legacy code one level deeper. */
  private static final int MOST_CLAUSES = 16;

  private static final byte[] NO_VALUES = {};
  private static final byte[] REFERENCE = {Op.EXNREF};
  private static final int MOST_KIND = 3;

  private final FunctionReader reader;

  /** What the first reading found, in the second one. */
  private final @Nullable ExceptionReader plan;

  /** The legacy tries, in order. */
  private final List<Try> tries = new ArrayList<>();

  /** The legacy tries that are open, by their blocks. */
  private final IdentityHashMap<Block, Try> open = new IdentityHashMap<>();

  private int mostOpen;
  private int mostClauses;

  /** How many legacy tries there were yet. */
  private int next;

  private boolean usesLegacy;
  private boolean usesTryTable;
  private int hiddenLocals;

  /** Whether a delegate skips handlers and leaves the function. */
  private boolean delegatesToCaller;

  /** The block around the function's code if {@link #delegatesToCaller}. */
  private int callerBlock = FunctionReader.LEFT_OUT;

  /** A try of the legacy encoding. */
  static final class Try {
    /** The tags of its catch clauses, or {@link Catch#ALL}. */
    final List<Integer> tags = new ArrayList<>();

    /** The local that keeps the exception for a rethrow, or -1. */
    int hiddenLocal = -1;

    /** Whether a delegate delegates to it and skips other handlers. */
    boolean isDelegatedTo;

    /** Whether its delegate skips handlers. */
    boolean skips;

    /** To what its delegate delegates; null for the function's caller. */
    @Nullable Try scope;

    // Of the second reading:

    /** How many clauses began yet. */
    int clause;

    /** The instructions of its blocks, or {@link FunctionReader#LEFT_OUT}. */
    int tryTable = FunctionReader.LEFT_OUT;

    int delegated = FunctionReader.LEFT_OUT;
    int[] handlers = {};
  }

  ExceptionReader(FunctionReader reader, @Nullable ExceptionReader plan) {
    this.reader = reader;
    this.plan = plan;
  }

  /** The function's locals, and those that keep exceptions. */
  byte[] withHiddenLocals(byte[] locals) {
    byte[] all = Arrays.copyOf(locals, locals.length + hiddenLocals);
    Arrays.fill(all, locals.length, all.length, Op.EXNREF);
    return all;
  }

  /** At the start of the function. */
  void begin() {
    if (plan != null && plan.delegatesToCaller) {
      FunctionCode code = code();
      callerBlock =
          code.add(Op.BLOCK, code.block(new Signature(NO_VALUES, REFERENCE)), -1, position(), 0, 0);
    }
  }

  private int position() {
    return reader.in.position();
  }

  private FunctionCode code() {
    return Objects.requireNonNull(reader.code);
  }

  private void uses(boolean legacy) {
    usesLegacy |= legacy;
    usesTryTable |= !legacy;
    if (usesLegacy && usesTryTable) {
      throw reader.in.unsupported(
          "function " + reader.label + " uses both encodings of exception handling");
    }
  }

  private int tag() {
    return reader.index("tag", reader.in.u32(), reader.module.tagTypes().length);
  }

  /** The values of an exception that is caught, and perhaps a reference to it. */
  private byte[] caught(int tag, boolean hasReference) {
    byte[] values = tag == Catch.ALL ? NO_VALUES : reader.module.valuesOf(tag);
    if (!hasReference) {
      return values;
    }
    byte[] all = Arrays.copyOf(values, values.length + 1);
    all[values.length] = Op.EXNREF;
    return all;
  }

  // Today's encoding ------------------------------------------------------------------------------

  void raise(int at) {
    int before = reader.height;
    int tag = tag();
    byte[] values = reader.module.valuesOf(tag);
    reader.pop(values);
    reader.cost.catchClause(values.length, 0);
    reader.add(Op.THROW, tag, 0, at, before, reader.height);
    reader.unreachable();
  }

  void raiseReference(int at) {
    uses(false);
    int before = reader.height;
    reader.pop(Op.EXNREF);
    reader.add(Op.THROW_REF, 0, 0, at, before, reader.height);
    reader.unreachable();
  }

  void tryTable(int at) {
    uses(false);
    Signature type = reader.blockType();
    int before = reader.height;
    long count = reader.in.u32();
    checkClauses(count);
    List<Catch> clauses = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      clauses.add(clause());
    }
    reader.pop(type.parameters());
    reader.cost.openTry(reader.height);
    FunctionCode code = reader.code;
    int opener =
        reader.add(
            Op.TRY_TABLE,
            code == null ? 0 : code.block(type),
            code == null ? 0 : code.catches(clauses),
            at,
            before,
            reader.height);
    reader.open(Op.TRY_TABLE, opener, type, reader.top().isDead);
  }

  private void checkClauses(long count) {
    if (count > MOST_CLAUSES && reader.limited) {
      throw reader.in.tooLarge(
          "function "
              + reader.label
              + " has a try with more than "
              + MOST_CLAUSES
              + " catch clauses");
    }
  }

  private Catch clause() {
    int kind = reader.in.u8();
    if (kind > MOST_KIND) {
      throw reader.in.malformed("function " + reader.label + " has a catch clause of kind " + kind);
    }
    int tag = kind < 2 ? tag() : Catch.ALL;
    boolean hasReference = kind % 2 == 1;
    Block target = reader.label();
    byte[] values = caught(tag, hasReference);
    if (!Arrays.equals(values, target.labelTypes())) {
      throw reader.mismatch("a catch clause carries other values than its label takes");
    }
    reader.cost.catchClause(values.length, target.base);
    if (!reader.top().isDead) {
      target.isTarget = true;
    }
    return new Catch(tag, hasReference, target.opener);
  }

  // The legacy encoding ---------------------------------------------------------------------------

  void legacyTry(int at) {
    uses(true);
    reader.cost.hasLegacyTries = true;
    Signature type = reader.blockType();
    int before = reader.height;
    reader.pop(type.parameters());
    int low = reader.height;
    reader.cost.openTry(low);
    boolean isDead = reader.top().isDead;
    FunctionCode code = reader.code;
    int opener = reader.add(Op.BLOCK, code == null ? 0 : code.block(type), -1, at, before, low);
    Try legacy;
    if (plan == null) {
      legacy = new Try();
      tries.add(legacy);
    } else {
      legacy = plan.tries.get(next++);
      if (!isDead) {
        blocks(legacy, type, at, before, low);
      }
    }
    reader.open(TRY, opener, type, isDead);
    open.put(reader.top(), legacy);
    mostOpen = Math.max(mostOpen, open.size());
  }

  /** Opens the blocks within the one that is the try's label. */
  private void blocks(Try legacy, Signature type, int at, int before, int low) {
    FunctionCode code = code();
    boolean isRethrown = legacy.hiddenLocal >= 0;
    List<Catch> clauses = new ArrayList<>();
    legacy.handlers = new int[legacy.tags.size()];
    for (int i = legacy.handlers.length - 1; i >= 0; i--) {
      int tag = legacy.tags.get(i);
      int handler = code.block(new Signature(type.parameters(), caught(tag, isRethrown)));
      legacy.handlers[i] = code.add(Op.BLOCK, handler, -1, at, before, low);
      clauses.addFirst(new Catch(tag, isRethrown, legacy.handlers[i]));
    }
    if (legacy.skips) {
      int target = legacy.scope == null ? callerBlock : legacy.scope.delegated;
      clauses.add(new Catch(Catch.ALL, true, target));
    }
    if (!clauses.isEmpty()) {
      legacy.tryTable =
          code.add(Op.TRY_TABLE, code.block(type), code.catches(clauses), at, before, low);
    }
    if (legacy.isDelegatedTo) {
      int body = code.block(new Signature(type.parameters(), REFERENCE));
      legacy.delegated = code.add(Op.BLOCK, body, -1, at, before, low);
    }
  }

  void legacyCatch(int opcode, int at) {
    Block block = reader.top();
    Try legacy = open.get(block);
    if (legacy == null || (block.opcode != TRY && block.opcode != CATCH)) {
      throw reader.in.malformed("function " + reader.label + " has a catch without a try");
    }
    reader.checkEnd(block);
    endBodyOrClause(block, legacy, at);
    block.opcode = opcode;
    int tag = opcode == CATCH ? tag() : Catch.ALL;
    if (plan == null) {
      legacy.tags.add(tag);
      checkClauses(legacy.tags.size());
      mostClauses = Math.max(mostClauses, legacy.tags.size());
    }
    byte[] values = caught(tag, false);
    reader.cost.catchClause(values.length, block.base);
    block.isUnreachable = false;
    block.isDead = block.opener == FunctionReader.LEFT_OUT;
    if (plan != null && !block.isDead) {
      FunctionCode code = code();
      code.end(legacy.handlers[legacy.clause++], at, block.base, false);
      if (legacy.hiddenLocal >= 0) {
        int height = block.base + values.length;
        code.add(Op.LOCAL_SET, legacy.hiddenLocal, 0, at, height + 1, height);
      }
    }
    reader.push(values);
  }

  /** Before the end of any block. Its results are no longer on the stack. */
  void beforeEnd(Block block, int at) {
    if (block.opcode == Op.TRY_TABLE) {
      reader.cost.closeTry();
    }
    if (usesLegacy) {
      if (block.opcode == TRY) {
        endBody(block, Objects.requireNonNull(open.get(block)), at);
      }
      open.remove(block);
      checkNesting();
    }
    if (callerBlock != FunctionReader.LEFT_OUT && block.opener == FunctionCode.FUNCTION) {
      FunctionCode code = code();
      if (!block.isDead) {
        int results = block.type.results().length;
        code.add(Op.RETURN, 0, FunctionCode.FUNCTION, at, results, 0);
      }
      throwAgain(callerBlock, at, 0);
      block.isDead = true;
    }
  }

  private void endBodyOrClause(Block block, Try legacy, int at) {
    if (block.opcode == TRY) {
      endBody(block, legacy, at);
    }
    leave(block, block.opener, at);
  }

  /** Ends the code whose exceptions a try catches. */
  private void endBody(Block block, Try legacy, int at) {
    reader.cost.closeTry();
    if (plan == null || block.opener == FunctionReader.LEFT_OUT) {
      return;
    }
    boolean hasHandlers = legacy.tryTable != FunctionReader.LEFT_OUT;
    if (legacy.delegated != FunctionReader.LEFT_OUT) {
      boolean falls = !block.isDead;
      leave(block, hasHandlers ? legacy.tryTable : block.opener, at);
      throwAgain(legacy.delegated, at, block.base);
      if (hasHandlers) {
        code().end(legacy.tryTable, at, block.base, false);
        block.isDead = !falls;
      }
    } else if (hasHandlers) {
      code().end(legacy.tryTable, at, block.base, !block.isDead);
    }
  }

  /** Ends a block that has a reference to an exception as its result, and throws that. */
  private void throwAgain(int opener, int at, int base) {
    FunctionCode code = code();
    code.end(opener, at, base, false);
    code.add(Op.THROW_REF, 0, 0, at, base + 1, base);
  }

  /** Branches with a block's results, if control is here. */
  private void leave(Block block, int target, int at) {
    if (!block.isDead) {
      block.isTarget = true;
      block.isDead = true;
      if (plan != null) {
        int results = block.type.results().length;
        code().add(Op.BR, 0, target, at, block.base + results, block.base);
      }
    }
  }

  void rethrow(int at) {
    Block block = reader.label();
    Try legacy = open.get(block);
    if (legacy == null || block.opcode == TRY) {
      throw reader.in.malformed(
          "function " + reader.label + " has an invalid rethrow label: not that of a catch");
    }
    if (legacy.hiddenLocal < 0) {
      legacy.hiddenLocal = reader.locals.length + hiddenLocals++;
      if (reader.limited && legacy.hiddenLocal >= reader.limits.functionLocals()) {
        throw reader.in.tooLarge(
            "function " + reader.label + " has too many locals and exceptions to rethrow");
      }
    }
    reader.cost.local(legacy.hiddenLocal);
    int height = reader.height;
    reader.add(Op.LOCAL_GET, legacy.hiddenLocal, 0, at, height, height);
    reader.add(Op.THROW_REF, 0, 0, at, height + 1, height);
    reader.unreachable();
  }

  void delegate(int at) {
    Block block = reader.top();
    Try legacy = open.get(block);
    if (legacy == null || block.opcode != TRY) {
      throw reader.in.malformed("function " + reader.label + " has a delegate without a try");
    }
    reader.checkEnd(block);
    int target = reader.depth - 2 - reader.index("label", reader.in.u32(), reader.depth - 1);
    if (plan == null && block.opener != FunctionReader.LEFT_OUT) {
      Block scope = tryAround(target);
      if (scope != tryAround(reader.depth - 2)) {
        legacy.skips = true;
        legacy.scope = scope == null ? null : open.get(scope);
        if (legacy.scope == null) {
          delegatesToCaller = true;
        } else {
          legacy.scope.isDelegatedTo = true;
        }
      }
    }
    endBody(block, legacy, at);
    open.remove(block);
    reader.close(block, at);
  }

  /** The blocks that the code has in place of a try are nested too. */
  private void checkNesting() {
    if (reader.limited && mostOpen * (mostClauses + 3) > reader.limits.nesting()) {
      throw reader.in.tooLarge(
          "function "
              + reader.label
              + " nests tries deeper than the limit, "
              + reader.limits.nesting()
              + EngineLimits.raise("nesting"));
    }
  }

  /** The innermost try whose body a block is in, or that it is itself; null if there is none. */
  private @Nullable Block tryAround(int index) {
    for (int i = index; i >= 0; i--) {
      if (reader.blocks[i].opcode == TRY) {
        return reader.blocks[i];
      }
    }
    return null;
  }
}
