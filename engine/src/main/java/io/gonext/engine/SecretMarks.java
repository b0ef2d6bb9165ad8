package io.gonext.engine;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Keeps secrets out of what is recorded: each byte of a secret becomes a mark, so that all lengths
 * stay. A text is found in UTF-8 and in UTF-16, as AssemblyScript has it in memory. A secret that
 * is encoded in another way is not found.
 *
 * <p>Not thread-safe.
 */
public final class SecretMarks {
  private static final byte MARK = '*';

  /** A shorter rest of a secret at the end of a text that was cut is not worth hiding. */
  private static final int LEAST_REST = 4;

  private static final String CUT = "...";

  /**
   * A secret as it may lie in memory.
   *
   * @param marks as long as the bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Form(byte[] bytes, byte[] marks) {}

  private final List<Form> forms = new ArrayList<>();

  /** As they may be in texts: messages are escaped to one plain line before they come here. */
  private final List<String> texts = new ArrayList<>();

  /** Marks out this secret from now on. The array is copied. */
  public void add(byte[] secret) {
    if (secret.length == 0 || isKnown(secret)) {
      return;
    }
    var marks = new byte[secret.length];
    Arrays.fill(marks, MARK);
    forms.add(new Form(secret.clone(), marks));
    String text = new String(secret, StandardCharsets.UTF_8);
    if (!Arrays.equals(text.getBytes(StandardCharsets.UTF_8), secret)) {
      return;
    }
    forms.add(
        new Form(
            text.getBytes(StandardCharsets.UTF_16LE),
            "*".repeat(text.length()).getBytes(StandardCharsets.UTF_16LE)));
    texts.add(text);
    String plain = PlainText.of(text);
    if (!plain.equals(text)) {
      texts.add(plain);
    }
  }

  /** Host functions tell a secret each time that they read it. */
  private boolean isKnown(byte[] secret) {
    for (Form form : forms) {
      if (Arrays.equals(form.bytes, secret)) {
        return true;
      }
    }
    return false;
  }

  /** The same array if there are no secrets, else a copy with the secrets marked out. */
  public byte[] markedOut(byte[] bytes) {
    if (forms.isEmpty()) {
      return bytes;
    }
    byte[] copy = bytes.clone();
    for (Form form : forms) {
      int length = form.bytes.length;
      for (int at = 0; at + length <= bytes.length; at++) {
        if (bytes[at] == form.bytes[0]
            && Arrays.equals(bytes, at, at + length, form.bytes, 0, length)) {
          System.arraycopy(form.marks, 0, copy, at, length);
        }
      }
    }
    return copy;
  }

  /** The text with the secrets marked out, also one that is cut off at its end. */
  public String markedOut(String text) {
    String marked = text;
    for (String secret : texts) {
      marked = marked.replace(secret, "*".repeat(secret.length()));
      marked = withoutRest(marked, secret);
    }
    return marked;
  }

  private static String withoutRest(String text, String secret) {
    if (!text.endsWith(CUT)) {
      return text;
    }
    int end = text.length() - CUT.length();
    for (int length = Math.min(secret.length() - 1, end); length >= LEAST_REST; length--) {
      if (text.startsWith(secret.substring(0, length), end - length)) {
        return text.substring(0, end - length) + "*".repeat(length) + CUT;
      }
    }
    return text;
  }

  /** Whether there is nothing to mark out. */
  public boolean isEmpty() {
    return forms.isEmpty();
  }
}
