package io.gonext.engine;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import run.endive.runtime.Instance;
import run.endive.runtime.Machine;

/**
 * Loads the classes of one module. They can refer to the engine's classes. Unloads when the module
 * and its instances are unreachable.
 */
final class GuestClassLoader extends ClassLoader {
  private static final MethodType CONSTRUCTOR = MethodType.methodType(void.class, Instance.class);
  private static final MethodType FACTORY = MethodType.methodType(Machine.class, Instance.class);

  /** The classes' bytes by name. Filled before the first class is loaded. */
  private final Map<String, byte[]> classes;

  GuestClassLoader(Map<String, byte[]> classes) {
    super("gonext-guest", GuestClassLoader.class.getClassLoader());
    this.classes = Map.copyOf(classes);
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    byte @Nullable [] bytes = classes.get(name);
    if (bytes == null) {
      throw new ClassNotFoundException(name);
    }
    return defineClass(name, bytes, 0, bytes.length);
  }

  /**
   * A factory for machines of the class of this name. The JVM verifies all classes first.
   *
   * @throws LinkageError when the JVM refuses one
   */
  Function<Instance, Machine> machineFactory(String machineClass) {
    try {
      for (String name : classes.keySet()) {
        Class.forName(name, true, this);
      }
      MethodHandle constructor =
          MethodHandles.publicLookup()
              .findConstructor(Class.forName(machineClass, true, this), CONSTRUCTOR)
              .asType(FACTORY);
      return instance -> machine(constructor, instance);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the compiled module has no machine class: " + e, e);
    }
  }

  private static Machine machine(MethodHandle constructor, Instance instance) {
    try {
      return (Machine) constructor.invokeExact(instance);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a machine's constructor throws nothing checked", e);
    }
  }
}
