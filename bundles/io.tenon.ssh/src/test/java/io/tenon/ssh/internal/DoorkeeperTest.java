package io.tenon.ssh.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DoorkeeperTest {
  private long now = Long.MAX_VALUE - 5; // nanoTime may overflow at any moment
  private final Doorkeeper door = new Doorkeeper(2, () -> now);

  private boolean fails(String address) {
    assertTrue(door.admits(address));
    door.comes(address);
    return door.left(address, true);
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }

  private void failUntilBlocked(String address) {
    for (int i = 1; i < Doorkeeper.MOST_FAILURES; i++) assertFalse(fails(address));
    assertTrue(fails(address));
  }

  @Test
  void whoFailsTooOftenIsBlockedForAWhileThatDoubles() {
    failUntilBlocked("a");
    assertFalse(door.admits("a"));
    assertTrue(door.admits("b"));
    pass(Doorkeeper.FIRST_BLOCK.minusSeconds(1));
    assertFalse(door.admits("a"));
    pass(Duration.ofSeconds(1));
    assertTrue(fails("a"), "once more is enough");
    pass(Doorkeeper.FIRST_BLOCK);
    assertFalse(door.admits("a"));
    pass(Doorkeeper.FIRST_BLOCK);
    assertTrue(door.admits("a"));
  }

  @Test
  void noBlockIsLongerThanTheLongest() {
    failUntilBlocked("a");
    for (int i = 0; i < 30; i++) {
      pass(Doorkeeper.LONGEST_BLOCK);
      assertTrue(door.admits("a"));
      fails("a");
      for (int more = 0; door.admits("a"); more++) {
        assertTrue(more < Doorkeeper.MOST_FAILURES);
        fails("a");
      }
    }
  }

  @Test
  void failuresAreForgottenAndALoginMakesGood() {
    for (int i = 1; i < Doorkeeper.MOST_FAILURES; i++) fails("a");
    pass(Doorkeeper.FORGOTTEN_AFTER.plusSeconds(1));
    assertFalse(fails("a"));
    for (int i = 2; i < Doorkeeper.MOST_FAILURES; i++) fails("a");
    door.comes("a");
    assertTrue(door.loggedIn("a"));
    assertFalse(fails("a"));
  }

  @Test
  void answersBecomeSlowerWithEachFailure() {
    var first = door.delay("a");
    fails("a");
    assertTrue(door.delay("a").compareTo(first) > 0);
    assertEquals(first, door.delay("b"));
  }

  @Test
  void strangersAreBoundedOfOneAddressAndAltogether() {
    for (int i = 0; i < Doorkeeper.MOST_STRANGERS_OF_ONE; i++) {
      assertTrue(door.admits("a"));
      door.comes("a");
    }
    assertFalse(door.admits("a"));
    for (int i = Doorkeeper.MOST_STRANGERS_OF_ONE; i < Doorkeeper.MOST_STRANGERS; i++) {
      door.comes("b" + i);
    }
    assertFalse(door.admits("c"));
    door.left("a", false);
    assertTrue(door.admits("a"));
    assertTrue(door.admits("c"));
  }

  @Test
  void peopleAreBounded() {
    for (int i = 0; i < 2; i++) {
      door.comes("a");
      assertTrue(door.loggedIn("a"));
    }
    door.comes("a");
    assertFalse(door.loggedIn("a"));
    door.loggedOut();
    door.comes("a");
    assertTrue(door.loggedIn("a"));
  }

  @Test
  void addressesWithoutEndTakeNoMemoryWithoutEnd() {
    for (int i = 0; i < 10_000; i++) fails("10.0." + i);
    assertTrue(door.admits("10.0.9999"));
  }

  @Test
  void aWholeNetworkOfIpv6IsOneAddress() throws Exception {
    assertEquals(address("2001:db8::1"), address("2001:db8::ffff:2"));
    assertNotEquals(address("2001:db8::1"), address("2001:db8:0:1::1"));
    assertEquals("192.0.2.7", address("192.0.2.7"));
  }

  private static String address(String text) throws Exception {
    return Doorkeeper.addressOf(new InetSocketAddress(InetAddress.getByName(text), 1));
  }
}
