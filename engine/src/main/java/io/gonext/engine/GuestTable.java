package io.gonext.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import run.endive.runtime.Instance;
import run.endive.runtime.TableInstance;
import run.endive.runtime.WasmRuntimeException;
import run.endive.wasm.UninstantiableException;
import run.endive.wasm.WasmEngineException;
import run.endive.wasm.types.Table;
import run.endive.wasm.types.TableLimits;
import run.endive.wasm.types.Value;

/**
 * A table with its own limits, a cap on its size, and snapshots.
 *
 * <p>Endive's table grows the limits of the <em>module</em>, so a later instance would start with
 * the size that an earlier one grew to. It also cannot shrink, and does not record whether it
 * changed.
 *
 * <p>Owned by the thread that runs the instance.
 */
final class GuestTable extends TableInstance {
  private static final int POLL_MASK = (1 << 12) - 1;

  /** An index and two references of 4 bytes each. */
  private static final long BYTES_AN_ELEMENT = 12;

  private final TableLimits limits;

  /** Function indices. For external references, {@code REF_NULL_VALUE} where there is none. */
  private int[] refs;

  /** The instance of each function reference. */
  private @Nullable Instance[] owners;

  /** External references; all null in a table of functions. */
  private @Nullable Object[] objects;

  /** Counts stores: every {@code POLL_MASK + 1}th polls for interrupts. */
  private int stores;

  /** Whether anything was set or grown since the last snapshot or restore. */
  private boolean changed;

  /**
   * A table as a module declares it.
   *
   * @param capElements the most elements allowed; a lower maximum of the module takes precedence
   * @throws ModuleRejectedException when the initial size is larger
   */
  GuestTable(Table declared, int initialValue, int capElements) {
    super(new Table(declared.elementType(), new TableLimits(0, 0)), initialValue);
    int size = (int) declared.limits().min();
    if (size > capElements) {
      throw new ModuleRejectedException(
          ModuleRejectedException.Reason.TOO_LARGE,
          0,
          "the module has a table with " + size + " initial elements, the limit is " + capElements);
    }
    this.limits = new TableLimits(size, Math.min(declared.limits().max(), capElements));
    this.refs = new int[size];
    this.owners = new Instance[size];
    this.objects = new Object[size];
    Arrays.fill(refs, initialValue);
  }

  @Override
  public int size() {
    return refs.length;
  }

  @Override
  public TableLimits limits() {
    return limits;
  }

  @Override
  public int grow(int size, int value, @Nullable Instance instance) {
    int before = refs.length;
    if (!resize(size)) {
      return -1;
    }
    Arrays.fill(refs, before, refs.length, value);
    Arrays.fill(owners, before, owners.length, instance);
    return before;
  }

  @Override
  public int growWithRef(int size, @Nullable Object refValue, @Nullable Instance instance) {
    int before = refs.length;
    if (!resize(size)) {
      return -1;
    }
    Arrays.fill(refs, before, refs.length, refValue == null ? Value.REF_NULL_VALUE : 0);
    Arrays.fill(owners, before, owners.length, instance);
    Arrays.fill(objects, before, objects.length, refValue);
    return before;
  }

  private boolean resize(int delta) {
    long after = refs.length + Integer.toUnsignedLong(delta);
    if (after > limits.max()) {
      return false;
    }
    changed = true;
    refs = Arrays.copyOf(refs, (int) after);
    owners = Arrays.copyOf(owners, (int) after);
    objects = Arrays.copyOf(objects, (int) after);
    return true;
  }

  @Override
  public int ref(int index) {
    if (isOutside(index)) {
      throw new WasmRuntimeException("undefined element: " + index + " of " + refs.length);
    }
    return refs[index];
  }

  @Override
  public int requiredRef(int index) {
    int ref = ref(index);
    if (ref == Value.REF_NULL_VALUE) {
      throw new WasmEngineException("uninitialized element " + index);
    }
    return ref;
  }

  @Override
  public @Nullable Object objRef(int index) {
    if (isOutside(index)) {
      throw new WasmRuntimeException("out of bounds table access: " + index);
    }
    return objects[index];
  }

  @Override
  public void setRef(int index, int value, @Nullable Instance instance) {
    beforeStore(index);
    refs[index] = value;
    owners[index] = instance;
  }

  @Override
  public void setObjRef(int index, @Nullable Object ref, @Nullable Instance instance) {
    beforeStore(index);
    objects[index] = ref;
    refs[index] = ref == null ? Value.REF_NULL_VALUE : 0;
    owners[index] = instance;
  }

  private void beforeStore(int index) {
    if (isOutside(index)) {
      throw new UninstantiableException("out of bounds table access: " + index);
    }
    // Endive's loops over a table (fill, copy, init) do not poll.
    if ((++stores & POLL_MASK) == 0) {
      Interrupts.check();
    }
    changed = true;
  }

  private boolean isOutside(int index) {
    return index < 0 || index >= refs.length;
  }

  @Override
  public @Nullable Instance instance(int index) {
    if (isOutside(index)) {
      throw new WasmRuntimeException("undefined element: " + index + " of " + refs.length);
    }
    return owners[index];
  }

  @Override
  public void reset() {
    Arrays.fill(refs, Value.REF_NULL_VALUE);
    Arrays.fill(objects, null);
    changed = true;
  }

  /** The heap this table holds. */
  long weightBytes() {
    return refs.length * BYTES_AN_ELEMENT;
  }

  Image takeImage() {
    changed = false;
    return new Image(refs.clone(), owners.clone(), objects.clone());
  }

  void restore(Image image) {
    if (changed) {
      refs = image.refs.clone();
      owners = image.owners.clone();
      objects = image.objects.clone();
      changed = false;
    }
  }

  boolean isEqualTo(Image image) {
    return Arrays.equals(refs, image.refs)
        && Arrays.equals(owners, image.owners)
        && Arrays.equals(objects, image.objects);
  }

  /** A table's contents at the snapshot. */
  @SuppressWarnings("ArrayRecordComponent") // compared by isEqualTo only
  record Image(int[] refs, @Nullable Instance[] owners, @Nullable Object[] objects) {
    long weightBytes() {
      return refs.length * BYTES_AN_ELEMENT;
    }
  }
}
