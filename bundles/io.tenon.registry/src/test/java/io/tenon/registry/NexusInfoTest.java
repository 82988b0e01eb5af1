package io.tenon.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.metadata.Value;
import io.tenon.registry.NexusInfo.Child;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class NexusInfoTest {
  private static final String MAYASTORS =
      "{\"children\":[{\"healthy\":true,\"uuid\":\"1d1c1c3e-0000-4000-8000-000000000001\"}],\"clean_shutdown\":false}";

  private static NexusInfo read(String json) throws RegistryFormatException {
    return NexusInfo.fromJson(Value.of(json));
  }

  @Test
  void mayastorsExampleIsReadAndWrittenToTheByte() throws Exception {
    var info = read(MAYASTORS);
    assertEquals(
        new NexusInfo(List.of(new Child(true, "1d1c1c3e-0000-4000-8000-000000000001")), false),
        info);
    assertEquals(Value.of(MAYASTORS), info.toJson());
    assertEquals(
        "{\"children\":[],\"clean_shutdown\":true}",
        new NexusInfo(List.of(), true).toJson().text());
  }

  @Test
  void unknownFieldsAndAnyOrderAndSpacesAreRead() throws Exception {
    assertEquals(
        read(MAYASTORS),
        read(
            " {\"new\":[{\"healthy\":1}],\"clean_shutdown\" : false,\n\"children\": [ {\"x\":{\"uuid\":null},"
                + "\"uuid\":\"1d1c1c3e-0000-4000-8000-000000000001\",\"healthy\":true} ], \"y\":null} "));
  }

  @Test
  void whatIsMissingDoubleOrOfAnotherTypeIsRefused() {
    for (String wrong :
        List.of(
            "",
            "null",
            "[]",
            "{}",
            MAYASTORS + "x",
            MAYASTORS + MAYASTORS,
            MAYASTORS.substring(0, MAYASTORS.length() - 1),
            "{\"children\":[]}",
            "{\"clean_shutdown\":true}",
            "{\"children\":null,\"clean_shutdown\":true}",
            "{\"children\":[],\"clean_shutdown\":null}",
            "{\"children\":[],\"clean_shutdown\":\"true\"}",
            "{\"children\":[],\"children\":[],\"clean_shutdown\":true}",
            "{\"children\":[],\"clean_shutdown\":true,\"clean_shutdown\":true}",
            "{\"children\":[{\"healthy\":true}],\"clean_shutdown\":true}",
            "{\"children\":[{\"uuid\":\"a\"}],\"clean_shutdown\":true}",
            "{\"children\":[{\"healthy\":1,\"uuid\":\"a\"}],\"clean_shutdown\":true}",
            "{\"children\":[[]],\"clean_shutdown\":true}",
            "{'children':[],\"clean_shutdown\":true}")) {
      var refusal = assertThrows(RegistryFormatException.class, () -> read(wrong), wrong);
      assertTrue(refusal.getMessage().contains("NexusInfo"), refusal::getMessage);
    }
  }

  @Test
  void rubbishIsRefusedAndNeverAnythingElse() {
    var random = new SplittableRandom(1);
    byte[] good = MAYASTORS.getBytes(StandardCharsets.UTF_8);
    int read = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = good.clone();
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        var info = NexusInfo.fromJson(Value.of(bytes));
        if (random.nextBoolean()) info = info.by("somebody " + random.nextInt());
        assertEquals(info, NexusInfo.fromJson(info.toJson()));
        read++;
      } catch (RegistryFormatException e) {
        assertFalse(e.getMessage().isEmpty());
      }
    }
    assertTrue(read > 100, "nothing was readable: " + read);
  }

  @Test
  void whateverIsWrittenIsReadBack() throws Exception {
    var random = new SplittableRandom(2);
    for (int i = 0; i < 2_000; i++) {
      var children = new ArrayList<Child>();
      for (int n = random.nextInt(5); n > 0; n--) {
        String uuid =
            random.nextInt(5) == 0
                ? "odd \"\\\n\u0000é😀" + random.nextInt()
                : new UUID(random.nextLong(), random.nextLong()).toString();
        children.add(new Child(random.nextBoolean(), uuid));
      }
      var info = new NexusInfo(children, random.nextBoolean());
      if (random.nextBoolean()) info = info.by("somebody " + random.nextInt());
      assertEquals(info, NexusInfo.fromJson(info.toJson()));
    }
  }

  @Test
  void afterAnUncleanEndOnlyOneChildIsTrusted() {
    var children = List.of(new Child(false, "a"), new Child(true, "b"), new Child(true, "c"));
    var unclean = new NexusInfo(children, false);
    assertEquals(List.of("b"), unclean.trusted(_ -> false));
    assertEquals(List.of("c"), unclean.trusted("c"::equals));
    assertEquals(List.of("b"), unclean.trusted("a"::equals), "a is local and not healthy");
    assertEquals(List.of("b", "c"), unclean.ended(true).trusted("c"::equals));
    assertEquals(List.of(), new NexusInfo(List.of(new Child(false, "a")), true).trusted(_ -> true));
  }

  @Test
  void childrenComeGoAndChange() {
    var info = new NexusInfo(List.of(new Child(true, "a"), new Child(true, "b")), false);
    assertEquals(
        List.of(new Child(false, "a"), new Child(true, "b")), info.with("a", false).children());
    assertEquals(
        List.of(new Child(true, "a"), new Child(true, "b"), new Child(false, "c")),
        info.with("c", false).children());
    assertEquals(List.of(new Child(true, "b")), info.without("a").children());
    var own = info.by("me");
    for (var changed : List.of(own.with("a", false), own.without("a"), own.ended(true))) {
      assertEquals(Optional.of("me"), changed.writer());
    }
    assertTrue(info.hasHealthyChildBut("a"));
    assertFalse(info.with("b", false).hasHealthyChildBut("a"));
  }

  @Test
  void keysAreMayastors() {
    var keys = new RegistryKeys("0a0b0c0d-1111-4222-8333-444455556666", "mayastor");
    var volume = UUID.fromString("3d1c1c3e-0000-4000-8000-000000000003");
    var nexus = UUID.fromString("4D1C1C3E-0000-4000-8000-000000000004");
    String prefix =
        "/openebs.io/mayastor/apis/v0/clusters/0a0b0c0d-1111-4222-8333-444455556666/namespaces/mayastor";
    assertEquals(
        prefix
            + "/volume/3d1c1c3e-0000-4000-8000-000000000003/nexus/4d1c1c3e-0000-4000-8000-000000000004/info",
        keys.nexusInfo(volume, nexus).text());
    assertEquals(
        prefix + "/nexus/4d1c1c3e-0000-4000-8000-000000000004/info", keys.nexusInfo(nexus).text());
    assertEquals("4d1c1c3e-0000-4000-8000-000000000004", RegistryKeys.oldNexusInfo(nexus).text());
  }
}
