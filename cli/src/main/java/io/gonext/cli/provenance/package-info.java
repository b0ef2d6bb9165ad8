/**
 * What a bundle was made from and how: the SBOM and the provenance that {@code plugin pack} writes,
 * and the comparison of two builds. {@link io.gonext.cli.provenance.Sbom} and {@link
 * io.gonext.cli.provenance.Provenance} also read what other machines wrote.
 */
@NullMarked
package io.gonext.cli.provenance;

import org.jspecify.annotations.NullMarked;
