package io.tenon.arch.planted.nexus.internal;

import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Right: what could differ came in from outside. */
record Restful(Clock clock, Random random, Executor executor) {
  Instant now() {
    return Instant.now(clock);
  }

  Random another() {
    return new Random(random.nextLong());
  }

  UUID uuid() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  Map<String, Set<String>> ordered() {
    var map = new LinkedHashMap<String, Set<String>>();
    map.put("a", Set.of());
    map.put("b", Set.of("one"));
    return map;
  }

  CompletableFuture<Integer> later() {
    return CompletableFuture.supplyAsync(() -> 1, executor);
  }
}
