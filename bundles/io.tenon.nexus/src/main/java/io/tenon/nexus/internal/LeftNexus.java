package io.tenon.nexus.internal;

import io.tenon.block.Geometry;
import io.tenon.block.Handover;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.RebuildInfo;
import io.tenon.nexus.internal.Fields.Unreadable;
import io.tenon.registry.NexusInfo;
import io.tenon.registry.RegistryFormatException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A nexus as it leaves itself to its successor when its bundle is replaced: all that cannot be known anew. As a {@link Handover} it is made of
 * values of the JDK and of API bundles only, and lies in the slot of its device meanwhile; who reads it takes it for anything until it is checked.
 *
 * <p>What hosts see of it, how it is shared and what they have reserved is the target's, and stays there.
 *
 * @param area where the data lies
 * @param unmaps hosts were told that they can unmap
 * @param recent what was changed and is not known to be durable on all children
 * @param proof that the children were this node's; empty where they are not reserved
 * @param stored what it has on record; empty when nothing is
 * @param history of rebuilds, newest first
 */
record LeftNexus(
    NexusSpec spec,
    long sizeBytes,
    DataArea area,
    boolean unmaps,
    Standing standing,
    List<LeftChild> children,
    SegmentMap recent,
    Optional<Proof> proof,
    Optional<Stored> stored,
    List<RebuildInfo> history,
    Share share,
    long lastMark) {
  private static final String FORMAT = "io.tenon.nexus";

  /** One that knows more may add names to a version; whoever changes what a name means counts up. */
  private static final int VERSION = 1;

  /**
   * Its own state.
   *
   * @param lastIsGone the last healthy child is kept, but lost
   * @param stopFor why it has to stop itself; empty when it need not
   */
  record Standing(
      NexusState state, Instant since, String why, boolean lastIsGone, Optional<String> stopFor) {}

  /** As {@link Vigil} has it. */
  record Proof(long provenNs, long provenMs) {}

  /**
   * As {@link StoredRecord} has it.
   *
   * @param problem why nothing can be recorded any more; empty when it can
   */
  record Stored(
      NexusInfo info, Version version, Map<String, String> uuids, Optional<String> problem) {}

  /**
   * As it was published.
   *
   * @param paused hosts wait
   */
  record Share(Set<String> hosts, Optional<String> uri, boolean paused) {}

  Handover handover() {
    var values = new LinkedHashMap<String, Object>();
    values.put("spec", spec);
    values.put("sizeBytes", sizeBytes);
    values.put("firstBlock", area.firstBlock());
    values.put("geometry", area.geometry());
    values.put("unmaps", unmaps);
    values.put("state", standing.state().name());
    values.put("since", standing.since());
    values.put("why", standing.why());
    values.put("lastIsGone", standing.lastIsGone());
    standing.stopFor().ifPresent(why -> values.put("stopFor", why));
    values.put("children", children.stream().map(LeftChild::values).toList());
    values.put("recent", LeftSegments.values(recent));
    proof.ifPresent(
        one -> {
          values.put("provenNs", one.provenNs());
          values.put("provenMs", one.provenMs());
        });
    stored.ifPresent(one -> values.put("record", values(one)));
    values.put("history", history);
    values.put("hosts", List.copyOf(share.hosts()));
    share.uri().ifPresent(uri -> values.put("shareUri", uri));
    values.put("paused", share.paused());
    values.put("lastMark", lastMark);
    return new Handover(FORMAT, VERSION, values);
  }

  private static Map<String, Object> values(Stored stored) {
    var values = new LinkedHashMap<String, Object>();
    values.put("info", stored.info().toJson().bytes());
    values.put("version", stored.version().value());
    values.put("uuids", stored.uuids());
    stored.problem().ifPresent(why -> values.put("problem", why));
    return values;
  }

  /**
   * @param name of the nexus, for people
   * @throws NexusException when it is not what this version understands
   */
  static LeftNexus of(String name, Handover left) throws NexusException {
    try {
      if (!left.format().equals(FORMAT) || left.version() != VERSION) {
        throw new Unreadable(
            "It is in format %s, version %d.".formatted(left.format(), left.version()));
      }
      return read(new Fields("What nexus " + name + " has left", left.values()));
    } catch (Unreadable | IllegalArgumentException e) {
      throw new NexusException(
          Kind.INTERNAL,
          "Nexus " + name + " was not taken up.",
          String.valueOf(e.getMessage()),
          "Put the bundle back that was there before.",
          e);
    }
  }

  private static LeftNexus read(Fields fields) throws Unreadable {
    var geometry = fields.get("geometry", Geometry.class);
    var segments = new LeftSegments(geometry.blockCount());
    var children = new ArrayList<LeftChild>();
    for (Fields one : fields.fields("children")) children.add(LeftChild.of(one, segments));
    var recent = segments.find(fields, "recent");
    fields.mustBe(recent.isPresent(), "it does not say what was changed lately");
    var provenNs = fields.find("provenNs", Long.class);
    var stored = fields.findFields("record");
    var left =
        new LeftNexus(
            fields.get("spec", NexusSpec.class),
            fields.number("sizeBytes", 1, Long.MAX_VALUE),
            new DataArea(fields.number("firstBlock", 0, Long.MAX_VALUE), geometry),
            fields.flag("unmaps"),
            new Standing(
                fields.constant("state", NexusState.class),
                fields.get("since", Instant.class),
                fields.get("why", String.class),
                fields.flag("lastIsGone"),
                fields.find("stopFor", String.class)),
            List.copyOf(children),
            recent.get(),
            provenNs.isEmpty()
                ? Optional.empty()
                : Optional.of(new Proof(provenNs.get(), fields.get("provenMs", Long.class))),
            stored.isEmpty() ? Optional.empty() : Optional.of(stored(stored.get())),
            List.copyOf(fields.list("history", RebuildInfo.class)),
            new Share(
                new LinkedHashSet<>(fields.list("hosts", String.class)),
                fields.find("shareUri", String.class),
                fields.flag("paused")),
            fields.number("lastMark", 0, Long.MAX_VALUE));
    left.check(fields);
    return left;
  }

  private static Stored stored(Fields fields) throws Unreadable {
    var uuids = new TreeMap<String, String>();
    for (var entry : fields.get("uuids", Map.class).entrySet()) {
      boolean isText =
          entry instanceof Map.Entry<?, ?> pair
              && pair.getKey() instanceof String
              && pair.getValue() instanceof String;
      fields.mustBe(isText, "a child's uuid on record is no text");
      var pair = (Map.Entry<?, ?>) entry;
      uuids.put((String) pair.getKey(), (String) pair.getValue());
    }
    try {
      return new Stored(
          NexusInfo.fromJson(Value.of(fields.get("info", byte[].class))),
          new Version(fields.number("version", 1, Long.MAX_VALUE)),
          uuids,
          fields.find("problem", String.class));
    } catch (RegistryFormatException e) {
      throw new Unreadable(String.valueOf(e.getMessage()));
    }
  }

  private void check(Fields fields) throws Unreadable {
    fields.mustBe(!children.isEmpty(), "it has no children");
    fields.mustBe(
        standing.state() != NexusState.INIT && standing.state() != NexusState.SHUTTING_DOWN,
        "it is " + standing.state());
    var indices = new LinkedHashSet<Integer>();
    var uris = new LinkedHashSet<String>();
    boolean hasTruth = false;
    for (LeftChild child : children) {
      fields.mustBe(indices.add(child.index()), "two children are number " + child.index());
      fields.mustBe(uris.add(child.uri()), "two children are " + child.uri());
      boolean isClosed = child.standing().state() == ChildState.CLOSED;
      fields.mustBe(isClosed == isStopped(), child.uri() + " is " + child.standing().state());
      hasTruth |= child.standing().state() == ChildState.OPEN;
    }
    fields.mustBe(hasTruth || isStopped(), "no child of it is healthy");
    fields.mustBe(
        stored.isPresent() == spec.infoKey().isPresent(), "its record is not what it was told");
    fields.mustBe(
        proof.isPresent() == spec.reservation().isPresent(),
        "its reservations are not what it was told");
    for (LeftChild child : children) {
      boolean isKnown = stored.isEmpty() || stored.get().uuids().containsKey(child.uri());
      fields.mustBe(isKnown, child.uri() + " is not on record");
    }
  }

  boolean isStopped() {
    return standing.state() == NexusState.SHUTDOWN;
  }
}
