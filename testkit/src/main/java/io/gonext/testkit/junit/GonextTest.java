package io.gonext.testkit.junit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/** The tests of a class may have a parameter {@code TestHost host}: each gets a new host. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(GonextExtension.class)
public @interface GonextTest {
  /** What the random numbers of plugins are made from. */
  long seed() default 0;
}
