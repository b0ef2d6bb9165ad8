/** A plugin host in a Spring Boot application: its properties, beans and annotations. */
@NullMarked
package io.gonext.spring;

import org.jspecify.annotations.NullMarked;
