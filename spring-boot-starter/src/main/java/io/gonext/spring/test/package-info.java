/** Tests of the parts of an application that plugins use. */
@NullMarked
package io.gonext.spring.test;

import org.jspecify.annotations.NullMarked;
