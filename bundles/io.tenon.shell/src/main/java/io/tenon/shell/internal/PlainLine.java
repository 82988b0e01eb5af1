package io.tenon.shell.internal;

import io.tenon.shell.api.ShellSession;
import java.util.ArrayList;
import java.util.List;

/**
 * A line as words and nothing else: for whom Gogo's language is too much, because it reaches objects of the node. Quotes and
 * backslashes are read as Gogo reads them; whatever Gogo would evaluate is refused, so that a line means the same in both or nothing.
 */
final class PlainLine {
  private static final String SYNTAX = "|;&$(){}[]<>`\n\r";

  private final String line;
  private final List<String> words = new ArrayList<>();
  private final StringBuilder word = new StringBuilder();
  private boolean inWord;

  private PlainLine(String line) {
    this.line = line;
  }

  /**
   * @throws Refused when there is more in it than words
   */
  static List<String> words(String line) throws Refused {
    return new PlainLine(line).read();
  }

  private List<String> read() throws Refused {
    int i = 0;
    while (i < line.length()) {
      char c = line.charAt(i);
      if (c == '\'' || c == '"') {
        i = quoted(i + 1, c);
      } else if (c == '\\') {
        i = escaped(i);
      } else if (c == ' ' || c == '\t') {
        end();
        i++;
      } else {
        if (SYNTAX.indexOf(c) >= 0) throw syntax(c);
        add(c);
        i++;
      }
    }
    end();
    return List.copyOf(words);
  }

  private int quoted(int from, char quote) throws Refused {
    inWord = true;
    int i = from;
    while (i < line.length()) {
      char c = line.charAt(i);
      if (c == quote) return i + 1;
      if (c == '\\') {
        i = escaped(i);
        continue;
      }
      if (c == '\n' || c == '\r' || (quote == '"' && (c == '$' || c == '`'))) throw syntax(c);
      add(c);
      i++;
    }
    throw new Refused("A quote is not closed: " + quote + ".", Refused.NOT_UNDERSTOOD);
  }

  private int escaped(int at) throws Refused {
    if (at + 1 == line.length()) {
      throw new Refused("The line ends with a backslash.", Refused.NOT_UNDERSTOOD);
    }
    char c = line.charAt(at + 1);
    if (Character.isLetterOrDigit(c)) {
      throw new Refused("Write \\\\ for a backslash, not \\" + c + ".", Refused.NOT_UNDERSTOOD);
    }
    add(c);
    return at + 2;
  }

  private void add(char c) {
    inWord = true;
    word.append(c);
  }

  private void end() {
    if (!inWord) return;
    words.add(word.toString());
    word.setLength(0);
    inWord = false;
  }

  private static Refused syntax(char c) {
    String shown = c == '\n' || c == '\r' ? "a line break" : "\"" + c + "\"";
    return new Refused(
        "%s is for role admin: other roles say one command a line, without pipes, variables, closures or redirection. Quote it if it is text: '...'."
            .formatted(shown),
        ShellSession.NOT_ALLOWED);
  }
}
