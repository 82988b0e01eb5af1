package io.tenon.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceException.Kind;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceUriTest {
  private static final String PIECES =
      "aio malloc nvmf+tcp :// /// : / ? & = # % %2 %2F %zz @ [ ] [::1] 10.0.0.1 8420 -1 99999"
          + " nqn.2019-05.io.openebs:x uuid size_mb 64 ü \u0000 \\ ;";

  @Test
  void partsAreDecoded() throws Exception {
    var uri = DeviceUri.parse("NVMF+TCP://10.0.0.1:8420/nqn.2019-05.io:a%20b?uuid=x%26y&flag");
    assertEquals("nvmf+tcp", uri.scheme());
    assertEquals("10.0.0.1", uri.host());
    assertEquals(8420, uri.port());
    assertEquals("nqn.2019-05.io:a b", uri.name());
    assertEquals(Optional.of("x&y"), uri.parameter("uuid"));
    assertTrue(uri.flag("flag"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "disk",
        "/dev/sda",
        "aio:",
        "aio://",
        "aio:///",
        "malloc:disk",
        "aio://a b/c",
        "aio:///a#b",
        "aio://host:port/a",
        "aio:///%zz",
        "malloc:///a?=1",
        "malloc:///a?x=%zz",
        "malloc:///a?x=1&x=2"
      })
  void whatIsNoDeviceUriIsRefused(String text) {
    var refusal = assertThrows(DeviceException.class, () -> DeviceUri.parse(text));
    assertTrue(
        refusal.kind() == Kind.INVALID_URI || refusal.kind() == Kind.INVALID_PARAMETER,
        refusal.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "'', true",
    "yes, true",
    "ON, true",
    "true, true",
    "7, true",
    "no, false",
    "off, false",
    "false, false",
    "0, false",
    "-3, false"
  })
  void flagsAreReadAsPeopleWriteThem(String value, boolean expected) throws Exception {
    assertEquals(expected, DeviceUri.parse("x:///a?f=" + value).flag("f"));
    assertFalse(DeviceUri.parse("x:///a").flag("f"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"maybe", "1.5", "0x1"})
  void otherFlagsAreRefused(String value) throws Exception {
    var uri = DeviceUri.parse("x:///a?f=" + value);
    assertEquals(
        Kind.INVALID_PARAMETER, assertThrows(DeviceException.class, () -> uri.flag("f")).kind());
  }

  @Test
  void uuidsMustBeWhole() throws Exception {
    var id = UUID.fromString("5c0ffee0-0000-4000-8000-00000000abcd");
    assertEquals(Optional.of(id), DeviceUri.parse("x:///a?uuid=" + id).uuid());
    var capitals = DeviceUri.parse("x:///a?uuid=" + id.toString().toUpperCase(Locale.ROOT));
    assertEquals(Optional.of(id), capitals.uuid());
    String oddParts = "5c0ffee0-0000-4000-80000000-000abcde";
    assertEquals(36, oddParts.length());
    for (String wrong : new String[] {"", "1-1-1-1-1", "nil", id + "0", oddParts}) {
      var uri = DeviceUri.parse("x:///a?uuid=" + wrong);
      assertEquals(Kind.INVALID_PARAMETER, assertThrows(DeviceException.class, uri::uuid).kind());
    }
  }

  /** Whatever comes from outside, the answer is a URI that holds to the rules, or a refusal for people. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void noTextBreaksTheParser(long seed) {
    var random = new Random(seed);
    var pieces = PIECES.split(" ");
    for (int i = 0; i < 5_000; i++) {
      var text = new StringBuilder(random.nextBoolean() ? "aio:///" : "");
      for (int left = random.nextInt(12); left > 0; left--) {
        if (random.nextInt(4) == 0) text.append((char) random.nextInt(0x250));
        else text.append(pieces[random.nextInt(pieces.length)]);
      }
      checkAnswer(text.toString());
    }
  }

  private static void checkAnswer(String text) {
    try {
      var uri = DeviceUri.parse(text);
      assertTrue(uri.path().startsWith("/") && uri.path().length() > 1, text);
      assertEquals(uri.scheme().toLowerCase(java.util.Locale.ROOT), uri.scheme());
      assertEquals(text, uri.toString());
      uri.allowOnly(Set.of("uuid", "size_mb"));
      uri.uuid();
      uri.number("size_mb", 0);
      uri.flag("size_mb");
    } catch (DeviceException e) {
      assertFalse(e.what().isBlank(), text);
      assertFalse(e.why().isBlank(), text);
      assertTrue(e.kind() == Kind.INVALID_URI || e.kind() == Kind.INVALID_PARAMETER, e.toString());
    }
  }
}
