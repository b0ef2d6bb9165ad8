package io.gonext.cli.telemetry;

import java.util.Locale;

/** The kinds of telemetry, each with an exporter of its own. */
enum Signal {
  TRACES,
  METRICS,
  LOGS;

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
