/** Tests of plugins on a real host: {@link io.gonext.testkit.TestHost} is the entry point. */
@NullMarked
package io.gonext.testkit;

import org.jspecify.annotations.NullMarked;
