package io.gonext.host.recording;

import java.util.List;

/**
 * What a recording was made with. A part that is not known is empty.
 *
 * @param host the version of GoNext
 * @param java the version of the Java machine
 * @param system the operating system with its version
 * @param architecture of the processor, as Java names it
 * @param tools what compiled the module, as the module says itself: names with versions
 */
public record RecordedOn(
    String host, String java, String system, String architecture, List<String> tools) {
  public RecordedOn {
    tools = List.copyOf(tools);
  }

  /** This process, with a module that these tools made. */
  public static RecordedOn here(String host, List<String> tools) {
    return new RecordedOn(
        host,
        System.getProperty("java.vendor", "") + " " + Runtime.version(),
        System.getProperty("os.name", "") + " " + System.getProperty("os.version", ""),
        System.getProperty("os.arch", ""),
        tools);
  }
}
