/** Tests of a project's {@code tests/*.json}, and the reports of them. */
@NullMarked
package io.gonext.cli.testing;

import org.jspecify.annotations.NullMarked;
