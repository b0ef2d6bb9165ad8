/** Hosts for tests with JUnit 5 and 6. */
@NullMarked
package io.gonext.testkit.junit;

import org.jspecify.annotations.NullMarked;
