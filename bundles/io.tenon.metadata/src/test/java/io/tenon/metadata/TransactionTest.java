package io.tenon.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TransactionTest {
  private static final Key KEY = Key.of("/a");

  @Test
  void aKeyIsNamedOnce() {
    var transaction = Transaction.begin().put(KEY, Value.EMPTY);
    assertThrows(IllegalArgumentException.class, () -> transaction.delete(KEY));
    var expecting = Transaction.begin().expect(KEY, Version.NONE);
    assertThrows(IllegalArgumentException.class, () -> expecting.expect(KEY, new Version(1)));
  }

  @Test
  void whatNoStoreTakesInOneRequestIsRefused() {
    var bytes = Value.of(new byte[Value.MOST_BYTES]);
    var big = Transaction.begin().put(KEY, bytes);
    assertThrows(IllegalArgumentException.class, () -> big.put(Key.of("/b"), bytes));
    var many = Transaction.begin();
    for (int i = 0; i < Transaction.MOST_OPERATIONS; i++) many.delete(Key.of("/" + i));
    assertThrows(IllegalArgumentException.class, () -> many.delete(Key.of("/more")));
    assertThrows(IllegalArgumentException.class, () -> Transaction.begin().end());
    assertThrows(IllegalArgumentException.class, () -> Value.of(new byte[Value.MOST_BYTES + 1]));
  }

  @Test
  void keysAreOrderedByTheirBytesWhateverTheirScript() {
    var random = new SplittableRandom(1);
    var keys = new ArrayList<Key>();
    for (int i = 0; i < 500; i++) keys.add(Key.of(text(random)));
    var sorted = keys.stream().sorted().map(Key::bytes).toList();
    for (int i = 1; i < sorted.size(); i++) {
      assertTrue(Arrays.compareUnsigned(sorted.get(i - 1), sorted.get(i)) <= 0);
    }
  }

  private static String text(SplittableRandom random) {
    var text = new StringBuilder();
    int[] firsts = {'a', 'é', 0x20ac, 0xff5e, 0x1f600};
    int length = 1 + random.nextInt(3);
    for (int i = 0; i < length; i++) {
      text.appendCodePoint(firsts[random.nextInt(firsts.length)] + random.nextInt(3));
    }
    return text.toString();
  }

  @Test
  void aKeyIsTextOfSomeLength() {
    assertThrows(IllegalArgumentException.class, () -> Key.of(""));
    assertThrows(IllegalArgumentException.class, () -> Key.of("\ud800"));
    assertThrows(IllegalArgumentException.class, () -> Key.of("é".repeat(513)));
    assertEquals(1024, Key.of("é".repeat(512)).bytes().length);
  }

  @Test
  void aPrefixMayEndInsideAWord() {
    assertTrue(Prefix.of("/x/Pool").matches(Key.of("/x/PoolSpec/a")));
    assertFalse(Prefix.of("/x/PoolSpec/").matches(Key.of("/x/PoolSpec")));
    assertTrue(Prefix.ALL.matches(KEY));
  }

  @Test
  void onlyAnUnknownOutcomeIsNotCertain() {
    var entry = new Entry(KEY, Value.of("secret"), new Version(7), Optional.empty());
    var conflict = new ConflictException(Map.of(KEY, Optional.of(entry)));
    assertEquals(Optional.of(entry), conflict.found(KEY));
    assertEquals(
        "The change was not made: another writer was first. Found /a at version 7."
            + " Read what is there now and decide again.",
        conflict.getMessage());
    for (StoreException certain :
        List.of(
            conflict,
            new LeaseLostException("1f"),
            new StoreRefusedException("It is full.", "Make room."),
            new StoreUnavailableException("It is away.", ""))) {
      assertTrue(certain.isCertainlyNotDone(), certain::getMessage);
    }
    assertFalse(new OutcomeUnknownException("No answer.").isCertainlyNotDone());
  }

  @Test
  void aValueIsNobodysToChange() {
    byte[] bytes = {1, 2, 3};
    var value = Value.of(bytes);
    bytes[0] = 9;
    value.bytes()[1] = 9;
    assertEquals(Value.of(new byte[] {1, 2, 3}), value);
  }
}
