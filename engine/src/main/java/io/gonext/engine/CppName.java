package io.gonext.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * C++'s mangling of clang and GCC: names, nested and local ones, templates, operators, lambdas,
 * types and substitutions. Expressions ({@code decltype}, {@code noexcept}, conditions in template
 * arguments) are of no known form here.
 *
 * <p>Source: Itanium C++ ABI, chapter 5.1 (mangling).
 */
final class CppName {
  /** Each operator's code and what follows the word operator, with a space if that is a word. */
  private static final Map<String, String> OPERATORS =
      Stream.of(
              "nwnew nanew[] dldelete dadelete[] awco_await ps+ ng- ad& de* co~ pl+ mi- ml* dv/"
                  + " rm%",
              "an& or| eo^ aS= pL+= mI-= mL*= dV/= rM%= aN&= oR|= eO^= ls<< rs>> lS<<= rS>>= eq==",
              "ne!= lt< gt> le<= ge>= ss<=> nt! aa&& oo|| pp++ mm-- cm, pm->* pt-> cl() ix[]")
          .flatMap(line -> Stream.of(line.split(" ")))
          .collect(
              Collectors.toUnmodifiableMap(
                  entry -> entry.substring(0, 2),
                  entry -> (Character.isLetter(entry.charAt(2)) ? " " : "") + entry.substring(2)));

  private static final Map<String, String> SPECIAL =
      Map.of(
          "TV", "vtable for ",
          "TT", "VTT for ",
          "TI", "typeinfo for ",
          "TS", "typeinfo name for ",
          "TW", "thread-local wrapper routine for ",
          "TH", "thread-local initialization routine for ",
          "GV", "guard variable for ");

  private static final Map<Character, String> STANDARD =
      Map.of(
          'a', "std::allocator",
          'b', "std::basic_string",
          's', "std::string",
          'i', "std::istream",
          'o', "std::ostream",
          'd', "std::iostream");

  /** What the name of a function says about its type. */
  private record Name(String text, String qualifiers, boolean hasReturnType) {}

  private final MangledName in;
  private final List<CppType> substitutions = new ArrayList<>();

  /** Of the function whose name is read. */
  private List<CppType> templateArguments = List.of();

  /** Whether the part of a name that was read last ended with template arguments. */
  private boolean endedInArguments;

  /** Whether it was a constructor, a destructor or a conversion, which return nothing else. */
  private boolean returnsItself;

  private CppName(String name) {
    this.in = new MangledName(name, "_Z".length());
  }

  static String demangle(String name) throws MangledName.UnknownFormException {
    var reader = new CppName(name);
    String text = reader.encoding();
    // Compilers append what they did to a function, as in ".llvm.123".
    if (!reader.in.isAtEnd() && reader.in.peek() != '.') {
      throw new MangledName.UnknownFormException();
    }
    return text;
  }

  // Encodings -------------------------------------------------------------------------------------

  private String encoding() throws MangledName.UnknownFormException {
    in.enter();
    String text = in.peek() == 'T' || in.peek() == 'G' ? special() : function();
    in.leave();
    return MangledName.bounded(text);
  }

  private String special() throws MangledName.UnknownFormException {
    if (in.skip("Th")) {
      callOffset(1);
      return "non-virtual thunk to " + encoding();
    }
    if (in.skip("Tv")) {
      callOffset(2);
      return "virtual thunk to " + encoding();
    }
    String kind = in.take(2);
    String prefix = SPECIAL.get(kind);
    if (prefix == null) {
      throw new MangledName.UnknownFormException();
    }
    boolean ofType = kind.charAt(0) == 'T' && "VTIS".indexOf(kind.charAt(1)) >= 0;
    return prefix + (ofType ? type().text() : name(false).text());
  }

  private void callOffset(int numbers) throws MangledName.UnknownFormException {
    for (int i = 0; i < numbers; i++) {
      in.skip('n');
      decimal();
      in.expect('_');
    }
  }

  private String function() throws MangledName.UnknownFormException {
    Name name = name(true);
    if (endsEncoding()) {
      return name.text();
    }
    CppType returned = name.hasReturnType() ? type() : CppType.of("");
    String before = returned.left().isEmpty() ? "" : returned.left() + " ";
    return before + name.text() + parameters() + name.qualifiers() + returned.right();
  }

  private boolean endsEncoding() {
    return in.isAtEnd() || in.peek() == 'E' || in.peek() == '.';
  }

  private String parameters() throws MangledName.UnknownFormException {
    var types = new ArrayList<CppType>();
    do {
      types.add(type());
    } while (!endsEncoding() && !isReference());
    boolean none = types.size() == 1 && types.getFirst().text().equals("void");
    return none ? "()" : "(" + join(types) + ")";
  }

  /** At the end of a function's type, before its E: not a parameter but what this refers to. */
  private boolean isReference() {
    int here = in.position();
    boolean reference = in.skip("RE") || in.skip("OE");
    in.moveTo(here);
    return reference;
  }

  private static String join(List<CppType> types) throws MangledName.UnknownFormException {
    return MangledName.bounded(new CppType("", "", false, types).text());
  }

  // Names -----------------------------------------------------------------------------------------

  /**
   * A name.
   *
   * @param ofFunction whether its template arguments are those that its type refers to
   */
  private Name name(boolean ofFunction) throws MangledName.UnknownFormException {
    in.enter();
    endedInArguments = false;
    returnsItself = false;
    Name name =
        switch (in.peek()) {
          case 'N' -> nested(ofFunction);
          case 'Z' -> local(ofFunction);
          default -> unscoped(ofFunction);
        };
    in.leave();
    return name;
  }

  private Name named(String text, String qualifiers) throws MangledName.UnknownFormException {
    return new Name(MangledName.bounded(text), qualifiers, endedInArguments && !returnsItself);
  }

  private Name unscoped(boolean ofFunction) throws MangledName.UnknownFormException {
    String text;
    boolean isStandard = in.skip("St");
    if (!isStandard && in.peek() == 'S') {
      text = substitution().text();
      if (in.peek() != 'I') {
        throw new MangledName.UnknownFormException();
      }
    } else {
      text = (isStandard ? "std::" : "") + unqualified("");
      if (in.peek() == 'I') {
        substitutions.add(CppType.of(text));
      }
    }
    if (in.peek() == 'I') {
      text += arguments(ofFunction);
      endedInArguments = true;
    }
    return named(text, "");
  }

  private Name nested(boolean ofFunction) throws MangledName.UnknownFormException {
    in.expect('N');
    String qualifiers = qualifiers();
    qualifiers += in.skip('R') ? " &" : in.skip('O') ? " &&" : "";
    String text = "";
    boolean substituted = true;
    while (!in.skip('E')) {
      boolean wasSubstituted = false;
      endedInArguments = false;
      char c = in.peek();
      if (c == 'I') {
        text += arguments(ofFunction);
        endedInArguments = true;
      } else if (c == 'T') {
        text = parameter().text();
      } else if (in.skip("St")) {
        text = "std";
        wasSubstituted = true;
      } else if (c == 'S') {
        text = substitution().text();
        wasSubstituted = true;
      } else {
        text += (text.isEmpty() ? "" : "::") + unqualified(text);
      }
      // The whole name is none by itself; where it names a type, that type is.
      if (!wasSubstituted && in.peek() != 'E') {
        substitutions.add(CppType.of(MangledName.bounded(text)));
      }
      substituted = wasSubstituted;
    }
    if (substituted) {
      throw new MangledName.UnknownFormException();
    }
    return named(text, qualifiers);
  }

  /** Restrict, volatile and const, in the order in which they are written. */
  private String qualifiers() {
    String restrict = in.skip('r') ? " restrict" : "";
    String isVolatile = in.skip('V') ? " volatile" : "";
    return (in.skip('K') ? " const" : "") + isVolatile + restrict;
  }

  private Name local(boolean ofFunction) throws MangledName.UnknownFormException {
    in.expect('Z');
    List<CppType> outside = templateArguments;
    String function = encoding();
    in.expect('E');
    if (in.skip('s')) {
      discriminator();
      return new Name(function + "::string literal", "", false);
    }
    if (!ofFunction) {
      templateArguments = outside;
    }
    Name entity = name(ofFunction);
    discriminator();
    return new Name(
        MangledName.bounded(function + "::" + entity.text()),
        entity.qualifiers(),
        entity.hasReturnType());
  }

  private void discriminator() throws MangledName.UnknownFormException {
    if (in.skip("__")) {
      in.number();
      in.expect('_');
    } else if (in.skip('_')) {
      in.number();
    }
  }

  /**
   * One part of a name.
   *
   * @param scope what comes before it, after which constructors are called
   */
  private String unqualified(String scope) throws MangledName.UnknownFormException {
    in.skip('L'); // Internal linkage.
    returnsItself = false;
    String text;
    char c = in.peek();
    if (MangledName.isDigit(c)) {
      text = source();
    } else if (c == 'U') {
      text = unnamed();
    } else if ((c == 'C' || c == 'D') && !scope.isEmpty()) {
      in.next();
      boolean isInherited = c == 'C' && in.skip('I');
      if (!MangledName.isDigit(in.next())) {
        throw new MangledName.UnknownFormException();
      }
      if (isInherited) {
        type(); // From which class, which its own name does not say either.
      }
      returnsItself = true;
      text = (c == 'D' ? "~" : "") + lastPart(scope);
    } else {
      text = operator();
    }
    while (in.skip('B')) {
      text += "[abi:" + source() + "]";
    }
    return text;
  }

  private String source() throws MangledName.UnknownFormException {
    String text = in.take(in.number());
    return text.startsWith("_GLOBAL__N") ? "(anonymous namespace)" : text;
  }

  /** What a class's constructors are called: its name without scope and template arguments. */
  private static String lastPart(String scope) {
    int depth = 0;
    int end = scope.length();
    for (int at = scope.length() - 1; at >= 0; at--) {
      char c = scope.charAt(at);
      if (c == '>') {
        depth++;
      } else if (c == '<' && --depth == 0) {
        end = Math.min(end, at);
      } else if (c == ':' && depth == 0) {
        return scope.substring(at + 1, end);
      }
    }
    return scope.substring(0, end);
  }

  private String unnamed() throws MangledName.UnknownFormException {
    in.expect('U');
    if (in.skip('t')) {
      return "{unnamed type#" + ordinal() + "}";
    }
    in.expect('l');
    var types = new ArrayList<CppType>();
    while (!in.skip('E')) {
      types.add(type());
    }
    String parameters =
        types.size() == 1 && types.getFirst().text().equals("void") ? "" : join(types);
    return "{lambda(" + parameters + ")#" + ordinal() + "}";
  }

  /** Nothing is the first, 0 the second. */
  private int ordinal() throws MangledName.UnknownFormException {
    if (in.skip('_')) {
      return 1;
    }
    int number = in.number();
    in.expect('_');
    return number + 2;
  }

  private String operator() throws MangledName.UnknownFormException {
    if (in.skip("cv")) {
      String to = type().text();
      returnsItself = true;
      return "operator " + to;
    }
    if (in.skip("li")) {
      return "operator\"\" " + source();
    }
    String symbol = OPERATORS.get(in.take(2));
    if (symbol == null) {
      throw new MangledName.UnknownFormException();
    }
    return "operator" + symbol;
  }

  // Substitutions and templates -------------------------------------------------------------------

  private CppType substitution() throws MangledName.UnknownFormException {
    in.expect('S');
    String standard = STANDARD.get(in.peek());
    if (standard != null) {
      in.next();
      return CppType.of(standard);
    }
    return at(substitutions, sequence());
  }

  /** Nothing is 0, and base 36 digits are one more than their number. */
  private int sequence() throws MangledName.UnknownFormException {
    int index = 0;
    for (boolean first = true; !in.skip('_'); first = false) {
      int digit = Character.digit(in.next(), 36);
      index = (first ? 0 : (index - 1) * 36) + digit + 1;
      if (digit < 0 || index > MangledName.MOST_TEXT_CHARS) {
        throw new MangledName.UnknownFormException();
      }
    }
    return index;
  }

  private CppType parameter() throws MangledName.UnknownFormException {
    in.expect('T');
    if (in.skip('_')) {
      return at(templateArguments, 0);
    }
    int number = in.number();
    in.expect('_');
    return at(templateArguments, number + 1);
  }

  private static CppType at(List<CppType> known, int index)
      throws MangledName.UnknownFormException {
    if (index >= known.size()) {
      throw new MangledName.UnknownFormException();
    }
    return known.get(index);
  }

  private String arguments(boolean ofFunction) throws MangledName.UnknownFormException {
    in.enter();
    in.expect('I');
    var arguments = new ArrayList<CppType>();
    while (!in.skip('E')) {
      arguments.add(argument());
    }
    if (ofFunction) {
      templateArguments = arguments;
    }
    in.leave();
    return "<" + join(arguments) + ">";
  }

  private CppType argument() throws MangledName.UnknownFormException {
    if (in.skip('L')) {
      return CppType.of(literal());
    }
    if (in.skip('J')) {
      in.enter();
      var pack = new ArrayList<CppType>();
      while (!in.skip('E')) {
        pack.add(argument());
      }
      in.leave();
      join(pack); // Only to bound it.
      return new CppType("", "", false, pack);
    }
    if (in.skip('X')) {
      CppType value = expression();
      in.expect('E');
      return value;
    }
    return type();
  }

  /** Only what stands in place of a value: a parameter, a pack of them, a function's address. */
  private CppType expression() throws MangledName.UnknownFormException {
    if (in.skip("sp")) {
      return parameter();
    }
    if (in.skip("adL")) {
      return CppType.of("&" + literal());
    }
    return parameter();
  }

  private String literal() throws MangledName.UnknownFormException {
    if (in.skip("_Z")) {
      String text = encoding();
      in.expect('E');
      return text;
    }
    if (in.skip("Dn")) {
      in.skip('0');
      in.expect('E');
      return "nullptr";
    }
    String type = type().text();
    String digits = (in.skip('n') ? "-" : "") + decimal();
    in.expect('E');
    return switch (type) {
      case "bool" -> digits.equals("0") ? "false" : "true";
      case "int" -> digits;
      case "unsigned int" -> digits + "u";
      case "long" -> digits + "l";
      case "unsigned long" -> digits + "ul";
      case "long long" -> digits + "ll";
      case "unsigned long long" -> digits + "ull";
      default -> "(" + type + ")" + digits;
    };
  }

  /** A number of any size, or nothing. */
  private String decimal() throws MangledName.UnknownFormException {
    var digits = new StringBuilder();
    while (MangledName.isDigit(in.peek())) {
      digits.append(in.next());
    }
    return MangledName.bounded(digits.toString());
  }

  // Types -----------------------------------------------------------------------------------------

  private CppType type() throws MangledName.UnknownFormException {
    in.enter();
    String builtin = builtin(in.peek());
    CppType type;
    if (builtin != null) {
      in.next();
      type = CppType.of(builtin);
    } else {
      type = compound();
    }
    in.leave();
    MangledName.bounded(type.text());
    return type;
  }

  private static @Nullable String builtin(char c) {
    return switch (c) {
      case 'v' -> "void";
      case 'w' -> "wchar_t";
      case 'b' -> "bool";
      case 'c' -> "char";
      case 'a' -> "signed char";
      case 'h' -> "unsigned char";
      case 's' -> "short";
      case 't' -> "unsigned short";
      case 'i' -> "int";
      case 'j' -> "unsigned int";
      case 'l' -> "long";
      case 'm' -> "unsigned long";
      case 'x' -> "long long";
      case 'y' -> "unsigned long long";
      case 'n' -> "__int128";
      case 'o' -> "unsigned __int128";
      case 'f' -> "float";
      case 'd' -> "double";
      case 'e' -> "long double";
      case 'g' -> "__float128";
      case 'z' -> "...";
      default -> null;
    };
  }

  private CppType compound() throws MangledName.UnknownFormException {
    char c = in.peek();
    CppType type;
    switch (c) {
      case 'r', 'V', 'K' -> {
        String qualifiers = qualifiers();
        type = type().each(inner -> inner.qualified(qualifiers));
      }
      case 'P' -> type = inside().each(to -> to.pointedTo("*"));
      case 'R' -> type = inside().each(to -> to.referredTo("&"));
      case 'O' -> type = inside().each(to -> to.referredTo("&&"));
      case 'F' -> type = functionType();
      case 'A' -> type = array();
      case 'M' -> type = memberPointer();
      case 'T' -> {
        type = parameter();
        if (in.peek() == 'I') {
          substitutions.add(type);
          type = CppType.of(type.text() + arguments(false));
        }
      }
      case 'D' -> {
        return shortType();
      }
      case 'S' -> {
        if (!in.skip("St")) {
          CppType known = substitution();
          if (in.peek() != 'I') {
            return known;
          }
          type = CppType.of(known.text() + arguments(false));
        } else {
          in.moveTo(in.position() - 2);
          type = CppType.of(innerName());
        }
      }
      default -> type = CppType.of(innerName());
    }
    substitutions.add(type);
    return type;
  }

  /** A class's name inside of a function's, of which it is no part. */
  private String innerName() throws MangledName.UnknownFormException {
    boolean arguments = endedInArguments;
    boolean itself = returnsItself;
    String text = name(false).text();
    endedInArguments = arguments;
    returnsItself = itself;
    return text;
  }

  /** The type after the letter that says what is made of it. */
  private CppType inside() throws MangledName.UnknownFormException {
    in.next();
    return type();
  }

  private CppType functionType() throws MangledName.UnknownFormException {
    in.expect('F');
    in.skip('Y'); // extern "C".
    CppType returned = type();
    String parameters = parameters();
    String reference = in.skip('R') ? " &" : in.skip('O') ? " &&" : "";
    in.expect('E');
    return new CppType(
        returned.left() + " ", parameters + reference + returned.right(), true, null);
  }

  private CppType array() throws MangledName.UnknownFormException {
    in.expect('A');
    String length = decimal();
    in.expect('_');
    CppType element = type();
    String left = element.declares() ? element.left() : element.left() + " ";
    return new CppType(left, "[" + length + "]" + element.right(), true, null);
  }

  private CppType memberPointer() throws MangledName.UnknownFormException {
    in.expect('M');
    String owner = type().text();
    CppType member = type();
    return member.declares()
        ? new CppType(member.left() + "(" + owner + "::*", ")" + member.right(), false, null)
        : new CppType(member.left() + " " + owner + "::*", member.right(), false, null);
  }

  /** The types that begin with a D. Those that are built in are no substitutions. */
  private CppType shortType() throws MangledName.UnknownFormException {
    in.expect('D');
    return switch (in.next()) {
      case 'n' -> CppType.of("std::nullptr_t");
      case 'i' -> CppType.of("char32_t");
      case 's' -> CppType.of("char16_t");
      case 'u' -> CppType.of("char8_t");
      case 'a' -> CppType.of("auto");
      case 'c' -> CppType.of("decltype(auto)");
      case 'p' -> {
        CppType pack = type();
        substitutions.add(pack);
        yield pack;
      }
      default -> throw new MangledName.UnknownFormException();
    };
  }
}
