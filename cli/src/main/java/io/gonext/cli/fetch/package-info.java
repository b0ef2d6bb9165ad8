/** Where bundles and indexes come from: files, web servers and registries. */
@NullMarked
package io.gonext.cli.fetch;

import org.jspecify.annotations.NullMarked;
