package io.tenon.metadata.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.metadata.Change;
import io.tenon.metadata.Key;
import io.tenon.metadata.Version;
import io.tenon.metadata.WatchEvent;
import io.tenon.metadata.WatchEvent.ReadAgain;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WatchDeliveryTest {
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final List<WatchEvent> heard = new ArrayList<>();

  private static WatchEvent event(int version) {
    return new WatchEvent.Changed(new Version(version), List.of(new Change.Deleted(Key.of("/a"))));
  }

  private void runAll() {
    while (!tasks.isEmpty()) tasks.poll().run();
  }

  @Test
  void eventsArriveInOrderAndOneTaskRunsAtATime() {
    var delivery = new WatchDelivery(heard::add, tasks::add, 10);
    assertTrue(delivery.offer(event(1)));
    assertTrue(delivery.offer(event(2)));
    assertEquals(1, tasks.size());
    runAll();
    assertTrue(delivery.offer(event(3)));
    runAll();
    assertEquals(List.of(event(1), event(2), event(3)), heard);
  }

  @Test
  void whoIsTooSlowIsToldToReadAgainAndHearsNothingElse() {
    var delivery = new WatchDelivery(heard::add, tasks::add, 2);
    delivery.offer(event(1));
    delivery.offer(event(2));
    assertFalse(delivery.offer(event(3)));
    assertFalse(delivery.offer(event(4)));
    runAll();
    assertEquals(1, heard.size());
    assertInstanceOf(ReadAgain.class, heard.getFirst());
  }

  @Test
  void nothingIsHeardAfterTheCloseEvenFromWithinTheListener() {
    var delivery = new WatchDelivery[1];
    delivery[0] =
        new WatchDelivery(
            event -> {
              heard.add(event);
              delivery[0].close();
            },
            tasks::add,
            10);
    delivery[0].offer(event(1));
    delivery[0].offer(event(2));
    runAll();
    assertFalse(delivery[0].offer(event(3)));
    runAll();
    assertEquals(List.of(event(1)), heard);
  }

  private static final class Planted extends RuntimeException {
    private static final long serialVersionUID = 1;

    Planted() {
      super("planted", null, false, false);
    }
  }

  @Test
  void aListenerThatFailsHearsTheNextEvent() {
    var delivery =
        new WatchDelivery(
            event -> {
              heard.add(event);
              if (heard.size() == 1) throw new Planted();
            },
            tasks::add,
            10);
    delivery.offer(event(1));
    delivery.offer(event(2));
    runAll();
    assertEquals(List.of(event(1), event(2)), heard);
  }
}
