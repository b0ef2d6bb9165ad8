/** Tests of plugins in JSON files: {@link io.gonext.testkit.file.TestSuite} runs them. */
@NullMarked
package io.gonext.testkit.file;

import org.jspecify.annotations.NullMarked;
