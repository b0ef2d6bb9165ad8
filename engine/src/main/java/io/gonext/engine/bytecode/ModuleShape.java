package io.gonext.engine.bytecode;

import java.util.BitSet;
import java.util.List;

/**
 * What a module's functions refer to. The lists and arrays are never changed.
 *
 * @param types the types in order
 * @param firstEqual for each type the index of the first type that is equal to it
 * @param functionTypes the type of each function, imported ones first, by {@code firstEqual}
 * @param importedFunctions how many functions are imported
 * @param globalTypes the type of each global
 * @param mutableGlobals which globals may be set
 * @param sharedGlobals which globals are not fields of the instance's class
 * @param tableTypes the type of each table's elements
 * @param tagTypes the type of each tag
 * @param hasMemory whether there is a memory
 * @param elementTypes the type of each element segment
 * @param dataSegments how many data segments the module declares to have, or -1
 * @param declared the functions that {@code ref.func} may name
 * @param tailCallers the functions with tail calls
 * @param legacyTries the functions with exception handling in its legacy encoding
 * @param returning the functions with a {@code return}; others return at their end, or never
 * @param entries the functions that are called from outside, without those that tables can hold
 */
public record ModuleShape(
    List<Signature> types,
    int[] firstEqual,
    int[] functionTypes,
    int importedFunctions,
    byte[] globalTypes,
    BitSet mutableGlobals,
    BitSet sharedGlobals,
    byte[] tableTypes,
    int[] tagTypes,
    boolean hasMemory,
    byte[] elementTypes,
    int dataSegments,
    BitSet declared,
    BitSet tailCallers,
    BitSet legacyTries,
    BitSet returning,
    BitSet entries) {

  /** The types of the values that an exception with this tag has. */
  public byte[] valuesOf(int tag) {
    return types.get(tagTypes[tag]).parameters();
  }

  /** A function's type. */
  public Signature typeOf(int function) {
    return types.get(functionTypes[function]);
  }
}
