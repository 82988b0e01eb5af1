package io.tenon.nexus.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.ReservationInfo;
import io.tenon.nexus.internal.Fields.Unreadable;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * A child as a nexus leaves it to its successor.
 *
 * @param standing its state and what people are told of it
 * @param disturbances of its device that the nexus has heard of
 * @param lacks what it may lack by the write log; empty when that is not known, and for one that lacks nothing
 * @param held whether its device is claimed for the nexus, and opened for it
 * @param mark that was put on it
 */
record LeftChild(
    int index,
    String uri,
    DeviceSlot slot,
    Standing standing,
    long disturbances,
    Optional<SegmentMap> lacks,
    Optional<LeftRebuild> rebuild,
    Optional<ReservationInfo> reservation,
    Held held,
    Optional<UUID> mark) {
  /** As {@link io.tenon.nexus.ChildInfo} has it. */
  record Standing(
      ChildState state,
      ChildReason reason,
      String detail,
      Instant since,
      boolean permanent,
      boolean hasLog,
      Optional<Instant> faultedAt) {}

  /** What becomes of its device. */
  enum Held {
    NOT,
    CLAIMED,
    OPENED
  }

  /** The same, with what is known of its device. */
  LeftChild with(Held now, Optional<ReservationInfo> reserved, Optional<UUID> marked) {
    return new LeftChild(
        index, uri, slot, standing, disturbances, lacks, rebuild, reserved, now, marked);
  }

  boolean takesChanges() {
    return standing.state() == ChildState.OPEN || standing.state() == ChildState.OUT_OF_SYNC;
  }

  Map<String, Object> values() {
    var values = new LinkedHashMap<String, Object>();
    values.put("index", (long) index);
    values.put("uri", uri);
    values.put("slot", slot);
    values.put("state", standing.state().name());
    values.put("reason", standing.reason().name());
    values.put("detail", standing.detail());
    values.put("since", standing.since());
    values.put("permanent", standing.permanent());
    values.put("hasLog", standing.hasLog());
    standing.faultedAt().ifPresent(at -> values.put("faultedAt", at));
    values.put("disturbances", disturbances);
    lacks.ifPresent(map -> values.put("lacks", LeftSegments.values(map)));
    rebuild.ifPresent(one -> values.put("rebuild", one.values()));
    reservation.ifPresent(
        one -> {
          values.put("reserved", one.held());
          values.put("reservation", one.detail());
        });
    values.put("device", held.name());
    mark.ifPresent(number -> values.put("mark", number));
    return values;
  }

  static LeftChild of(Fields fields, LeftSegments segments) throws Unreadable {
    String uri = fields.get("uri", String.class);
    var standing =
        new Standing(
            fields.constant("state", ChildState.class),
            fields.constant("reason", ChildReason.class),
            fields.get("detail", String.class),
            fields.get("since", Instant.class),
            fields.flag("permanent"),
            fields.flag("hasLog"),
            fields.find("faultedAt", Instant.class));
    var lacks = segments.find(fields, "lacks");
    var rebuild = fields.findFields("rebuild");
    var reserved = fields.find("reserved", Boolean.class);
    var child =
        new LeftChild(
            (int) fields.number("index", 0, NexusDevice.MOST_CHILDREN - 1L),
            uri,
            fields.get("slot", DeviceSlot.class),
            standing,
            fields.number("disturbances", 0, Long.MAX_VALUE),
            lacks,
            rebuild.isEmpty()
                ? Optional.empty()
                : Optional.of(LeftRebuild.of(rebuild.get(), segments.blockCount())),
            reserved.isEmpty()
                ? Optional.empty()
                : Optional.of(
                    new ReservationInfo(
                        uri, reserved.get(), fields.get("reservation", String.class))),
            fields.constant("device", Held.class),
            fields.find("mark", UUID.class));
    child.check(fields);
    return child;
  }

  private void check(Fields fields) throws Unreadable {
    fields.mustBe(standing.state() != ChildState.OPENING, uri + " is still being opened");
    fields.mustBe(
        !takesChanges() || held != Held.NOT, uri + " takes changes and is not the nexus'");
    fields.mustBe(
        rebuild.isEmpty() || standing.state() == ChildState.OUT_OF_SYNC,
        uri + " is " + standing.state() + " and rebuilt");
    fields.mustBe(
        !standing.hasLog() || lacks.isPresent() || !isMissing(),
        uri + " has a write log that is not there");
  }

  private boolean isMissing() {
    return List.of(ChildState.FAULTED, ChildState.OUT_OF_SYNC).contains(standing.state());
  }
}
