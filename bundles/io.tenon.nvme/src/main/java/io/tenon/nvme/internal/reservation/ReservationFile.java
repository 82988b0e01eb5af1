package io.tenon.nvme.internal.reservation;

import io.tenon.block.ReservationType;
import io.tenon.nvme.internal.reservation.ReservationState.Held;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The content of a file of reservations, as SPDK writes it for Mayastor, so that either reads the other's: {@code ptpl, rtype,
 * crkey, bdev_uuid, holder_uuid, registrants: [rkey, host_uuid]}. What it does not know is an error, and so is what does not fit
 * together: a file that is not understood must not be taken for one that lets everybody in.
 */
final class ReservationFile {
  private static final String PTPL = "ptpl";
  private static final String RTYPE = "rtype";
  private static final String CRKEY = "crkey";
  private static final String DEVICE = "bdev_uuid";
  private static final String HOLDER = "holder_uuid";
  private static final String REGISTRANTS = "registrants";
  private static final String RKEY = "rkey";
  private static final String HOST = "host_uuid";

  private ReservationFile() {}

  /** The file cannot be believed. */
  static final class Unreadable extends Exception {
    private static final long serialVersionUID = 1;

    private final String why;

    Unreadable(String why) {
      super(why);
      this.why = why;
    }

    String why() {
      return why;
    }
  }

  static String text(UUID device, ReservationState state) {
    var text = new StringBuilder("{\n  \"ptpl\": true");
    text.append(",\n  \"rtype\": ")
        .append(state.held().map(held -> held.type().code()).orElse(0))
        .append(",\n  \"crkey\": ")
        .append(Long.toUnsignedString(state.held().map(held -> key(state, held.by())).orElse(0L)))
        .append(",\n  \"bdev_uuid\": \"")
        .append(device)
        .append('"');
    state
        .held()
        .ifPresent(held -> text.append(",\n  \"holder_uuid\": \"").append(held.by()).append('"'));
    text.append(",\n  \"registrants\": [");
    String separator = "\n";
    for (var one : state.keys().entrySet()) {
      text.append(separator)
          .append("    {\"rkey\": ")
          .append(Long.toUnsignedString(one.getValue()))
          .append(", \"host_uuid\": \"")
          .append(one.getKey())
          .append("\"}");
      separator = ",\n";
    }
    return text.append("\n  ]\n}\n").toString();
  }

  private static long key(ReservationState state, UUID host) {
    Long key = state.keys().get(host);
    return key == null ? 0 : key;
  }

  static ReservationState read(UUID device, String text) throws Unreadable {
    var file = object(Json.read(text), "the file");
    only(file, List.of(PTPL, RTYPE, CRKEY, DEVICE, HOLDER, REGISTRANTS), "the file");
    boolean persists = value(file, PTPL, Boolean.class);
    if (!persists) return ReservationState.EMPTY;
    var found = uuid(file, DEVICE);
    if (!found.equals(device)) throw new Unreadable("it is of device " + found + ".");
    var keys = new TreeMap<UUID, Long>();
    for (var one : value(file, REGISTRANTS, List.class)) {
      var registrant = object(one, "a registrant");
      only(registrant, List.of(RKEY, HOST), "a registrant");
      long key = number(registrant, RKEY);
      if (key == 0) throw new Unreadable("a registrant has key 0.");
      var host = uuid(registrant, HOST);
      if (keys.put(host, key) != null) throw new Unreadable("host " + host + " is in it twice.");
    }
    return new ReservationState(0, true, keys, held(file, keys));
  }

  private static Optional<Held> held(Map<?, ?> file, Map<UUID, Long> keys) throws Unreadable {
    long code = file.containsKey(RTYPE) ? number(file, RTYPE) : 0;
    if (code == 0) {
      if (file.get(HOLDER) instanceof String holder && !holder.isEmpty()) {
        throw new Unreadable("it has a holder and no type of reservation.");
      }
      return Optional.empty();
    }
    var type = ReservationType.of(Math.clamp(code, 0, 255));
    if (type.isEmpty()) throw new Unreadable("it has a reservation of type " + code + ".");
    var holder = uuid(file, HOLDER);
    if (!keys.containsKey(holder)) {
      throw new Unreadable("its holder " + holder + " is not a registrant.");
    }
    return Optional.of(new Held(type.get(), holder));
  }

  private static Map<?, ?> object(Object value, String what) throws Unreadable {
    if (value instanceof Map<?, ?> object) return object;
    throw new Unreadable(what + " is not a JSON object.");
  }

  private static void only(Map<?, ?> object, List<String> known, String what) throws Unreadable {
    for (var name : object.keySet()) {
      if (!known.contains(String.valueOf(name))) {
        throw new Unreadable(what + " has a field \"" + name + "\", which is not known.");
      }
    }
  }

  private static <T> T value(Map<?, ?> object, String name, Class<T> type) throws Unreadable {
    var value = object.get(name);
    if (value == null) throw new Unreadable("field \"" + name + "\" is missing.");
    if (!type.isInstance(value)) {
      throw new Unreadable("field \"" + name + "\" is not a " + type.getSimpleName() + ".");
    }
    return type.cast(value);
  }

  /** Unsigned, 64 bits. */
  private static long number(Map<?, ?> object, String name) throws Unreadable {
    var text = value(object, name, Json.Numeral.class).text();
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      throw new Unreadable("field \"" + name + "\" is " + text + ".");
    }
  }

  private static UUID uuid(Map<?, ?> object, String name) throws Unreadable {
    String text = value(object, name, String.class);
    try {
      var uuid = UUID.fromString(text);
      // Parts that are too long for it, fromString would cut off.
      if (uuid.toString().equalsIgnoreCase(text)) return uuid;
    } catch (IllegalArgumentException e) {
      throw new Unreadable("field \"" + name + "\" is not a uuid: " + text + ".");
    }
    throw new Unreadable("field \"" + name + "\" is not a uuid: " + text + ".");
  }
}
