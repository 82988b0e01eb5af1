package io.tenon.transport.nvmetcp.internal.initiator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What another version of this bundle has written down, taken for anything until it is checked. */
record LeftValues(Map<?, ?> values) {
  /** The message is a part of a sentence. */
  static final class Unreadable extends Exception {
    private static final long serialVersionUID = 1;

    Unreadable(String why) {
      super(why);
    }
  }

  void mustBe(boolean holds, String otherwise) throws Unreadable {
    if (!holds) throw new Unreadable(otherwise);
  }

  <T> T get(String name, Class<T> type) throws Unreadable {
    var value = values.get(name);
    if (!type.isInstance(value)) throw new Unreadable("it says nothing of " + name);
    return type.cast(value);
  }

  boolean flag(String name) throws Unreadable {
    return get(name, Boolean.class);
  }

  int number(String name, int least, int most) throws Unreadable {
    int number = get(name, Integer.class);
    mustBe(number >= least && number <= most, name + " is " + number);
    return number;
  }

  <T> List<T> list(String name, Class<T> of) throws Unreadable {
    var found = new ArrayList<T>();
    for (Object value : get(name, List.class)) {
      mustBe(of.isInstance(value), name + " has what is no " + of.getSimpleName());
      found.add(of.cast(value));
    }
    return found;
  }
}
