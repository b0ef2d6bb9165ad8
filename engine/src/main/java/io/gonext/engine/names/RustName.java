package io.gonext.engine.names;

import org.jspecify.annotations.Nullable;

/**
 * Rust's mangling "v0". Leaves out the crates' hashes, the paths of impls and the instantiating
 * crate, like Rust's own short form.
 *
 * <p>Source: the rustc book, "v0 Symbol Format" (RFC 2603).
 */
final class RustName {
  private static final int RADIX = 62;

  private final MangledName in;
  private final StringBuilder out = new StringBuilder();

  /** Lifetimes that the enclosing {@code for<...>} have bound. */
  private int boundLifetimes;

  /** Whether the parsed text is discarded. */
  private boolean silent;

  private RustName(String name) {
    this.in = new MangledName(name, "_R".length());
  }

  static String demangle(String name) throws MangledName.UnknownFormException {
    var reader = new RustName(name);
    reader.path(true);
    return reader.out.toString();
  }

  private void print(String text) throws MangledName.UnknownFormException {
    if (!silent) {
      out.append(text);
      if (out.length() > Demangler.MOST_TEXT_CHARS) {
        throw new MangledName.UnknownFormException();
      }
    }
  }

  // Numbers and identifiers -----------------------------------------------------------------------

  /**
   * A base 62 number. An underscore alone is 0, and all other numbers are one larger than their
   * digits. A crate's hash uses all 64 bits, so a number may be negative.
   */
  private long base62() throws MangledName.UnknownFormException {
    if (in.skip('_')) {
      return 0;
    }
    long number = 0;
    while (!in.skip('_')) {
      char c = in.next();
      int digit =
          MangledName.isDigit(c)
              ? c - '0'
              : c >= 'a' && c <= 'z' ? c - 'a' + 10 : c >= 'A' && c <= 'Z' ? c - 'A' + 36 : -1;
      if (digit < 0) {
        throw new MangledName.UnknownFormException();
      }
      number = number * RADIX + digit;
    }
    return number + 1;
  }

  private long optionalBase62(char tag) throws MangledName.UnknownFormException {
    return in.skip(tag) ? base62() + 1 : 0;
  }

  private String identifier() throws MangledName.UnknownFormException {
    boolean encoded = in.skip('u');
    int length = in.number();
    in.skip('_');
    String bytes = in.take(length);
    return encoded ? Punycode.decode(bytes) : bytes;
  }

  // Paths -----------------------------------------------------------------------------------------

  /**
   * A path.
   *
   * @param isValue whether generic arguments follow a {@code ::}, as outside of types
   */
  private void path(boolean isValue) throws MangledName.UnknownFormException {
    in.enter();
    switch (in.next()) {
      case 'C' -> {
        optionalBase62('s');
        print(identifier());
      }
      case 'M' -> {
        implPath();
        print("<");
        type();
        print(">");
      }
      case 'X' -> {
        implPath();
        traitImpl();
      }
      case 'Y' -> traitImpl();
      case 'N' -> nested(isValue);
      case 'I' -> {
        path(isValue);
        print(isValue ? "::<" : "<");
        genericArguments();
        print(">");
      }
      case 'B' -> {
        int back = backReference();
        path(isValue);
        in.moveTo(back);
      }
      default -> throw new MangledName.UnknownFormException();
    }
    in.leave();
  }

  /** Skips the path of an impl. */
  private void implPath() throws MangledName.UnknownFormException {
    boolean before = silent;
    silent = true;
    optionalBase62('s');
    path(false);
    silent = before;
  }

  private void traitImpl() throws MangledName.UnknownFormException {
    print("<");
    type();
    print(" as ");
    path(false);
    print(">");
  }

  private void nested(boolean isValue) throws MangledName.UnknownFormException {
    char namespace = in.next();
    path(isValue);
    long disambiguator = optionalBase62('s');
    String name = identifier();
    if (namespace >= 'a' && namespace <= 'z') {
      print(name.isEmpty() ? "" : "::" + name);
      return;
    }
    String what =
        switch (namespace) {
          case 'C' -> "closure";
          case 'S' -> "shim";
          default -> String.valueOf(namespace);
        };
    print("::{" + what + (name.isEmpty() ? "" : ":" + name) + "#" + disambiguator + "}");
  }

  /** Moves to the target of a back reference. Returns the position to continue from. */
  private int backReference() throws MangledName.UnknownFormException {
    int tag = in.position() - 1;
    long target = base62() + "_R".length();
    if (target < 0 || target >= tag) {
      throw new MangledName.UnknownFormException();
    }
    int back = in.position();
    in.moveTo((int) target);
    return back;
  }

  private void genericArguments() throws MangledName.UnknownFormException {
    for (boolean first = true; !in.skip('E'); first = false) {
      print(first ? "" : ", ");
      if (in.skip('L')) {
        lifetime(base62());
      } else if (in.skip('K')) {
        constant();
      } else {
        type();
      }
    }
  }

  private void lifetime(long index) throws MangledName.UnknownFormException {
    if (index == 0) {
      print("'_");
      return;
    }
    long fromOutside = boundLifetimes - index;
    if (index < 0 || fromOutside < 0) {
      throw new MangledName.UnknownFormException();
    }
    print(fromOutside < 26 ? "'" + (char) ('a' + fromOutside) : "'_" + fromOutside);
  }

  // Types -----------------------------------------------------------------------------------------

  private void type() throws MangledName.UnknownFormException {
    in.enter();
    char tag = in.peek();
    String basic = basicType(tag);
    if (basic != null) {
      in.next();
      print(basic);
    } else {
      compoundType(tag);
    }
    in.leave();
  }

  private static @Nullable String basicType(char tag) {
    return switch (tag) {
      case 'a' -> "i8";
      case 'b' -> "bool";
      case 'c' -> "char";
      case 'd' -> "f64";
      case 'e' -> "str";
      case 'f' -> "f32";
      case 'h' -> "u8";
      case 'i' -> "isize";
      case 'j' -> "usize";
      case 'l' -> "i32";
      case 'm' -> "u32";
      case 'n' -> "i128";
      case 'o' -> "u128";
      case 'p' -> "_";
      case 's' -> "i16";
      case 't' -> "u16";
      case 'u' -> "()";
      case 'v' -> "...";
      case 'x' -> "i64";
      case 'y' -> "u64";
      case 'z' -> "!";
      default -> null;
    };
  }

  private void compoundType(char tag) throws MangledName.UnknownFormException {
    if ("CMXYNI".indexOf(tag) >= 0) {
      path(false);
      return;
    }
    switch (in.next()) {
      case 'A' -> {
        print("[");
        type();
        print("; ");
        constant();
        print("]");
      }
      case 'S' -> {
        print("[");
        type();
        print("]");
      }
      case 'T' -> tuple();
      case 'R' -> reference("&");
      case 'Q' -> reference("&mut ");
      case 'P' -> {
        print("*const ");
        type();
      }
      case 'O' -> {
        print("*mut ");
        type();
      }
      case 'F' -> functionType();
      case 'D' -> traitObject();
      case 'B' -> {
        int back = backReference();
        type();
        in.moveTo(back);
      }
      default -> throw new MangledName.UnknownFormException();
    }
  }

  private void tuple() throws MangledName.UnknownFormException {
    print("(");
    int count = 0;
    for (; !in.skip('E'); count++) {
      print(count == 0 ? "" : ", ");
      type();
    }
    print(count == 1 ? ",)" : ")");
  }

  private void reference(String sigil) throws MangledName.UnknownFormException {
    if (!in.skip('L')) {
      print(sigil);
    } else {
      long index = base62();
      print("&");
      if (index != 0) {
        lifetime(index);
        print(" ");
      }
      print(sigil.substring(1));
    }
    type();
  }

  private void functionType() throws MangledName.UnknownFormException {
    int before = binder();
    print(in.skip('U') ? "unsafe " : "");
    if (in.skip('K')) {
      print("extern \"" + (in.skip('C') ? "C" : identifier().replace('_', '-')) + "\" ");
    }
    print("fn(");
    for (boolean first = true; !in.skip('E'); first = false) {
      print(first ? "" : ", ");
      type();
    }
    print(")");
    if (!in.skip('u')) {
      print(" -> ");
      type();
    }
    boundLifetimes = before;
  }

  /** Binds lifetimes. Returns how many were bound before. */
  private int binder() throws MangledName.UnknownFormException {
    int before = boundLifetimes;
    long count = optionalBase62('G');
    if (count < 0 || count > Demangler.MOST_TEXT_CHARS) {
      throw new MangledName.UnknownFormException();
    }
    if (count > 0) {
      print("for<");
      for (long i = 0; i < count; i++) {
        boundLifetimes++;
        print(i == 0 ? "" : ", ");
        lifetime(1);
      }
      print("> ");
    }
    return before;
  }

  private void traitObject() throws MangledName.UnknownFormException {
    print("dyn ");
    int before = binder();
    for (boolean first = true; !in.skip('E'); first = false) {
      print(first ? "" : " + ");
      boundedTrait();
    }
    boundLifetimes = before;
    in.expect('L');
    long index = base62();
    if (index != 0) {
      print(" + ");
      lifetime(index);
    }
  }

  /** A trait with its generic arguments and its associated types. */
  private void boundedTrait() throws MangledName.UnknownFormException {
    boolean isOpen = openPath();
    while (in.skip('p')) {
      print(isOpen ? ", " : "<");
      isOpen = true;
      print(identifier() + " = ");
      type();
    }
    print(isOpen ? ">" : "");
  }

  /** A path. Returns true if it has generic arguments and their list is still open. */
  private boolean openPath() throws MangledName.UnknownFormException {
    in.enter();
    boolean isOpen = false;
    if (in.skip('B')) {
      int back = backReference();
      isOpen = openPath();
      in.moveTo(back);
    } else if (in.skip('I')) {
      path(false);
      print("<");
      genericArguments();
      isOpen = true;
    } else {
      path(false);
    }
    in.leave();
    return isOpen;
  }

  // Constants -------------------------------------------------------------------------------------

  private void constant() throws MangledName.UnknownFormException {
    in.enter();
    char tag = in.next();
    switch (tag) {
      case 'p' -> print("_");
      case 'B' -> {
        int back = backReference();
        constant();
        in.moveTo(back);
      }
      case 'b' -> print(hexadecimal().equals("1") ? "true" : "false");
      case 'c' -> print("'" + character(hexadecimal()) + "'");
      case 'a', 's', 'l', 'x', 'n', 'i' -> print((in.skip('n') ? "-" : "") + decimal());
      case 'h', 't', 'm', 'y', 'o', 'j' -> print(decimal());
      default -> throw new MangledName.UnknownFormException();
    }
    in.leave();
  }

  private String hexadecimal() throws MangledName.UnknownFormException {
    var digits = new StringBuilder();
    while (!in.skip('_')) {
      char c = in.next();
      if (!MangledName.isDigit(c) && (c < 'a' || c > 'f')) {
        throw new MangledName.UnknownFormException();
      }
      digits.append(c);
    }
    return digits.toString();
  }

  private String decimal() throws MangledName.UnknownFormException {
    String digits = hexadecimal();
    if (digits.isEmpty()) {
      return "0";
    }
    return digits.length() > 16 ? "0x" + digits : Long.toUnsignedString(parse(digits));
  }

  private static String character(String digits) throws MangledName.UnknownFormException {
    long code = digits.isEmpty() || digits.length() > 6 ? 0 : parse(digits);
    if (!Character.isValidCodePoint((int) code)) {
      throw new MangledName.UnknownFormException();
    }
    return Character.toString((int) code);
  }

  private static long parse(String digits) {
    return Long.parseUnsignedLong(digits, 16);
  }
}
