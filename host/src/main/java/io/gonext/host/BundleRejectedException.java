package io.gonext.host;

import io.gonext.engine.PlainText;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A bundle, its manifest or its module is not acceptable; nothing was installed. */
public final class BundleRejectedException extends HostException {
  private static final long serialVersionUID = 1L;

  /** Further problems are counted, but not listed. */
  private static final int MAX_PROBLEMS = 50;

  private final transient List<String> problems;

  /** The name in its manifest, which may not be valid; empty when it is not known. */
  private final String claimedName;

  public BundleRejectedException(String message) {
    this(message, (Throwable) null);
  }

  public BundleRejectedException(String message, @Nullable Throwable cause) {
    super(message, cause);
    this.problems = List.of(getMessage());
    this.claimedName = "";
  }

  /**
   * A refusal for several reasons.
   *
   * @param problems a sentence each; {@code message} holds them all
   */
  public BundleRejectedException(String message, List<String> problems, @Nullable Throwable cause) {
    super(message, cause);
    this.problems = problems.stream().map(PlainText::of).toList();
    this.claimedName = "";
  }

  private BundleRejectedException(
      String message, BundleRejectedException cause, String claimedName) {
    super(message, cause);
    this.problems = cause.problems;
    this.claimedName = claimedName;
  }

  /**
   * A refusal for all that is wrong with something.
   *
   * @param problems a sentence each, at least one
   */
  public static BundleRejectedException of(String what, List<String> problems) {
    List<String> told = new ArrayList<>(problems.stream().limit(MAX_PROBLEMS).toList());
    if (problems.size() > MAX_PROBLEMS) {
      told.add("and " + (problems.size() - MAX_PROBLEMS) + " more");
    }
    return new BundleRejectedException(
        what
            + " has "
            + (problems.size() == 1 ? "a problem" : problems.size() + " problems")
            + ": "
            + String.join("; ", told),
        told,
        null);
  }

  /** What is wrong, a sentence each. */
  public List<String> problems() {
    return problems;
  }

  /**
   * What is refused, for whoever shows the problems in lines of their own: the message without
   * them, where there are several; otherwise the message.
   */
  public String summary() {
    return summary(getMessage(), problems);
  }

  /** As {@link #summary()}, for a refusal that came over the network. */
  public static String summary(String message, List<String> problems) {
    String told = String.join("; ", problems);
    if (problems.size() < 2 || !message.endsWith(told)) {
      return message;
    }
    String before = message.substring(0, message.length() - told.length());
    return before.isEmpty() ? "it has " + problems.size() + " problems:" : before.strip();
  }

  /** The same refusal, with the place it is about before its message. */
  public BundleRejectedException in(String place) {
    return new BundleRejectedException(place + ": " + getMessage(), this, claimedName);
  }

  /** The same refusal, of a bundle whose manifest says that this is its name. */
  public BundleRejectedException claiming(String name) {
    return new BundleRejectedException(getMessage(), this, name);
  }

  /**
   * The name in the manifest of the bundle, exactly as its author wrote it. Empty when the manifest
   * is missing or cannot be read.
   */
  public String claimedName() {
    return claimedName;
  }
}
