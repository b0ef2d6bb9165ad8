package io.gonext.cli.output;

import io.gonext.engine.PlainText;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Why a host refused a request, from the body of its answer ({@code application/problem+json}, RFC
 * 9457).
 *
 * @param detail one sentence; empty when the answer has none
 * @param problems one sentence each; empty when the host gave no list
 */
public record HostRefusal(String detail, List<String> problems) {
  /** Copies the list. */
  public HostRefusal {
    problems = List.copyOf(problems);
  }

  /** Reads the body of an answer; everything is empty when it is not a problem in JSON. */
  public static HostRefusal parse(byte[] body) {
    try {
      JsonNode problem = StrictJson.parse(body);
      return new HostRefusal(
          PlainText.of(problem.path("detail").asString(""), Integer.MAX_VALUE),
          problem
              .path("problems")
              .valueStream()
              .map(reason -> PlainText.of(reason.asString(""), Integer.MAX_VALUE))
              .toList());
    } catch (InvalidJsonException e) {
      return new HostRefusal("", List.of());
    }
  }

  /** The detail; without the problems, when there are several that lines of their own show. */
  public String summary() {
    return BundleRejectedException.summary(detail, problems);
  }

  /** A line for each problem, when there are several. */
  public List<String> lines() {
    return problems.size() > 1
        ? problems.stream().map(problem -> "- " + problem).toList()
        : List.of();
  }
}
