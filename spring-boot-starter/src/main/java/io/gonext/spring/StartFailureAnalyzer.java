package io.gonext.spring;

import io.gonext.host.HostException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;

/** Shows a sentence instead of a stack trace when the host cannot start. */
final class StartFailureAnalyzer implements FailureAnalyzer {
  @Override
  public @Nullable FailureAnalysis analyze(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof GonextStartException || cause instanceof HostException) {
        return new FailureAnalysis("GoNext: " + cause.getMessage(), null, cause);
      }
    }
    return null;
  }
}
