package io.tenon.metadata.embedded.internal;

import io.tenon.metadata.Key;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Value;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;

/** A process that writes until it is killed, and says what was answered. */
final class CrashWriter {
  static final int WRITERS = 4;
  private static final Duration SOON = Duration.ofSeconds(60);

  private CrashWriter() {}

  static Key key(int writer) {
    return Key.of("/crash/" + writer);
  }

  /** The same number beside it, in the same transaction. */
  static Key twin(int writer) {
    return Key.of("/crash/twin/" + writer);
  }

  public static void main(String[] words) throws Exception {
    var folder = Path.of(words[0]);
    var out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
    try (var _ = FolderLock.take(folder);
        var store = new EmbeddedStore(new DiskFolder(folder), words[0], InstantSource.system())) {
      out.println("open");
      var threads = new Thread[WRITERS];
      for (int i = 0; i < WRITERS; i++) {
        int writer = i;
        threads[i] =
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        write(store, writer, out);
                      } catch (Exception e) {
                        out.println("failed " + e);
                      }
                    });
      }
      for (var thread : threads) thread.join();
    }
  }

  private static void write(EmbeddedStore store, int writer, PrintStream out) throws Exception {
    var there = store.get(key(writer), SOON);
    long number = there.isEmpty() ? 0 : number(there.get().value());
    while (true) {
      number++;
      var value = Value.of(number + " ".repeat((int) (number * 37 % 3000)));
      store.commit(
          Transaction.begin().put(key(writer), value).put(twin(writer), value).end(), SOON);
      out.println("done " + writer + " " + number);
    }
  }

  static long number(Value value) {
    return Long.parseLong(value.text().strip());
  }
}
