package io.gonext.spring;

import io.gonext.host.manifest.Manifest;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A method of a bean that is an action of a hook: called when it happens, beside the actions of
 * plugins. Its parameters are the arguments of the hook; see {@link GonextFilter}.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface GonextAction {
  /** The name of the hook. */
  String value();

  /** Lower runs first. */
  int priority() default Manifest.DEFAULT_PRIORITY;
}
