package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The judge of all other tests here finds each fault that is planted. */
class LedgerTest {
  private static final int PLACE = 7;

  private final Arena arena = Arena.ofConfined();
  private final Ledger ledger = new Ledger(42, 16);
  private final MemorySegment first = page();
  private final MemorySegment second = page();

  private MemorySegment page() {
    return arena.allocate(Ledger.PLACE_BYTES, 4096);
  }

  @AfterEach
  void close() {
    arena.close();
  }

  private void issue(MemorySegment page) {
    ledger.issue(PLACE, page.address(), 1_000);
  }

  private void write(MemorySegment page) {
    issue(page);
    ledger.acknowledge(PLACE, 2_000);
  }

  private void isRight(MemorySegment page) {
    assertEquals(Optional.empty(), ledger.judge(PLACE, page.address()));
  }

  private void isWrong(String how, MemorySegment page) {
    String found = ledger.judge(PLACE, page.address()).orElse("nothing");
    assertTrue(found.contains(how), found);
  }

  @Test
  void aSnapshotHoldsWhatWasThereAtSomeMomentWhileItWasMade() {
    write(first);
    var before = ledger.copy();
    write(second);
    var during = ledger.since(before);
    var after = ledger.copy();
    MemorySegment later = page();
    write(later);
    for (MemorySegment page : List.of(first, second)) {
      assertEquals(Optional.empty(), during.judge(PLACE, page.address()));
    }
    assertTrue(during.judge(PLACE, later.address()).isPresent());
    assertTrue(after.since(after).judge(PLACE, first.address()).isPresent());
  }

  @Test
  void whatWasAcknowledgedLastIsRightAndWhatWasBeforeIsStale() {
    isRight(page());
    write(first);
    isRight(first);
    isWrong("is stale", page());
    write(second);
    isRight(second);
    isWrong("is stale", first);
  }

  @Test
  void aWriteThatWasNotAcknowledgedMayBeThereOrNotOrInPart() {
    write(first);
    issue(second);
    isRight(first);
    isRight(second);
    MemorySegment half = page().copyFrom(first);
    half.asSlice(0, 1024).copyFrom(second.asSlice(0, 1024));
    isRight(half);
    write(page());
    isWrong("is stale", second);
  }

  @Test
  void anAcknowledgedWriteThatIsThereInPartIsTornOrStale() {
    write(first);
    write(second);
    second.asSlice(3584).copyFrom(first.asSlice(3584));
    isWrong("byte 3584 is stale", second);
  }

  @Test
  void aBlockOfAnotherPlaceOrAnotherRunIsNobodys() {
    write(first);
    isWrong("nobody wrote", page().copyFrom(first).fill((byte) 0xEE));
    var other = new Ledger(42, 16);
    other.issue(PLACE + 1, second.address(), 1_000);
    isWrong("nobody wrote", second);
    var run = new Ledger(43, 16);
    run.issue(PLACE, second.address(), 1_000);
    isWrong("nobody wrote", second);
  }

  @Test
  void everyByteCounts() {
    write(first);
    for (int at = 0; at < Ledger.PLACE_BYTES; at++) {
      byte was = first.get(ValueLayout.JAVA_BYTE, at);
      first.set(ValueLayout.JAVA_BYTE, at, (byte) (was ^ 0x40));
      assertTrue(ledger.judge(PLACE, first.address()).isPresent(), "byte " + at);
      first.set(ValueLayout.JAVA_BYTE, at, was);
    }
    isRight(first);
  }

  @Test
  void aVersionThatWasNeverIssuedIsWrong() {
    write(first);
    var ahead = new Ledger(42, 16);
    ahead.issue(PLACE, second.address(), 1_000);
    ahead.issue(PLACE, second.address(), 1_000);
    isWrong("is not of this run", second);
  }

  @Test
  void whatAHostHasReadMayNotBeOlderAgain() {
    write(first);
    issue(second);
    isRight(first);
    isRight(second);
    assertEquals(Optional.empty(), ledger.read(PLACE, second.address()));
    isRight(second);
    isWrong("is stale", first);
  }
}
