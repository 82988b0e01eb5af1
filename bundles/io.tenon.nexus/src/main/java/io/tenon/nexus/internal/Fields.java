package io.tenon.nexus.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What another version of this bundle has written, which may be anything: each value is asked for with the type that it must have. Names that nobody
 * asks for are no harm.
 *
 * @param what the values are of, for people
 */
record Fields(String what, Map<String, Object> values) {
  /** It is not what it should be; a sentence. */
  static final class Unreadable extends Exception {
    private static final long serialVersionUID = 1;

    Unreadable(String why) {
      super(why);
    }

    String why() {
      return String.valueOf(getMessage());
    }
  }

  <T> T get(String name, Class<T> type) throws Unreadable {
    return find(name, type)
        .orElseThrow(() -> new Unreadable("%s has no %s.".formatted(what, name)));
  }

  <T> Optional<T> find(String name, Class<T> type) throws Unreadable {
    var value = values.get(name);
    if (value == null) return Optional.empty();
    if (type.isInstance(value)) return Optional.of(type.cast(value));
    throw new Unreadable("%s: %s is a %s.".formatted(what, name, value.getClass().getName()));
  }

  long number(String name, long least, long most) throws Unreadable {
    long value = get(name, Long.class);
    mustBe(value >= least && value <= most, name + " is " + value);
    return value;
  }

  boolean flag(String name) throws Unreadable {
    return get(name, Boolean.class);
  }

  <E extends Enum<E>> E constant(String name, Class<E> type) throws Unreadable {
    String text = get(name, String.class);
    for (E constant : type.getEnumConstants()) if (constant.name().equals(text)) return constant;
    throw new Unreadable("%s: there is no %s %s.".formatted(what, name, text));
  }

  <T> List<T> list(String name, Class<T> type) throws Unreadable {
    var found = new ArrayList<T>();
    for (Object one : get(name, List.class)) {
      mustBe(type.isInstance(one), name + " holds something else than " + type.getSimpleName());
      found.add(type.cast(one));
    }
    return found;
  }

  /** Fields inside, each of its own. */
  List<Fields> fields(String name) throws Unreadable {
    var found = new ArrayList<Fields>();
    for (Map<?, ?> one : list(name, Map.class)) found.add(inside(name, one));
    return found;
  }

  Optional<Fields> findFields(String name) throws Unreadable {
    var one = find(name, Map.class);
    return one.isEmpty() ? Optional.empty() : Optional.of(inside(name, one.get()));
  }

  private Fields inside(String name, Map<?, ?> map) throws Unreadable {
    for (Object key : map.keySet()) mustBe(key instanceof String, name + " has a strange key");
    @SuppressWarnings("unchecked") // every key was looked at, and any value is an Object
    var typed = (Map<String, Object>) map;
    return new Fields(what + ", " + name, typed);
  }

  void mustBe(boolean right, String otherwise) throws Unreadable {
    if (!right) throw new Unreadable("%s: %s.".formatted(what, otherwise));
  }
}
