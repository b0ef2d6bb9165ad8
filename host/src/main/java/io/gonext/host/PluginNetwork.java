package io.gonext.host;

import java.io.IOException;
import java.net.URI;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Answers the HTTP requests of plugins in place of the network; see {@link HostConfig#network}. It
 * stands below everything else that the host does for a request: capabilities, the manifest's list
 * of origins, addresses that are written in the URL, budgets, redirects and the audit log stay.
 * Names are not looked up.
 *
 * <p>Called on the threads of plugins' calls, several at once.
 */
@FunctionalInterface
public interface PluginNetwork {
  /**
   * Answers one request.
   *
   * @throws IOException when there is no answer: the plugin is told of a failure, and with a {@link
   *     java.net.SocketTimeoutException} of a timeout
   */
  Answer send(Request request) throws IOException;

  /**
   * A request as the network would see it.
   *
   * @param plugin that sends it
   * @param method upper case
   * @param url with the values of secrets filled in
   * @param headers by name in any case, with the values of secrets filled in
   * @param body empty for none; not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent") // one block, which nobody compares
  record Request(String plugin, String method, URI url, Map<String, String> headers, byte[] body) {
    public Request {
      headers = sorted(headers);
    }
  }

  /**
   * An answer.
   *
   * @param status from 200 to 599
   * @param headers by name in any case
   * @param body not compressed; not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Answer(int status, Map<String, String> headers, byte[] body) {
    public Answer {
      if (status < 200 || status > 599) {
        throw new IllegalArgumentException("the status of an answer is from 200 to 599: " + status);
      }
      headers = sorted(headers);
    }
  }

  private static Map<String, String> sorted(Map<String, String> headers) {
    Map<String, String> sorted = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    sorted.putAll(headers);
    return Collections.unmodifiableMap(sorted);
  }
}
