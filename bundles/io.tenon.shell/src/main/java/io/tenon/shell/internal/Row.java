package io.tenon.shell.internal;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A thing as a command shows it: named values in order. */
record Row(Map<String, Object> cells) {
  Row {
    cells = Collections.unmodifiableMap(new LinkedHashMap<>(cells));
  }

  static Row of(Object... namesAndValues) {
    var cells = new LinkedHashMap<String, Object>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      cells.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return new Row(cells);
  }
}
