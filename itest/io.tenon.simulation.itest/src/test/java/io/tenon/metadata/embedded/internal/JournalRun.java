package io.tenon.metadata.embedded.internal;

import io.tenon.error.TenonException;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Value;
import io.tenon.simulation.Tally;
import java.io.IOException;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * One seed's journal of the embedded metadata store on a disk that misplaces a block or flips a bit. Whoever opens it the next time sees all
 * that was answered, or is told that it cannot be opened.
 *
 * <p>A block that goes astray with the very last change before an unclean end, and does not hit what was written long before, is not simulated: that
 * looks like a change that was never made, and no checksum can tell.
 */
public final class JournalRun {
  /** What goes wrong. */
  public enum Damage {
    MISDIRECTED,
    FLIPPED
  }

  private static final int LIVES = 4;
  private static final int KEYS = 6;

  /** With these, batches begin where blocks do. */
  private static final int TO_FIRST_BLOCK = 51;

  private static final int HALF_A_BLOCK = 16;

  private final SplittableRandom random;
  private final Damage damage;
  private final WrongFolder folder;
  private final boolean aligned;

  /** What was answered; knows nothing of journals. */
  private final TreeMap<String, String> answered = new TreeMap<>();

  private int changes;
  private long hash = 1;

  public JournalRun(long seed, Damage damage) {
    random = new SplittableRandom(seed);
    this.damage = damage;
    var chance = random.split();
    aligned = random.nextBoolean();
    folder = new WrongFolder(chance, aligned);
  }

  /**
   * @return hash of what was there in the end
   */
  public long run() {
    try {
      for (int life = 0; life < LIVES; life++) {
        if (damage == Damage.MISDIRECTED) folder.goAstrayAfter(random.nextInt(25));
        live();
        folder.restart();
        if (damage == Damage.FLIPPED && !folder.flipBit(Journal.NAME)) continue;
        folder.restart();
        if (!isReadRightly()) return hash;
      }
      return hash;
    } catch (IOException | StoreException e) {
      throw new AssertionError(e);
    }
  }

  private void live() throws IOException, StoreException {
    var state = new State();
    try (var journal = Journal.open(folder, "memory", state, _ -> {})) {
      int batches = 5 + random.nextInt(15);
      for (int i = 0; i < batches || folder.lastLeftNoTrace(); i++) {
        if (random.nextInt(12) == 0) journal.rewrite(state);
        append(journal, state);
      }
      folder.goAstrayAfter(-1);
      if (random.nextBoolean()) journal.end(state);
    } catch (StoreException e) {
      throw e;
    } catch (TenonException e) {
      throw new AssertionError("what was read a moment ago is refused: " + e.getMessage(), e);
    }
  }

  private void append(Journal journal, State state) throws IOException, StoreException {
    var draft = new Draft(state, _ -> true);
    var next = new TreeMap<>(answered);
    do draft.add(change(next));
    while (draft.transactions().isEmpty() || (!aligned && random.nextInt(4) == 0));
    journal.append(draft.transactions());
    draft.publish();
    answered.clear();
    answered.putAll(next);
  }

  private Transaction change(Map<String, String> next) {
    String key = "/k/" + random.nextInt(KEYS);
    if (!aligned && random.nextInt(4) == 0) {
      next.remove(key);
      return Transaction.begin().delete(Key.of(key)).end();
    }
    int length = aligned ? HALF_A_BLOCK : 8 + random.nextInt(200);
    if (aligned && changes == 0) length = TO_FIRST_BLOCK;
    String number = Integer.toString(++changes);
    String value = "x".repeat(length - number.length()) + number;
    next.put(key, value);
    return Transaction.begin().put(Key.of(key), Value.of(value)).end();
  }

  /**
   * @return false when it was refused
   */
  private boolean isReadRightly() throws IOException {
    var state = new State();
    try {
      Journal.open(folder, "memory", state, _ -> {}).close();
    } catch (TenonException e) {
      if (e.why().isEmpty() || e.remedy().isEmpty()) throw new AssertionError("no sentence", e);
      Tally.event("journals refused");
      hash = hash * 31 + e.why().hashCode();
      return false;
    }
    var found = new TreeMap<String, String>();
    for (Entry entry : state.entries()) found.put(entry.key().text(), entry.value().text());
    if (!found.equals(answered)) {
      throw new AssertionError(
          "a journal shows %s when %s was answered".formatted(found, answered));
    }
    Tally.event("journals read rightly");
    hash = hash * 31 + found.hashCode();
    return true;
  }
}
