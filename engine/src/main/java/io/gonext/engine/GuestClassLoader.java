package io.gonext.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Loads the classes of one module, and its own copy of {@link AccessTemplate}. They can refer to
 * the engine's classes. Unloads when the module and its instances are unreachable.
 */
final class GuestClassLoader extends ClassLoader {
  private static final MethodType CONSTRUCTOR = MethodType.methodType(void.class);
  private static final MethodType FACTORY = MethodType.methodType(GuestCode.class);

  /** The class that each module has a copy of. */
  private static final String ACCESSES = AccessTemplate.class.getName();

  private static final byte[] ACCESSES_CLASS = accesses();

  /** The classes' bytes by name. Filled before the first class is loaded. */
  private final Map<String, byte[]> classes;

  GuestClassLoader(Map<String, byte[]> classes) {
    this("gonext-guest", classes);
  }

  /**
   * A loader of these classes.
   *
   * @param name by which a profile tells modules apart
   */
  GuestClassLoader(String name, Map<String, byte[]> classes) {
    super(name, GuestClassLoader.class.getClassLoader());
    this.classes = Map.copyOf(classes);
  }

  private static byte[] accesses() {
    try (InputStream in = AccessTemplate.class.getResourceAsStream("AccessTemplate.class")) {
      return Objects.requireNonNull(in).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.equals(ACCESSES)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded == null ? defineClass(name, ACCESSES_CLASS, 0, ACCESSES_CLASS.length) : loaded;
    }
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
   * Makes objects of the class of this name. The JVM verifies all classes first.
   *
   * @throws LinkageError when the JVM refuses one
   */
  Supplier<GuestCode> instances(String className) {
    try {
      for (String name : classes.keySet()) {
        Class.forName(name, true, this);
      }
      MethodHandle constructor =
          MethodHandles.publicLookup()
              .findConstructor(Class.forName(className, true, this), CONSTRUCTOR)
              .asType(FACTORY);
      return () -> instance(constructor);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the compiled module has no such class: " + e, e);
    }
  }

  private static GuestCode instance(MethodHandle constructor) {
    try {
      return (GuestCode) constructor.invokeExact();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a compiled constructor throws nothing checked", e);
    }
  }
}
