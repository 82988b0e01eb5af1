package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.faults.PoolInventory.Item;
import io.tenon.faults.PoolInventory.Kind;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The judge of pools finds what is missing, what is there and should not be, and what is not what it was. */
class PoolInventoryTest {
  private final PoolInventory inventory = new PoolInventory();

  private static Item item(String name, Kind kind, Long... sizes) {
    return new Item(name, kind, Set.of(sizes), List.of());
  }

  private static Map<String, Object> replica(String name, long size) {
    return Map.of("name", name, "kind", "REPLICA", "size", size);
  }

  private static Map<String, Object> snapshot(String name, long size) {
    return Map.of("name", name, "size", size);
  }

  @SafeVarargs
  @SuppressWarnings("varargs") // only read
  private void isWrong(String how, Map<String, Object>... rows) {
    var found = assertThrows(AssertionError.class, () -> inventory.settle(List.of(rows)));
    assertTrue(found.getMessage().contains(how), found.getMessage());
  }

  @Test
  void whatWasAcknowledgedMustBeThereAsItWas() {
    inventory.has(item("a", Kind.REPLICA, 1L));
    inventory.has(item("s", Kind.SNAPSHOT, 1L));
    inventory.settle(List.of(replica("a", 1), snapshot("s", 1)));
    isWrong("not there", replica("a", 1));
    isWrong("2 bytes", replica("a", 2), snapshot("s", 1));
    isWrong("SNAPSHOT", snapshot("a", 1), snapshot("s", 1));
    isWrong("listed twice", replica("a", 1), replica("a", 1), snapshot("s", 1));
  }

  @Test
  void whatWasDeletedOrNeverMadeMustNotBeThere() {
    var gone = item("a", Kind.REPLICA, 1L);
    inventory.has(gone);
    inventory.isGoing(gone);
    inventory.hasNot(gone);
    isWrong("never made", replica("a", 1));
  }

  @Test
  void whatWasUnderWayMayBeThereOrNotAndIsCertainOnceItWasSeen() {
    inventory.mayHave(item("made", Kind.REPLICA, 1L));
    var going = item("going", Kind.REPLICA, 1L);
    inventory.has(going);
    inventory.isGoing(going);
    inventory.settle(List.of(replica("made", 1)));
    isWrong("not there");
    isWrong("never made", replica("made", 1), replica("going", 1));
  }

  @Test
  void aSizeThatWasBeingChangedIsEitherOneAndThenTheOneThatWasSeen() {
    inventory.has(item("a", Kind.REPLICA, 1L, 2L));
    inventory.settle(List.of(replica("a", 2)));
    assertEquals(Set.of(2L), inventory.all(Kind.REPLICA).getFirst().sizes());
    isWrong("1 bytes", replica("a", 1));
  }
}
