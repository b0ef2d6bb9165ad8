/**
 * The export to a collector of OpenTelemetry. Nothing of this package, and nothing of
 * OpenTelemetry's SDK, is loaded unless an operator asks for it.
 */
@NullMarked
package io.gonext.cli.telemetry;

import org.jspecify.annotations.NullMarked;
