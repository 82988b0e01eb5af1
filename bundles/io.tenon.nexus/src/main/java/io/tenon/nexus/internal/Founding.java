package io.tenon.nexus.internal;

import io.tenon.error.TenonException;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.Version;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import io.tenon.registry.NexusInfo;
import io.tenon.registry.RegistryFormatException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a nexus begins: what the record says of its children, their reservations, and the first record of its own, before it serves
 * anybody.
 *
 * <pre>
 * look at the record ─► refuse what cannot be ─► take the children ─► look again ─► write, if nobody has written since
 * </pre>
 *
 * <p>The first look is for not taking the children from a nexus that works when this one cannot be made; the second is the one that counts:
 * whoever wrote before it has lost the children by then, and whoever writes after it makes the write fail.
 *
 * @param record where the nexus records from now on
 */
record Founding(Map<String, String> doubts, RetirementRecord record) {
  private static final Logger log = LoggerFactory.getLogger(Founding.class);

  /** What was decided from which version of the record. */
  private record Look(Trust trust, Version version) {}

  /** Makes the children this node's. */
  @FunctionalInterface
  interface Taking {
    void takeChildren() throws NexusException;
  }

  /** Blocks. */
  static Founding of(
      NexusSpec spec,
      RecordStore stores,
      List<Trust.Candidate> candidates,
      StoredRecord.Place place,
      Taking taking)
      throws NexusException {
    if (spec.infoKey().isEmpty()) {
      taking.takeChildren();
      return new Founding(Map.of(), RetirementRecord.NOTHING);
    }
    var key = key(spec);
    var _ = look(spec, key, stores, candidates, place);
    taking.takeChildren();
    var look = look(spec, key, stores, candidates, place);
    var uuids = new TreeMap<String, String>();
    for (var child : candidates) uuids.put(child.uri(), child.uuid());
    var info = look.trust().info().by(spec.uuid() + " since " + place.clock().instant());
    try {
      var record = StoredRecord.begin(stores, key, spec.name(), info, look.version(), uuids, place);
      return new Founding(look.trust().doubts(), record);
    } catch (StoreException e) {
      throw notRecorded(spec, "it cannot be recorded who its children are", e);
    }
  }

  private static Key key(NexusSpec spec) throws NexusException {
    String text = spec.infoKey().orElseThrow();
    try {
      return Key.of(text);
    } catch (IllegalArgumentException e) {
      throw new NexusException(
          Kind.INVALID_ARGUMENT,
          "Nexus " + spec.name() + " was not created: its info key is not valid.",
          String.valueOf(e.getMessage()),
          "Use a key of 1 to " + Key.MOST_BYTES + " bytes.",
          e);
    }
  }

  private static Look look(
      NexusSpec spec,
      Key key,
      RecordStore stores,
      List<Trust.Candidate> candidates,
      StoredRecord.Place place)
      throws NexusException {
    Optional<Entry> found;
    Optional<NexusInfo> before;
    try {
      found = stores.current().get(key, place.limits().patience());
      before =
          found.isPresent()
              ? Optional.of(NexusInfo.fromJson(found.get().value()))
              : Optional.empty();
    } catch (StoreException | RegistryFormatException e) {
      throw notRecorded(spec, "it is not known which of its children can be trusted", e);
    }
    String remedy =
        "Name a child that is healthy on record. If all of those are lost for good, decide which one to believe, and delete key %s."
            .formatted(key);
    var trust = Trust.decide(spec.name(), before, candidates, remedy);
    trust
        .doubts()
        .forEach(
            (uri, why) -> log.warn("nexus {}: child {} is not trusted: {}", spec.name(), uri, why));
    return new Look(trust, found.map(Entry::version).orElse(Version.NONE));
  }

  private static NexusException notRecorded(NexusSpec spec, String what, TenonException e) {
    return new NexusException(
        Kind.INTERNAL,
        "Nexus " + spec.name() + " was not created: " + what + ".",
        e.what() + (e.why().isEmpty() ? "" : " " + e.why()),
        e.remedy(),
        e);
  }
}
