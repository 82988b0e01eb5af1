package io.tenon.simulation.itest;

import io.tenon.pool.Pool;
import io.tenon.pool.PoolState;
import io.tenon.pool.ReplicaInfo;
import io.tenon.simulation.SimWorld;
import io.tenon.simulation.Tally;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/**
 * One seed's pool, whose disk is damaged where it claims to have checksums, while its node is down: a bit of a metadata page has flipped, or the
 * last write of one went to the place of another. A node that finds such a disk shows what was promised, or says what it does not show and why.
 *
 * <p>What a page that was not written holds is what it held before, and nothing on the disk tells: so nothing is asked of the blob whose page went
 * astray, nor of those that build on it. Nor are lists of clusters sent astray, as they do not say whose they are.
 */
final class PoolDamageRun {
  /** What happens to the disk. */
  enum Damage {
    FLIPPED,
    MISDIRECTED
  }

  /** Of each disk that a life leaves. */
  private static final int COPIES = 6;

  /** Behind them most pages are zeroes, which nobody looks at. */
  private static final int FIRST_BYTES = 240;

  private static final long MOST_EVENTS = 20_000_000;
  private static final int LOOKS_EVERY_MS = 50;
  private static final int MOST_LOOKS = 100;

  private final SplittableRandom random;
  private final Damage damage;
  private final PoolRun run;
  private long hash;

  PoolDamageRun(long seed, Damage damage) {
    random = new SplittableRandom(seed);
    this.damage = damage;
    var scenario = random.nextBoolean() ? PoolRun.Scenario.POWER : PoolRun.Scenario.HANDOVER;
    run = new PoolRun(seed, scenario);
  }

  /**
   * @return hash of everything that happened
   */
  long run(int operations) {
    hash = run.run(operations);
    for (var left : run.left()) {
      for (int i = 0; i < COPIES; i++) examine(left);
    }
    return hash;
  }

  private void examine(PoolRun.Left left) {
    var disk = left.platter().copy();
    var exempt = damage == Damage.FLIPPED ? flip(disk) : misdirect(disk);
    if (exempt.isEmpty()) return;
    var unasked = left.model().doubtful();
    unasked.addAll(exempt.get());
    Tally.fault();
    var world = new SimWorld(random.split());
    var life = new PoolLife(world, disk, run.folder());
    Deed examination =
        () -> {
          life.start();
          look(life, left.model(), unasked);
        };
    if (!world.runUntil(Deed.begin(life.threads::start, examination), MOST_EVENTS)) {
      throw new AssertionError("somebody waits for ever");
    }
    life.reactors.crash(true);
    hash = hash * 31 + world.trace().hash();
  }

  /** Each gives the replicas of which nothing is asked then; nothing when there was nothing to damage. */
  private Optional<Set<UUID>> flip(Platter disk) {
    var pages = new PlatterPages(disk);
    var sealed = pages.sealed();
    if (sealed.isEmpty()) return Optional.empty(); // its node ended before there was a pool
    int bytes = random.nextInt(4) == 0 ? PlatterPages.PAGE_BYTES : FIRST_BYTES;
    pages.flip(sealed.get(random.nextInt(sealed.size())), random.nextInt(bytes * Byte.SIZE));
    Tally.event("bits flipped in pools");
    return Optional.of(Set.of());
  }

  private Optional<Set<UUID>> misdirect(Platter disk) {
    var pages = new PlatterPages(disk);
    var candidates = pages.lastWrites();
    if (candidates.isEmpty()) return Optional.empty();
    var astray = candidates.get(random.nextInt(candidates.size()));
    var victims = pages.writtenBefore(astray);
    if (victims.isEmpty()) return Optional.empty();
    var exempt = new TreeSet<>(pages.familyOf(astray.blob()));
    pages.put(victims.get(random.nextInt(victims.size())), astray.content());
    pages.put(astray.page(), astray.before());
    exempt.addAll(pages.familyOf(astray.blob()));
    Tally.event("misdirected writes of pools");
    return Optional.of(exempt);
  }

  private void look(PoolLife life, PoolModel model, Set<UUID> exempt) throws InterruptedException {
    for (int i = 0; i < MOST_LOOKS; i++) {
      var pool = life.pools().findByName(PoolRun.POOL);
      if (pool.isPresent() && pool.get().info().state() == PoolState.ONLINE) {
        judge(life, pool.get(), model, exempt);
        return;
      }
      life.threads.sleep(LOOKS_EVERY_MS);
    }
    var absent = life.pools().absent();
    if (absent.size() != 1 || absent.getFirst().reason().isEmpty()) {
      throw new AssertionError("nobody says why the pool is not there: " + absent);
    }
    Tally.event("damaged pools refused");
  }

  private void judge(PoolLife life, Pool pool, PoolModel model, Set<UUID> exempt) {
    var findings = pool.info().findings();
    Tally.event(
        findings.isEmpty() ? "damaged pools without a finding" : "damaged pools restricted");
    var shown = new TreeMap<UUID, ReplicaInfo>();
    for (var info : pool.replicas()) if (info.problem().isEmpty()) shown.put(info.uuid(), info);
    for (UUID uuid : model.facts().keySet()) {
      if (exempt.contains(uuid)) continue;
      var found = shown.get(uuid);
      if (found != null) {
        var seen = PoolModel.seen(found);
        if (!seen.equals(model.facts(uuid))) {
          throw new AssertionError("%s instead of %s".formatted(seen, model.facts(uuid)));
        }
        read(life, pool, uuid, model.content(uuid).copy());
      } else if (findings.isEmpty()) {
        throw new AssertionError(model.facts(uuid).name() + " is lost, and nobody says so");
      }
    }
    for (var info : pool.replicas()) {
      boolean isKnown = model.facts().containsKey(info.uuid()) || exempt.contains(info.uuid());
      if (!isKnown) throw new AssertionError(info.name() + " is not gone");
    }
  }

  private static void read(PoolLife life, Pool pool, UUID uuid, PoolContent content) {
    var slot = pool.findReplica(uuid).orElseThrow().device().orElseThrow();
    int sectors = PoolContent.PAGE_BYTES / Platter.SECTOR_BYTES;
    try (var reader = new BlockReader(slot, life.reactors.main(), sectors)) {
      for (int page : List.copyOf(content.touched())) {
        var status = reader.read((long) page * sectors, sectors);
        if (!status.isSuccess())
          throw new AssertionError(slot.name() + " cannot be read: " + status);
        content.read(page, PoolHost.sectors(reader.memory()), slot.name());
      }
    }
  }
}
