package io.tenon.metadata.embedded.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.error.TenonException;
import io.tenon.metadata.Change;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a journal holds after a crash is what was answered, and perhaps the one change that was not. */
class JournalTest {
  private static final int KEYS = 5;

  private static List<Entry> entries(State state) {
    return List.copyOf(state.entries());
  }

  private static Transaction change(SplittableRandom random, int number) {
    var change = Transaction.begin();
    var key = Key.of("/k/" + random.nextInt(KEYS));
    switch (random.nextInt(4)) {
      case 0 -> change.delete(key);
      case 1 ->
          change
              .put(key, Value.of("with a lease " + number), new LeaseId(7))
              .put(Key.of("/two"), Value.of(Integer.toString(number)));
      default -> change.put(key, Value.of("x".repeat(random.nextInt(200)) + number));
    }
    return change.end();
  }

  private static Draft draft(State state, SplittableRandom random, int number) throws Exception {
    var draft = new Draft(state, _ -> true);
    do draft.add(change(random, number));
    while (draft.transactions().isEmpty() || random.nextInt(3) == 0);
    return draft;
  }

  /** A journal of some batches, and what the state was before and after each. */
  private static byte[] written(List<Integer> ends, List<List<Entry>> states) throws Exception {
    var folder = new TornFolder(new SplittableRandom(1));
    var random = new SplittableRandom(2);
    var state = new State();
    try (var journal = Journal.open(folder, "memory", state, _ -> {})) {
      for (int i = 0; i < 25; i++) {
        ends.add(folder.read(Journal.NAME).length);
        states.add(entries(state));
        var draft = draft(state, random, i);
        journal.append(draft.transactions());
        draft.publish();
      }
    }
    ends.add(folder.read(Journal.NAME).length);
    states.add(entries(state));
    return folder.read(Journal.NAME);
  }

  private static List<Entry> opened(byte[] bytes) throws Exception {
    var folder = TornFolder.of(bytes);
    var state = new State();
    Journal.open(folder, "memory", state, _ -> {}).close();
    var again = new State();
    Journal.open(folder, "memory", again, _ -> {}).close();
    assertEquals(entries(state), entries(again), "opening it twice is not the same");
    return entries(state);
  }

  @Test
  void cutAtAnyByteItHoldsWhatWasWholeBefore() throws Exception {
    var ends = new ArrayList<Integer>();
    var states = new ArrayList<List<Entry>>();
    byte[] bytes = written(ends, states);
    int whole = 0;
    for (int cut = ends.getFirst(); cut <= bytes.length; cut++) {
      if (whole + 1 < ends.size() && cut == ends.get(whole + 1)) whole++;
      assertEquals(states.get(whole), opened(Arrays.copyOf(bytes, cut)), "cut at " + cut);
    }
    assertEquals(ends.size() - 1, whole);
  }

  @Test
  void whateverTheLastBatchBecameOnDiskTheOthersAreThere() throws Exception {
    var ends = new ArrayList<Integer>();
    var states = new ArrayList<List<Entry>>();
    byte[] bytes = written(ends, states);
    var random = new SplittableRandom(3);
    int begin = ends.get(ends.size() - 2);
    for (int at = begin; at < bytes.length; at++) {
      byte[] rotten = bytes.clone();
      rotten[at] ^= (byte) (3 << random.nextInt(7));
      assertEquals(states.get(states.size() - 2), opened(rotten), "two bits flipped at " + at);
      byte[] zeroed = Arrays.copyOf(bytes, bytes.length + 40);
      Arrays.fill(zeroed, at, bytes.length, (byte) 0);
      boolean wasZeroes = Arrays.equals(zeroed, Arrays.copyOf(bytes, bytes.length + 40));
      assertEquals(
          states.get(states.size() - (wasZeroes ? 1 : 2)), opened(zeroed), "zeroes from " + at);
    }
    for (int i = 0; i < 200; i++) {
      byte[] longer = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(100));
      byte[] rest = new byte[longer.length - bytes.length];
      random.nextBytes(rest);
      System.arraycopy(rest, 0, longer, bytes.length, rest.length);
      assertEquals(states.getLast(), opened(longer), "rubbish behind it");
    }
  }

  @Test
  void oneFlippedBitOfTheLastBatchIsNoTornWriteAndIsRefused() throws Exception {
    var ends = new ArrayList<Integer>();
    byte[] bytes = written(ends, new ArrayList<>());
    int begin = ends.get(ends.size() - 2);
    for (int bit = 8 * begin; bit < 8 * bytes.length; bit++) {
      byte[] flipped = bytes.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      refused(flipped, "flipped bit " + bit);
    }
  }

  private static void refused(byte[] bytes, String what) {
    var refusal =
        assertThrows(
            TenonException.class,
            () -> Journal.open(TornFolder.of(bytes), "/data/metadata", new State(), _ -> {}),
            what);
    assertTrue(refusal.getMessage().contains("/data/metadata"), refusal::getMessage);
  }

  @Test
  void whateverBecomesOfTheLastBatchOfAJournalThatWasEndedItIsRefused() throws Exception {
    var ends = new ArrayList<Integer>();
    var states = new ArrayList<List<Entry>>();
    byte[] whole = written(ends, states);
    var folder = TornFolder.of(whole);
    var state = new State();
    Journal.open(folder, "memory", state, _ -> {}).end(state);
    byte[] bytes = folder.read(Journal.NAME);
    assertEquals(states.getLast(), opened(bytes));
    var random = new SplittableRandom(3);
    for (int at = ends.get(ends.size() - 2); at < whole.length; at++) {
      byte[] rotten = bytes.clone();
      rotten[at] ^= (byte) (1 + random.nextInt(255));
      refused(rotten, "rotten at " + at);
      byte[] zeroed = bytes.clone();
      Arrays.fill(zeroed, at, whole.length, (byte) 0);
      refused(zeroed, "zeroes from " + at);
    }
    for (int cut = whole.length; cut < bytes.length; cut++) {
      assertEquals(states.getLast(), opened(Arrays.copyOf(bytes, cut)), "cut at " + cut);
    }
  }

  @Test
  void aJournalGoesOnAfterItsEnd() throws Exception {
    var folder = new TornFolder(new SplittableRandom(1));
    var random = new SplittableRandom(2);
    var state = new State();
    for (int life = 0; life < 5; life++) {
      state = new State();
      var journal = Journal.open(folder, "memory", state, _ -> {});
      for (int i = 0; i < life; i++) {
        var draft = draft(state, random, i);
        journal.append(draft.transactions());
        draft.publish();
      }
      journal.end(state);
    }
    assertEquals(entries(state), opened(folder.read(Journal.NAME)));
  }

  /** As a disk does that writes a block to another place: each frame looks right, and some are missing. */
  @Test
  void aBatchThatStandsWhereAnEarlierOneShouldIsRefused() throws Exception {
    var ends = new ArrayList<Integer>();
    byte[] bytes = written(ends, new ArrayList<>());
    for (int early = 0; early < ends.size() - 2; early++) {
      byte[] misplaced = Arrays.copyOf(bytes, ends.get(early) + bytes.length - ends.get(early + 1));
      System.arraycopy(
          bytes,
          ends.get(early + 1),
          misplaced,
          ends.get(early),
          misplaced.length - ends.get(early));
      refused(misplaced, "batch " + early + " is missing");
    }
  }

  @Test
  void damageBeforeWhatWasAnsweredLaterIsRefused() throws Exception {
    var ends = new ArrayList<Integer>();
    byte[] bytes = written(ends, new ArrayList<>());
    int last = ends.get(ends.size() - 2);
    for (int at = 0; at < last; at++) {
      byte[] flipped = bytes.clone();
      flipped[at] ^= 0x10;
      var state = new State();
      var refusal =
          assertThrows(
              TenonException.class,
              () -> Journal.open(TornFolder.of(flipped), "/data/metadata", state, _ -> {}),
              "flipped at " + at);
      assertTrue(refusal.getMessage().contains("/data/metadata"), refusal::getMessage);
    }
  }

  @Test
  void aFileOfSomethingElseIsRefusedAndLeftAsItIs() throws Exception {
    for (String other : List.of("", "TENONMD1", "TENONMD2 and more", "{\"json\":true}".repeat(9))) {
      var folder = TornFolder.of(other.getBytes(UTF_8));
      assertThrows(TenonException.class, () -> Journal.open(folder, "here", new State(), _ -> {}));
      assertEquals(0, folder.calls());
    }
  }

  static List<Integer> seeds() {
    var seeds = new ArrayList<Integer>();
    for (int i = 1; i <= 400; i++) seeds.add(i);
    return seeds;
  }

  /** Power fails at every possible call, in all sorts of runs. */
  @ParameterizedTest
  @MethodSource("seeds")
  void whateverFailsNothingAnsweredIsLostAndNothingRefusedIsThere(int seed) throws Exception {
    run(seed, folder -> folder);
  }

  private static void run(int seed, UnaryOperator<Folder> bug) throws Exception {
    var random = new SplittableRandom(seed);
    var disk = new TornFolder(random.split());
    var folder = bug.apply(disk);
    var state = new State();
    var answered = List.<Entry>of();
    var perhaps = List.<Entry>of();
    var version = Version.NONE;
    for (int life = 0; life < 6; life++) {
      if (random.nextBoolean()) disk.losePowerAfter(random.nextInt(30));
      else disk.failAfter(random.nextInt(20), 1 + random.nextInt(4));
      try (var journal = Journal.open(folder, "memory", state, _ -> {})) {
        for (int i = 0; i < 15; i++) {
          if (random.nextInt(5) == 0) journal.rewrite(state);
          var draft = draft(state, random, i);
          answered = entries(state);
          perhaps = after(state, draft);
          try {
            journal.append(draft.transactions());
          } catch (TornFolder.PowerFailure e) {
            throw e;
          } catch (IOException e) {
            for (int tries = 0; !rewritten(journal, state); tries++) assertTrue(tries < 9);
            perhaps = answered; // it has been answered as not done
            continue;
          }
          draft.publish();
          answered = entries(state);
          perhaps = answered;
        }
      } catch (IOException e) {
        // Power is lost, or the folder could not be opened: the next life begins from what is
        // there.
      }
      version = state.version();
      if (random.nextBoolean()) disk.powerOn();
      else disk.losePowerAfter(0);
      disk.powerOn();
      state = new State();
      try {
        Journal.open(folder, "memory", state, _ -> {}).close();
      } catch (TenonException e) {
        // Torn so that a single bit is missing: it cannot be told from one that has flipped.
        assertTrue(e.why().startsWith("One bit of the last change"), e::getMessage);
        assertTrue(!perhaps.equals(answered), "nothing was under way");
        return;
      }
      var there = entries(state);
      if (!there.equals(perhaps)) assertEquals(answered, there, "seed " + seed + " life " + life);
      answered = there;
      perhaps = there;
      assertTrue(!version.isAfter(state.version()), "versions went back");
      state = new State();
    }
  }

  /** The test above would notice. */
  @ParameterizedTest
  @EnumSource(PlantedBug.class)
  void aJournalThatForgetsToSyncIsFound(PlantedBug bug) {
    for (int seed : seeds()) {
      try {
        run(seed, folder -> new Forgetful(folder, bug));
      } catch (Exception | AssertionError e) {
        return; // found
      }
    }
    throw new AssertionError(bug + " was not found");
  }

  enum PlantedBug {
    FILE_NOT_SYNCED,
    FOLDER_NOT_SYNCED
  }

  private record Forgetful(Folder folder, PlantedBug bug) implements Folder {
    @Override
    public boolean has(String name) throws IOException {
      return folder.has(name);
    }

    @Override
    public byte[] read(String name) throws IOException {
      return folder.read(name);
    }

    @Override
    public OpenFile open(String name) throws IOException {
      var file = folder.open(name);
      return bug == PlantedBug.FILE_NOT_SYNCED ? new ForgetfulFile(file) : file;
    }

    @Override
    public void rename(String from, String to) throws IOException {
      folder.rename(from, to);
    }

    @Override
    public void sync() throws IOException {
      if (bug != PlantedBug.FOLDER_NOT_SYNCED) folder.sync();
    }
  }

  private record ForgetfulFile(Folder.OpenFile file) implements Folder.OpenFile {
    @Override
    public void write(long offset, ByteBuffer data) throws IOException {
      file.write(offset, data);
    }

    @Override
    public void truncate(long size) throws IOException {
      file.truncate(size);
    }

    @Override
    public void sync() {}

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  private static boolean rewritten(Journal journal, State state) throws IOException {
    try {
      journal.rewrite(state);
      return true;
    } catch (TornFolder.PowerFailure e) {
      throw e;
    } catch (IOException e) {
      return false; // tried again by the caller
    }
  }

  private static List<Entry> after(State state, Draft draft) {
    var copy = new State();
    for (Entry entry : state.entries()) copy.put(entry);
    for (var transaction : draft.transactions()) {
      for (var change : transaction.changes()) {
        switch (change) {
          case Change.Written(Entry entry) -> copy.put(entry);
          case Change.Deleted(Key key) -> copy.delete(key);
        }
      }
    }
    return entries(copy);
  }
}
