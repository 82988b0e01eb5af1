package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.Handover;
import io.tenon.metadata.Version;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.registry.NexusInfo;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What one nexus leaves another: it comes over as it was, or is refused. */
class LeftNexusTest {
  private static final Instant NOW = Instant.parse("2026-11-21T21:00:00Z");
  private static final long BLOCKS = 100_000;
  private DeviceSlot slot;

  @BeforeEach
  void open() throws Exception {
    slot = new TestDevices().create("malloc:///a?size_mb=16");
  }

  private static SegmentMap marks(long... lbas) {
    var map = new SegmentMap(9, BLOCKS, SegmentMap.USUAL_BYTES);
    for (long lba : lbas) map.add(lba, 1);
    return map;
  }

  private LeftChild child(int index, ChildState state) {
    boolean isOut = state != ChildState.OPEN;
    var standing =
        new LeftChild.Standing(
            state,
            isOut ? ChildReason.IO_FAILURE : ChildReason.NONE,
            "a detail",
            NOW,
            false,
            isOut,
            isOut ? Optional.of(NOW) : Optional.empty());
    return new LeftChild(
        index,
        "aio:///disk" + index,
        slot,
        standing,
        3,
        isOut ? Optional.of(marks(0, BLOCKS - 1)) : Optional.empty(),
        state == ChildState.OUT_OF_SYNC
            ? Optional.of(new LeftRebuild(true, NOW, 77, 5, 6))
            : Optional.empty(),
        Optional.empty(),
        state == ChildState.FAULTED ? LeftChild.Held.NOT : LeftChild.Held.OPENED,
        Optional.of(new UUID(1, index)));
  }

  private LeftNexus left() {
    var spec =
        new NexusSpec(
            "v1",
            new UUID(7, 1),
            51_200_512,
            List.of("aio:///disk0"),
            1,
            2,
            ReadPolicy.LOCAL_FIRST,
            Optional.of("/key"),
            Optional.empty());
    var info = new NexusInfo(List.of(new NexusInfo.Child(true, "0")), false);
    return new LeftNexus(
        spec,
        51_200_512,
        new DataArea(10_240, new Geometry(512, BLOCKS)),
        true,
        new LeftNexus.Standing(NexusState.DEGRADED, NOW, "why", false, Optional.empty()),
        List.of(
            child(0, ChildState.OPEN),
            child(5, ChildState.FAULTED),
            child(9, ChildState.OUT_OF_SYNC)),
        marks(4_000),
        Optional.empty(),
        Optional.of(
            new LeftNexus.Stored(
                info,
                new Version(12),
                Map.of("aio:///disk0", "0", "aio:///disk5", "5", "aio:///disk9", "9"),
                Optional.empty())),
        List.of(),
        new LeftNexus.Share(Set.of("nqn.host"), Optional.of("nvmf://here"), false),
        42);
  }

  @Test
  void allOfItComesOver() throws Exception {
    var before = left();
    var after = LeftNexus.of("v1", before.handover());
    assertEquals(before.spec(), after.spec());
    assertEquals(before.area(), after.area());
    assertEquals(before.standing(), after.standing());
    assertEquals(before.stored(), after.stored());
    assertEquals(before.share(), after.share());
    assertEquals(42, after.lastMark());
    assertEquals(4_000, after.recent().nextFrom(0) + 4_000 % after.recent().segmentBlocks());
    for (int i = 0; i < before.children().size(); i++) {
      var was = before.children().get(i);
      var is = after.children().get(i);
      assertEquals(was.standing(), is.standing());
      assertEquals(was.rebuild(), is.rebuild());
      assertEquals(was.mark(), is.mark());
      assertEquals(
          was.lacks().map(SegmentMap::blocks), is.lacks().map(SegmentMap::blocks), was.uri());
    }
  }

  @Test
  void segmentsOfAnotherSizeComeOverWhole() throws Exception {
    var values = new HashMap<>(left().handover().values());
    // One segment of 2^16 blocks, the second of two.
    values.put("recent", Map.of("segmentBlocks", 1L << 16, "words", new long[] {2}));
    var after = LeftNexus.of("v1", new Handover("io.tenon.nexus", 1, values));
    assertEquals(BLOCKS - (1 << 16), after.recent().blocks());
    var log = new WriteLog(9, BLOCKS, SegmentMap.USUAL_BYTES);
    log.takeUp(after.recent());
    assertEquals(BLOCKS - (1 << 16), log.recent().blocks());
  }

  private void isRefused(Map<String, Object> values) {
    var handover = new Handover("io.tenon.nexus", 1, values);
    var refusal = assertThrows(NexusException.class, () -> LeftNexus.of("v1", handover));
    assertTrue(refusal.getMessage().contains("v1"), refusal.getMessage());
  }

  @Test
  void anotherVersionIsRefused() {
    var values = left().handover().values();
    for (var strange :
        List.of(new Handover("io.tenon.nexus", 2, values), new Handover("malloc", 1, values))) {
      assertThrows(NexusException.class, () -> LeftNexus.of("v1", strange));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spec", "sizeBytes", "firstBlock", "geometry", "unmaps", "state", "since", "why",
        "lastIsGone", "children", "recent", "record", "history", "hosts", "paused", "lastMark"
      })
  void whatIsMissingOrOfAnotherTypeIsRefused(String name) {
    var values = new HashMap<>(left().handover().values());
    values.put(name, new Object());
    isRefused(values);
    values.remove(name);
    isRefused(values);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "index",
        "uri",
        "slot",
        "state",
        "reason",
        "detail",
        "since",
        "permanent",
        "hasLog",
        "lacks",
        "disturbances",
        "device"
      })
  void whatIsMissingOfAChildIsRefused(String name) {
    var handover = left().handover();
    var children = new ArrayList<Object>();
    for (Object one : (List<?>) handover.values().get("children")) {
      var child = new HashMap<Object, Object>((Map<?, ?>) one);
      child.remove(name);
      children.add(child);
    }
    var values = new HashMap<>(handover.values());
    values.put("children", children);
    isRefused(values);
  }

  @Test
  void whatCannotBeIsRefused() {
    var handover = left().handover();
    var strange =
        List.<Map<String, Object>>of(
            Map.of("children", List.of()),
            Map.of("state", NexusState.SHUTDOWN.name()),
            Map.of("state", NexusState.INIT.name()),
            Map.of("state", "SLEEPING"),
            Map.of("recent", Map.of("segmentBlocks", 3L, "words", new long[0])),
            Map.of("recent", Map.of("segmentBlocks", 128L, "words", new long[1])),
            Map.of("recent", Map.of("segmentBlocks", 1L << 16, "words", new long[] {4})),
            Map.of("provenNs", 1L, "provenMs", 1L),
            Map.of("children", List.of(child(1, ChildState.FAULTED).values())),
            Map.of(
                "children",
                List.of(child(1, ChildState.OPEN).values(), child(1, ChildState.OPEN).values())),
            Map.of("children", List.of(Map.of(1, 2))));
    for (var change : strange) {
      var values = new HashMap<>(handover.values());
      values.putAll(change);
      isRefused(values);
    }
  }
}
