package io.tenon.health.internal;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class SelectionTest {
  private static final List<String> BOTH = List.of("live", "ready");
  private static final List<String> READY = List.of("ready");

  private static Selection of(List<String> tags, List<String> names) {
    return Selection.of(tags, names, false);
  }

  @Test
  void whoAsksForNothingIsToldOfAll() {
    assertTrue(of(List.of(), List.of()).takes("pools", List.of()));
  }

  @Test
  void aTagTakesThoseThatHaveIt() {
    assertTrue(of(READY, List.of()).takes("reactors", BOTH));
    assertFalse(of(READY, List.of()).takes("pools", List.of()));
    assertFalse(of(BOTH, List.of()).takes("listeners", READY), "of tags all must be there");
    assertTrue(Selection.of(BOTH, List.of(), true).takes("listeners", READY), "or any, if asked");
  }

  @Test
  void aNameTakesItsCheckAndNoOther() {
    assertTrue(of(List.of(), List.of("pools", "store")).takes("store", List.of()));
    assertFalse(of(List.of(), List.of("pools")).takes("reactors", BOTH));
    assertTrue(of(List.of("live"), List.of("pools")).takes("pools", List.of()));
  }

  @Test
  void anAsteriskIsAny() {
    assertTrue(of(List.of("*"), List.of()).takes("pools", List.of()));
    assertTrue(of(List.of(), List.of("*")).takes("pools", List.of()));
    assertFalse(of(List.of("*", "-live"), List.of()).takes("reactors", BOTH));
    assertFalse(of(List.of("*", "live"), List.of()).takes("listeners", READY));
  }

  @Test
  void aDashLeavesOut() {
    assertFalse(of(List.of("-live"), List.of()).takes("reactors", BOTH));
    assertTrue(of(List.of("-live"), List.of()).takes("pools", List.of()));
    assertFalse(of(READY, List.of("-reactors")).takes("reactors", BOTH));
  }
}
