package io.tenon.reactor.internal;

import io.tenon.error.TenonException;
import io.tenon.linux.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Core numbers as people write them: {@code 0,2-3}. */
final class CoreList {
  private static final Pattern ITEM = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?");

  private CoreList() {}

  /**
   * @return sorted, each once; empty for an empty text
   */
  static List<Integer> parse(String text) throws TenonException {
    var cores = new TreeSet<Integer>();
    if (text.isBlank()) return List.of();
    for (String item : text.split(",", -1)) {
      var match = ITEM.matcher(item.strip());
      if (!match.matches()) throw refused(text, "\"" + item + "\" is no core and no range.");
      int first = Integer.parseInt(match.group(1));
      int last = match.group(2) == null ? first : Integer.parseInt(match.group(2));
      if (last < first) throw refused(text, "Range " + item + " runs backwards.");
      if (last > Threads.MAX_CORE) {
        throw refused(text, "Core " + last + " is above " + Threads.MAX_CORE + ".");
      }
      for (int core = first; core <= last; core++) cores.add(core);
    }
    return new ArrayList<>(cores);
  }

  private static TenonException refused(String text, String why) {
    return new TenonException("Core list " + text + " was refused.", why, "Write it as 0,2-3.");
  }
}
