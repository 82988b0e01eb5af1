package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.faults.PoolInventory.Item;
import io.tenon.faults.PoolInventory.Kind;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes and deletes snapshots, clones and replicas, one after the other, until the node is gone; what was under way then is doubtful
 * in the inventory. The inventory is its own while it runs.
 */
final class PoolWork {
  static final String POOL = "kill";
  private static final long MIB = 1 << 20;
  private static final int MOST_SNAPSHOTS = 10;
  private static final int MOST_CLONES = 3;
  private static final int MOST_OTHERS = 4;

  private final NodeShell shell;
  private final PoolInventory inventory;
  private final Map<String, HostLoad> loads;
  private final SplittableRandom random;
  private final String prefix;
  private final CompletableFuture<Integer> ended = new CompletableFuture<>();
  private final AtomicInteger operations = new AtomicInteger();

  /**
   * @param loads of the replicas that are written, by name
   * @param round for names that were never used
   */
  PoolWork(
      NodeShell shell,
      PoolInventory inventory,
      Map<String, HostLoad> loads,
      SplittableRandom random,
      int round) {
    this.shell = shell;
    this.inventory = inventory;
    this.loads = loads;
    this.random = random;
    this.prefix = "r" + round + "-";
  }

  void start() {
    Thread.ofPlatform().name("pool-work").start(this::run);
  }

  private void run() {
    try {
      while (one()) operations.incrementAndGet();
      ended.complete(operations.get());
    } catch (RuntimeException | Error e) {
      ended.completeExceptionally(e);
    }
  }

  /** That were answered. Any thread. */
  int operations() {
    return operations.get();
  }

  /** It has ended, or is about to because the node is gone; throws what went wrong. */
  CompletableFuture<Integer> ended() {
    return ended;
  }

  /**
   * @return false when the node is gone
   */
  private boolean one() {
    var snapshots = inventory.all(Kind.SNAPSHOT);
    var clones = inventory.all(Kind.CLONE);
    var unused = unused();
    var others = inventory.all(Kind.REPLICA).stream().filter(it -> it.content().isEmpty()).toList();
    return switch (random.nextInt(10)) {
      case 0, 1, 2, 3 ->
          snapshots.size() < MOST_SNAPSHOTS ? snapshot() : destroy("snapshot", any(unused));
      case 4, 5 -> unused.isEmpty() ? snapshot() : destroy("snapshot", any(unused));
      case 6 -> cloneSome(snapshots, clones);
      case 7 -> others.size() < MOST_OTHERS ? create() : destroy("replica", any(others));
      case 8 -> others.isEmpty() ? create() : grow(any(others));
      default -> others.isEmpty() ? create() : destroy("replica", any(others));
    };
  }

  private boolean cloneSome(List<Item> snapshots, List<Item> clones) {
    if (clones.size() >= MOST_CLONES) return destroy("replica", any(clones));
    return snapshots.isEmpty() ? snapshot() : cloneOf(any(snapshots));
  }

  /** Snapshots without clones. A clone says of which it is by its name. */
  private List<Item> unused() {
    var used =
        inventory.all(Kind.CLONE).stream()
            .map(clone -> clone.name().substring(clone.name().indexOf('=') + 1))
            .toList();
    return inventory.all(Kind.SNAPSHOT).stream().filter(it -> !used.contains(it.name())).toList();
  }

  private <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  /**
   * @return false when the node is gone; the command may have been done all the same
   */
  private boolean say(String line) {
    NodeShell.Answer answer;
    try {
      answer = shell.say(line);
    } catch (IOException e) {
      return false;
    }
    assertEquals(0, answer.status(), () -> line + " was refused: " + answer.errors());
    return true;
  }

  private boolean make(Item item, String line) {
    boolean done = say(line);
    if (done) inventory.has(item);
    else inventory.mayHave(item);
    return done;
  }

  private String name() {
    return prefix + operations.get();
  }

  private boolean snapshot() {
    var volume = any(inventory.all(Kind.REPLICA).stream().filter(this::isWritten).toList());
    var load = Optional.ofNullable(loads.get(volume.name())).orElseThrow();
    String name = name();
    var before = load.ledger();
    boolean done = say("tenon:snapshot create " + volume.name() + " " + name);
    var item = new Item(name, Kind.SNAPSHOT, volume.sizes(), List.of(load.ledger().since(before)));
    if (done) inventory.has(item);
    else inventory.mayHave(item);
    return done;
  }

  private boolean isWritten(Item item) {
    return loads.containsKey(item.name());
  }

  private boolean cloneOf(Item snapshot) {
    var clone =
        new Item(name() + "=" + snapshot.name(), Kind.CLONE, snapshot.sizes(), snapshot.content());
    return make(clone, "tenon:snapshot clone " + snapshot.name() + " " + clone.name())
        && say("tenon:replica share " + clone.name());
  }

  private boolean create() {
    long bytes = (1 + random.nextInt(16)) * MIB;
    var item = new Item(name(), Kind.REPLICA, Set.of(bytes), List.of());
    String thin = random.nextBoolean() ? " --thin" : "";
    return make(
        item, "tenon:replica create " + POOL + " " + item.name() + " --size " + bytes + thin);
  }

  private boolean grow(Item item) {
    long now = item.sizes().iterator().next();
    long next = now + (1 + random.nextInt(8)) * MIB;
    inventory.has(new Item(item.name(), item.kind(), Set.of(now, next), item.content()));
    boolean done = say("tenon:replica resize " + item.name() + " --size " + next);
    if (done) inventory.has(new Item(item.name(), item.kind(), Set.of(next), item.content()));
    return done;
  }

  private boolean destroy(String noun, Item item) {
    inventory.isGoing(item);
    boolean done = say("tenon:" + noun + " destroy " + item.name());
    if (done) inventory.hasNot(item);
    return done;
  }
}
