package io.tenon.metadata.embedded.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A folder in memory that fails as disks do: what was not synced is there in part after a power failure, sector by sector in any
 * order; which files there are likewise; and any call can fail, having done all, part or nothing.
 */
final class TornFolder implements Folder {
  private static final int SECTOR = 64;

  /** A file as readers see it, and as it is on the platter. */
  private static final class Content {
    byte[] seen = {};
    byte[] durable = {};
  }

  private final SplittableRandom random;
  private TreeMap<String, Content> seen = new TreeMap<>();
  private TreeMap<String, Content> durable = new TreeMap<>();

  /** Calls that go well before one fails; negative for none that fails. */
  private int goodCalls = -1;

  /** How many calls fail then; negative for all. */
  private int badCalls;

  private int calls;
  private @Nullable PowerFailure dead;

  /** After this nothing can be done with the folder until {@link #powerOn}. */
  static final class PowerFailure extends IOException {
    private static final long serialVersionUID = 1;

    PowerFailure() {
      super("power failure");
    }
  }

  TornFolder(SplittableRandom random) {
    this.random = random;
  }

  /** Calls so far that change something. */
  int calls() {
    return calls;
  }

  synchronized void failAfter(int goodCalls, int badCalls) {
    this.goodCalls = goodCalls;
    this.badCalls = badCalls;
  }

  void losePowerAfter(int goodCalls) {
    failAfter(goodCalls, 0);
  }

  /** What is on the platter, and by chance some of what was not synced. */
  void powerOn() {
    dead = null;
    goodCalls = -1;
    var survivors = new TreeMap<String, Content>();
    var names = random.nextBoolean() ? durable : seen;
    names.forEach(
        (name, content) -> {
          content.durable = mixed(content);
          content.seen = content.durable.clone();
          survivors.put(name, content);
        });
    seen = survivors;
    durable = new TreeMap<>(survivors);
  }

  private byte[] mixed(Content content) {
    int length = random.nextBoolean() ? content.seen.length : content.durable.length;
    byte[] result = Arrays.copyOf(content.durable, length);
    for (int at = 0; at < length; at += SECTOR) {
      int end = Math.min(at + SECTOR, length);
      int cut = random.nextInt(4) == 0 ? at + random.nextInt(end - at + 1) : end;
      if (random.nextBoolean() && at < content.seen.length) {
        int to = Math.min(cut, content.seen.length);
        System.arraycopy(content.seen, at, result, at, to - at);
      }
    }
    return result;
  }

  private synchronized boolean fails() throws IOException {
    if (dead != null) throw dead;
    calls++;
    if (goodCalls < 0 || goodCalls-- > 0) return false;
    if (badCalls == 0) {
      dead = new PowerFailure();
      goodCalls = -1;
      return true;
    }
    if (badCalls > 0 && --badCalls == 0) goodCalls = -1;
    else goodCalls = 0;
    return true;
  }

  private IOException failure() {
    return dead != null ? dead : new IOException("no space, planted");
  }

  @Override
  public boolean has(String name) {
    return seen.containsKey(name);
  }

  @Override
  public byte[] read(String name) {
    return content(name).seen.clone();
  }

  private Content content(String name) {
    var content = seen.get(name);
    if (content == null) throw new AssertionError("no file " + name);
    return content;
  }

  @Override
  public OpenFile open(String name) throws IOException {
    if (fails()) throw failure();
    return new Handle(seen.computeIfAbsent(name, _ -> new Content()));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    boolean fails = fails();
    if (!fails || random.nextBoolean()) {
      var content = content(from);
      seen.remove(from);
      seen.put(to, content);
    }
    if (fails) throw failure();
  }

  @Override
  public void sync() throws IOException {
    boolean fails = fails();
    if (!fails || random.nextBoolean()) durable = new TreeMap<>(seen);
    if (fails) throw failure();
  }

  private final class Handle implements OpenFile {
    private final Content content;
    private boolean syncLies;

    Handle(Content content) {
      this.content = content;
    }

    @Override
    public void write(long offset, ByteBuffer data) throws IOException {
      boolean fails = fails();
      int length = fails ? random.nextInt(data.remaining() + 1) : data.remaining();
      int at = Math.toIntExact(offset);
      if (content.seen.length < at + length) {
        content.seen = Arrays.copyOf(content.seen, at + length);
      }
      data.get(content.seen, at, length);
      if (fails) throw failure();
    }

    @Override
    public void truncate(long size) throws IOException {
      boolean fails = fails();
      if (!fails || random.nextBoolean()) {
        content.seen = Arrays.copyOf(content.seen, (int) Math.min(size, content.seen.length));
      }
      if (fails) throw failure();
    }

    /** As Linux does: what a failed sync did not write is forgotten, and the next one succeeds. */
    @Override
    public void sync() throws IOException {
      boolean fails = fails();
      if (fails) {
        content.durable = mixed(content);
        syncLies = true;
        throw failure();
      }
      if (!syncLies) content.durable = content.seen.clone();
    }

    @Override
    public void close() {}
  }

  List<String> names() {
    return new ArrayList<>(seen.keySet());
  }

  /** A folder that holds one file of these bytes, all durable. */
  static TornFolder of(byte[] journal) {
    var folder = new TornFolder(new SplittableRandom(1));
    var content = new Content();
    content.seen = journal.clone();
    content.durable = journal.clone();
    folder.seen.put(Journal.NAME, content);
    folder.durable.put(Journal.NAME, content);
    return folder;
  }
}
