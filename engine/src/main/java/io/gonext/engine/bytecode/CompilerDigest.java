package io.gonext.engine.bytecode;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Identifies the compiler by its own classes, so that what another compiler emitted is never taken
 * for this one's.
 */
public final class CompilerDigest {
  /** The classes that decide what is emitted. Those nested in them count too. */
  private static final List<Class<?>> CLASSES =
      List.of(
          Accesses.class,
          Arithmetic.class,
          Boxes.class,
          Bulk.class,
          Catch.class,
          ClassLimitException.class,
          Compare.class,
          CompiledFunctions.class,
          CompilerDigest.class,
          CountedBlocks.class,
          Dispatch.class,
          EmittedClasses.class,
          FuelCharges.class,
          FuelMeter.class,
          FunctionCode.class,
          Kind.class,
          Liveness.class,
          MethodEmitter.class,
          ModuleEmitter.class,
          ModuleShape.class,
          Names.class,
          NanBits.class,
          Op.class,
          OperandTypes.class,
          Part.class,
          PartCalls.class,
          PartSignature.class,
          Partition.class,
          PartSizes.class,
          Restructure.class,
          SegmentGraph.class,
          SharedGlobals.class,
          Signature.class,
          Spill.class,
          Switches.class,
          TailCalls.class,
          Tries.class);

  private CompilerDigest() {}

  /**
   * The digest, as hexadecimal digits.
   *
   * @param callers other classes that decide what is emitted
   */
  public static String of(List<Class<?>> callers) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      CLASSES.forEach(each -> add(each, digest));
      callers.forEach(each -> add(each, digest));
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static void add(Class<?> type, MessageDigest digest) {
    String name = type.getName();
    String file = name.substring(name.lastIndexOf('.') + 1) + ".class";
    try (InputStream in = type.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException(name + " has no class file");
      }
      digest.update(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (Class<?> nested : type.getDeclaredClasses()) {
      add(nested, digest);
    }
  }
}
