package io.tenon.nvme.internal.reservation;

import io.tenon.nvme.internal.reservation.ReservationFile.Unreadable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON text (RFC 8259) of a bounded depth into maps, lists, strings, booleans and {@link Numeral}s; a {@code null} is left
 * out of its object.
 */
final class Json {
  private static final int MOST_DEPTH = 16;

  /** As it was written: keys of reservations need all 64 bits. */
  record Numeral(String text) {}

  /** In place of {@code null}. */
  private record Nothing() {}

  private final String text;
  private int at;
  private int depth;

  private Json(String text) {
    this.text = text;
  }

  static Object read(String text) throws Unreadable {
    var json = new Json(text);
    var value = json.value();
    json.skipSpace();
    if (json.at < text.length()) throw json.wrong("more text than one value");
    return value;
  }

  private Unreadable wrong(String what) {
    return new Unreadable("it is not JSON: " + what + " at character " + (at + 1) + ".");
  }

  private void skipSpace() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
  }

  private char next() throws Unreadable {
    if (at >= text.length()) throw wrong("the end");
    return text.charAt(at);
  }

  private boolean take(char wanted) throws Unreadable {
    skipSpace();
    if (next() != wanted) return false;
    at++;
    return true;
  }

  private void expect(char wanted) throws Unreadable {
    if (!take(wanted)) throw wrong("no '" + wanted + "'");
  }

  private Object value() throws Unreadable {
    skipSpace();
    char first = next();
    if (first == '{' || first == '[') {
      if (++depth > MOST_DEPTH) throw wrong("too deep a nesting");
      var value = first == '{' ? object() : array();
      depth--;
      return value;
    }
    if (first == '"') return string();
    if (first == '-' || (first >= '0' && first <= '9')) return number();
    if (word("true")) return true;
    if (word("false")) return false;
    if (word("null")) return new Nothing();
    throw wrong("no value");
  }

  private boolean word(String word) {
    if (!text.startsWith(word, at)) return false;
    at += word.length();
    return true;
  }

  private Map<String, Object> object() throws Unreadable {
    at++;
    var object = new LinkedHashMap<String, Object>();
    if (take('}')) return object;
    do {
      skipSpace();
      if (next() != '"') throw wrong("no name");
      String name = string();
      expect(':');
      var value = value();
      if (object.putIfAbsent(name, value) != null) throw wrong("\"" + name + "\" a second time");
    } while (take(','));
    expect('}');
    object.values().removeIf(Nothing.class::isInstance);
    return object;
  }

  private List<Object> array() throws Unreadable {
    at++;
    var array = new ArrayList<>();
    if (take(']')) return array;
    do {
      array.add(value());
    } while (take(','));
    expect(']');
    return array;
  }

  private Numeral number() throws Unreadable {
    int start = at;
    while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
    String number = text.substring(start, at);
    if (!number.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
      throw wrong("no number");
    }
    return new Numeral(number);
  }

  private String string() throws Unreadable {
    at++;
    var string = new StringBuilder();
    while (true) {
      char it = next();
      at++;
      if (it == '"') return string.toString();
      if (it < ' ') throw wrong("a control character");
      string.append(it == '\\' ? escaped() : it);
    }
  }

  private char escaped() throws Unreadable {
    char it = next();
    at++;
    return switch (it) {
      case '"', '\\', '/' -> it;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        if (at + 4 > text.length()) throw wrong("the end");
        String digits = text.substring(at, at + 4);
        if (!digits.matches("[0-9a-fA-F]{4}")) throw wrong("no hexadecimal digits");
        at += 4;
        yield (char) Integer.parseInt(digits, 16);
      }
      default -> throw wrong("an unknown escape");
    };
  }
}
