package io.tenon.shell.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedactionTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "tenon:swap b http://ann:hunter2@host/x.jar",
        "tenon:swap b http://hunter2@host/x.jar",
        "device:create 'nvmf://h/n?dhchap_key=hunter2'",
        "nvmf://h/n?password=hunter2&x=1",
        "x --password hunter2",
        "x --password=hunter2",
        "x --password='hunter2 and more'",
        "x --token \"hunter2\"",
        "PASSWORD = hunter2",
        "secret=hunter2; lb",
        "x --psk:hunter2",
        "store put /a hunter2 --force",
        "tenon:store put /a hunter2 --force",
        "store:put /a 'x hunter2'",
        "'tenon:store' 'put' /a hunter2",
      })
  void aSecretIsLeftOut(String line) {
    assertFalse(Redaction.of(line).contains("hunter2"), Redaction.of(line));
    assertTrue(Redaction.hasSecret(line));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tenon:nexus list --json",
        "device:create 'malloc:///scratch?size_mb=64'",
        "pool:create p aio:///dev/nvme1n1 --cluster 4MiB",
        "nexus:create v1 --size 1GiB --child nvmf://10.0.0.2:8420/nqn.2019-05.io.openebs:d2",
        "store:get /openebs.io/x",
      })
  void everythingElseStays(String line) {
    assertEquals(line, Redaction.of(line));
  }

  @Test
  void aLineWithoutEndIsCutOff() {
    assertTrue(Redaction.of("x".repeat(1 << 20)).length() < 5000);
  }
}
