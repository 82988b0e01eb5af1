package io.tenon.nexus.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.registry.NexusInfo;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which children a new nexus may take for healthy, by the record of the one before it.
 *
 * <p>After an end in order those that are healthy on record are equal. After any other they hold all that was acknowledged, and may
 * differ in what was not, so that reads of one and the other would show two truths: one of them is taken, a local one first, and the
 * others are made equal to it. Who is not on record, or not healthy there, is never the truth.
 *
 * @param doubts by URI of the child: why it is not healthy, a sentence; the others are
 * @param info first record of the new nexus, all children in their order
 */
record Trust(Map<String, String> doubts, NexusInfo info) {
  private static final Logger log = LoggerFactory.getLogger(Trust.class);

  Trust {
    doubts = Collections.unmodifiableMap(new TreeMap<>(doubts));
  }

  /**
   * A child that a nexus is to be made of.
   *
   * @param uuid by which it is known on record
   */
  record Candidate(String uri, String uuid, boolean isLocal) {}

  static Candidate candidate(String uri, DeviceSlot slot) {
    return new Candidate(uri, uuid(uri, slot), Child.isLocal(uri));
  }

  /** As Mayastor: the {@code uuid} of the URI; where there is none, that of the device. */
  static String uuid(String uri, DeviceSlot slot) {
    try {
      return DeviceUri.parse(uri)
          .parameter("uuid")
          .filter(text -> !text.isEmpty())
          .orElseGet(slot.uuid()::toString);
    } catch (DeviceException notAUri) {
      log.debug("child {} is named by what is no URI; its device's uuid counts", uri, notAUri);
      return slot.uuid().toString();
    }
  }

  /**
   * @param before what the nexus before has left; empty when there was none, so that all are trusted
   * @param remedy of a refusal
   * @throws NexusException when none of the children can be trusted, or two have one uuid
   */
  static Trust decide(
      String nexus, Optional<NexusInfo> before, List<Candidate> candidates, String remedy)
      throws NexusException {
    mustDiffer(nexus, candidates);
    if (before.isEmpty()) return of(candidates, Map.of());
    var record = before.get();
    var doubts = new TreeMap<String, String>();
    var trusted = trusted(record, candidates);
    if (trusted.isEmpty()) {
      throw new NexusException(
          Kind.STATE,
          "Nexus " + nexus + " was not created: none of its children can be trusted.",
          "On record %s the data: %s.".formatted(holders(record), record(record)),
          remedy);
    }
    for (var child : candidates) {
      if (trusted.contains(child.uuid())) continue;
      doubts.put(child.uri(), doubt(record, child, trusted.getFirst()));
    }
    return of(candidates, doubts);
  }

  /** Of those that are there: who is on record but absent cannot be chosen. */
  private static List<String> trusted(NexusInfo record, List<Candidate> candidates) {
    var byUuid = new TreeMap<String, Candidate>();
    for (var child : candidates) byUuid.put(child.uuid(), child);
    var present =
        new NexusInfo(
            record.children().stream().filter(child -> byUuid.containsKey(child.uuid())).toList(),
            record.cleanShutdown());
    return present.trusted(
        uuid -> {
          var child = byUuid.get(uuid);
          return child != null && child.isLocal();
        });
  }

  private static String doubt(NexusInfo record, Candidate child, String truth) {
    boolean isHealthy = record.children().contains(new NexusInfo.Child(true, child.uuid()));
    boolean isThere =
        isHealthy || record.children().contains(new NexusInfo.Child(false, child.uuid()));
    if (isHealthy) {
      return "the nexus before did not end in order, so its children may differ; %s is taken for the truth"
          .formatted(truth);
    }
    return isThere
        ? "the record of the nexus before says that it lacks data"
        : "the record of the nexus before does not know it";
  }

  private static String holders(NexusInfo record) {
    return record.children().stream().anyMatch(NexusInfo.Child::healthy)
        ? "others hold"
        : "nobody holds";
  }

  private static String record(NexusInfo record) {
    return record.children().stream()
        .map(child -> child.uuid() + (child.healthy() ? " healthy" : " not healthy"))
        .collect(Collectors.joining(", "));
  }

  private static void mustDiffer(String nexus, List<Candidate> candidates) throws NexusException {
    var seen = new TreeSet<String>();
    for (var child : candidates) {
      if (seen.add(child.uuid())) continue;
      throw new NexusException(
          Kind.INVALID_ARGUMENT,
          "Nexus " + nexus + " was not created: two children have uuid " + child.uuid() + ".",
          "The record tells children apart by their uuids.",
          "Give each its own, as uuid of its URI.");
    }
  }

  private static Trust of(List<Candidate> candidates, Map<String, String> doubts) {
    var all = new ArrayList<NexusInfo.Child>();
    for (var child : candidates) {
      all.add(new NexusInfo.Child(!doubts.containsKey(child.uri()), child.uuid()));
    }
    return new Trust(doubts, new NexusInfo(all, false));
  }
}
