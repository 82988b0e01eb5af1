package io.tenon.arch.planted.nexus.internal;

import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Planted: each method differs from run to run, and is named as the test expects it. */
final class Restless {
  long wallClock() {
    return System.currentTimeMillis();
  }

  long monotonicClock() {
    return System.nanoTime();
  }

  LongSupplier clockByReference() {
    return System::nanoTime;
  }

  Instant now() {
    return Instant.now();
  }

  Clock systemClock() {
    return Clock.systemUTC();
  }

  InstantSource systemSource() {
    return InstantSource.system();
  }

  void sleep() throws InterruptedException {
    Thread.sleep(1);
  }

  Thread thread() {
    return new Thread(() -> {});
  }

  Thread virtualThread() {
    return Thread.startVirtualThread(() -> {});
  }

  Object executor() {
    return Executors.newVirtualThreadPerTaskExecutor();
  }

  CompletableFuture<Integer> commonPool() {
    return CompletableFuture.supplyAsync(() -> 1);
  }

  int unseeded() {
    return new Random().nextInt();
  }

  double mathRandom() {
    return Math.random();
  }

  UUID uuid() {
    return UUID.randomUUID();
  }

  Map<String, String> hashMap() {
    return new HashMap<>();
  }

  Set<String> hashSet() {
    return new HashSet<>();
  }

  Set<String> concurrentSet() {
    return ConcurrentHashMap.newKeySet();
  }

  Set<String> saltedSet() {
    return Set.of("a", "b");
  }

  Map<String, String> saltedMap() {
    return Map.of("a", "1", "b", "2");
  }

  Set<String> collected() {
    return Stream.of("a", "b").collect(Collectors.toSet());
  }
}
