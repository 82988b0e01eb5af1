package io.tenon.reactor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.error.TenonException;
import io.tenon.linux.Threads;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CoreListTest {
  private static final String[] PIECES = {
    "0", "1", "3", "007", "1023", "99999", "999999", "-", ",", " ", "", "x", "\u0663", "1-3", "3-1"
  };

  @Test
  void coresComeSortedAndOnce() throws Exception {
    assertEquals(List.of(0, 2, 3), CoreList.parse("2-3, 0,3"));
    assertEquals(List.of(), CoreList.parse(" "));
  }

  @ParameterizedTest
  @ValueSource(strings = {",", "1,", "a", "-1", "3-1", "1-2-3", "99999"})
  void whatIsNoListIsRefusedWithTheReason(String text) {
    var refused = assertThrows(TenonException.class, () -> CoreList.parse(text));
    assertTrue(refused.getMessage().contains("Core list " + text), refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void anyTextGivesCoresThatExistOrARefusal(long seed) {
    var random = new Random(seed);
    for (int i = 0; i < 5_000; i++) {
      var text = new StringBuilder();
      for (int left = random.nextInt(6); left > 0; left--) {
        text.append(PIECES[random.nextInt(PIECES.length)]);
      }
      try {
        var cores = CoreList.parse(text.toString());
        assertEquals(List.copyOf(new TreeSet<>(cores)), cores, text::toString);
        assertTrue(cores.stream().allMatch(core -> core >= 0 && core <= Threads.MAX_CORE));
      } catch (TenonException e) {
        assertFalse(e.getMessage().isBlank());
      }
    }
  }
}
