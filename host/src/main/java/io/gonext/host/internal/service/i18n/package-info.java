/** {@code gn_i18n_translate}: the texts of a bundle in the languages of its users. */
@NullMarked
package io.gonext.host.internal.service.i18n;

import org.jspecify.annotations.NullMarked;
