package io.tenon.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceException.Kind;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OwnershipTest {
  private final Ownership disk = new Ownership("disk");

  @Test
  void aDeviceHasOneOwnerAtATime() throws Exception {
    var first = disk.claim("pool a");
    assertEquals(Optional.empty(), first.left());
    var refusal = assertThrows(DeviceException.class, () -> disk.claim("pool a"));
    assertEquals(Kind.IN_USE, refusal.kind());
    first.close();
    assertEquals(Optional.empty(), disk.claimedBy());
    var second = disk.claim("pool b");
    first.close();
    assertEquals(Optional.of("pool b"), disk.claimedBy());
    second.close();
  }

  @Test
  void whatIsLeftIsForTheSuccessorOnly() throws Exception {
    var left = new Handover("pool", 1, Map.of("closes", true));
    var first = disk.claim("pool a");
    first.leave(left);
    var refusal = assertThrows(DeviceException.class, () -> disk.claim("pool b"));
    assertTrue(refusal.getMessage().contains("pool a, whose service is being replaced"));
    var second = disk.claim("pool a");
    assertEquals(Optional.of(left), second.left());
    assertThrows(DeviceException.class, () -> disk.claim("pool a"));
    first.close();
    first.leave(left);
    assertEquals(Optional.of("pool a"), disk.claimedBy());
    second.close();
    assertEquals(Optional.empty(), disk.claimedBy());
  }
}
