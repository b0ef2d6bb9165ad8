package io.gonext.cli.admin;

import io.gonext.cli.output.GrowingPause;
import java.io.PrintWriter;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Reads a stream of a host for as long as the command runs; connects again when it breaks off. */
final class Following {
  private final AdminClient host;
  private final PrintWriter err;

  /**
   * @param err where lost connections are reported
   */
  Following(AdminClient host, PrintWriter err) {
    this.host = host;
    this.err = err;
  }

  /**
   * Ends when the thread is interrupted.
   *
   * @param path of the stream, with its query
   * @throws AdminException when the host does not answer or refuses at first
   */
  int run(String path, Consumer<JsonNode> events) throws InterruptedException {
    AdminClient.Place place = new AdminClient.Place();
    GrowingPause pause = new GrowingPause();
    boolean began = false;
    while (true) {
      try {
        host.follow(path, place, events);
        pause.reset();
        began = true;
        err.println("gonext: the connection failed, connecting again");
        err.flush();
      } catch (AdminException e) {
        // A host that answered before may be restarting.
        if (!began || !e.isUnreachable()) {
          throw e;
        }
      }
      pause.await();
    }
  }
}
