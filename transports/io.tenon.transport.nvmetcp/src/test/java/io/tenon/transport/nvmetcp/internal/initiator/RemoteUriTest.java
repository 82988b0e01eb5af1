package io.tenon.transport.nvmetcp.internal.initiator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceUri;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RemoteUriTest {
  private static RemoteUri parse(String uri) throws DeviceException {
    return RemoteUri.of(DeviceUri.parse(uri));
  }

  @Test
  void portDefaultsAndIsPartOfTheNameOnlyWhenGiven() throws Exception {
    var without = parse("nvmf://10.0.0.1/nqn.2019-05.io.openebs:a");
    assertEquals(8420, without.port());
    assertEquals("10.0.0.1/nqn.2019-05.io.openebs:an1", without.name());
    var with = parse("nvmf+tcp://node-2:4420/nqn.b?hostnqn=nqn.host&ddgst=yes&reftag=1&colour=red");
    assertEquals(4420, with.port());
    assertEquals("node-2:4420/nqn.bn1", with.name());
    assertEquals("node-2:4420/nqn.b", with.controller());
    assertEquals(Optional.of("nqn.host"), with.hostNqn());
    assertTrue(with.dataDigest());
  }

  @Test
  void hostAndExactlyOneSegmentAreRequired() {
    for (String uri :
        new String[] {"nvmf:///nqn.a", "nvmf://h/nqn.a/b", "nvmf://h/" + "n".repeat(224)}) {
      var refused = assertThrows(DeviceException.class, () -> parse(uri));
      assertEquals(Kind.INVALID_URI, refused.kind(), uri);
    }
    var refused = assertThrows(DeviceException.class, () -> parse("nvmf://h/nqn.a?uuid=1"));
    assertEquals(Kind.INVALID_PARAMETER, refused.kind());
  }
}
