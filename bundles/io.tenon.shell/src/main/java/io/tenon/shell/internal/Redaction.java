package io.tenon.shell.internal;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Lines as they may be written down: what looks like a secret is left out, also where that takes too much. */
final class Redaction {
  private static final String HIDDEN = "***";
  private static final int LONGEST = 4096;

  /** A value with quotes, or up to a blank or the next parameter of a URI. */
  private static final String VALUE = "(?:'[^']*'?|\"[^\"]*\"?|[^\\s&'\"]+)";

  private static final Pattern USER_INFO = Pattern.compile("(://)[^/\\s@]*@");
  private static final Pattern NAMED =
      Pattern.compile(
          "(?i)((?:pass(?:word|wd|phrase)?|secret|token|credentials?|psk|dhchap[a-z0-9_-]*|bearer|api[_-]?key|private[_-]?key|access[_-]?key)[a-z0-9_.-]*['\"]?(?:\\s*[=:]\\s*|\\s+))"
              + VALUE);

  /** Whatever goes into the metadata store is its owner's affair. */
  private static final Pattern STORED =
      Pattern.compile("(?i)(\\bstore(?::|['\"]?\\s+['\"]?)put\\b['\"]?).*", Pattern.DOTALL);

  private Redaction() {}

  static String of(String line) {
    String text = line.length() > LONGEST ? line.substring(0, LONGEST) + "…" : line;
    text = STORED.matcher(text).replaceAll("$1 " + HIDDEN);
    text = USER_INFO.matcher(text).replaceAll("$1" + HIDDEN + "@");
    return NAMED.matcher(text).replaceAll("$1" + Matcher.quoteReplacement(HIDDEN));
  }

  static boolean hasSecret(String line) {
    return !of(line).equals(line);
  }
}
