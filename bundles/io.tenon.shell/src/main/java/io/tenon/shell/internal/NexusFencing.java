package io.tenon.shell.internal;

import io.tenon.block.ReservationClaim;
import io.tenon.block.ReservationClaim.Policy;
import io.tenon.block.ReservationType;
import io.tenon.block.Reservations.Persistence;
import io.tenon.nexus.Nexus;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code tenon:nexus} says of how a nexus keeps its truth and others out: options to ask for it, and how it is shown. */
final class NexusFencing {
  private static final Pattern HEXADECIMAL = Pattern.compile("0[xX][0-9a-fA-F]{1,16}");

  /** All of them are below 2^64. */
  private static final Pattern DECIMAL = Pattern.compile("[0-9]{1,19}");

  @Option(
      names = "--info-key",
      paramLabel = "KEY",
      description =
          "Key of its record in the metadata store: who holds all data. Made again with the same key, it trusts only them.")
  private @Nullable String infoKey;

  @Option(
      names = "--reservation-key",
      paramLabel = "NUMBER",
      description =
          "Reserve the children for this node, with this key; such as 0x1234. None: no reservations.")
  private @Nullable String key;

  @Option(
      names = "--reservation-type",
      paramLabel = "TYPE",
      defaultValue = "EXCLUSIVE_ACCESS",
      description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if not given.")
  private ReservationType type = ReservationType.EXCLUSIVE_ACCESS;

  @Option(
      names = "--preempt",
      paramLabel = "WHOM",
      defaultValue = "holder",
      description =
          "Whom to take the children from: holder, nobody, or a key such as 0x1234; ${DEFAULT-VALUE} if not given.")
  private String preempt = "holder";

  Optional<String> infoKey() {
    return Optional.ofNullable(infoKey);
  }

  Optional<ReservationClaim> claim() throws Refused {
    if (key == null) return Optional.empty();
    long own = number("--reservation-key", key);
    if (own == 0) {
      throw new Refused("A reservation key is not 0. Leave --reservation-key out for none.");
    }
    boolean holder = preempt.equalsIgnoreCase("holder");
    boolean nobody = preempt.equalsIgnoreCase("nobody");
    return Optional.of(
        new ReservationClaim(
            own,
            type,
            holder ? Policy.HOLDER : Policy.KEY,
            holder || nobody ? OptionalLong.empty() : OptionalLong.of(number("--preempt", preempt)),
            Persistence.AS_IT_IS));
  }

  private static long number(String option, String text) throws Refused {
    if (HEXADECIMAL.matcher(text).matches()) return Long.parseUnsignedLong(text.substring(2), 16);
    if (DECIMAL.matcher(text).matches()) return Long.parseUnsignedLong(text);
    throw new Refused(
        "%s takes a number such as 4660 or 0x1234, not %s.".formatted(option, text),
        Refused.NOT_UNDERSTOOD);
  }

  // ---- shown

  static List<Row> record(Nexus nexus) {
    return nexus
        .record()
        .map(
            kept ->
                List.of(
                    Row.of(
                        "key", kept.key(),
                        "healthy", uuids(kept.healthy(), true),
                        "not_healthy", uuids(kept.healthy(), false),
                        "clean_shutdown", kept.cleanShutdown(),
                        "problem", kept.problem())))
        .orElse(List.of());
  }

  private static List<String> uuids(Map<String, Boolean> health, boolean wanted) {
    return health.entrySet().stream()
        .filter(child -> child.getValue() == wanted)
        .map(Map.Entry::getKey)
        .toList();
  }

  static List<Row> reservation(Nexus nexus) {
    var claim = nexus.reservation();
    if (claim.isEmpty()) return List.of();
    var rows = new ArrayList<Row>();
    for (var child : nexus.reservations()) {
      rows.add(
          Row.of(
              "child", child.childUri(),
              "held", child.held(),
              "type", claim.get().type().name().toLowerCase(Locale.ROOT),
              "key", "0x" + Long.toHexString(claim.get().key()),
              "detail", child.detail()));
    }
    return rows;
  }

  static String waitsFor(Nexus nexus) {
    return switch (nexus.state()) {
      case ONLINE -> "";
      case INIT, DEGRADED, FAULTED -> "what is below";
      case SHUTTING_DOWN -> "its last I/O";
      case SHUTDOWN ->
          "somebody to destroy it; hosts wait for another nexus of the volume until then";
    };
  }

  /** What keeps it from recording. */
  static List<Row> why(Nexus nexus) {
    return nexus.record().filter(kept -> !kept.problem().isEmpty()).stream()
        .map(
            kept ->
                Row.of(
                    "what",
                    "record " + kept.key(),
                    "state",
                    "BROKEN",
                    "since",
                    nexus.since(),
                    "because",
                    kept.problem(),
                    "waits_for",
                    "a new nexus"))
        .toList();
  }
}
