package io.tenon.shell.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.impl.ExternalTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A prompt's end, when the one who sits there does not leave by himself. */
@Timeout(120)
class PromptTest {
  /** As a pipe of MINA does: whoever waits for a key is told of the interruption as of an I/O error. */
  private static final class Keyboard extends InputStream {
    final CountDownLatch waits = new CountDownLatch(1);

    @Override
    public int read() throws InterruptedIOException {
      waits.countDown();
      try {
        new CountDownLatch(1).await();
        throw new AssertionError("nobody counts down");
      } catch (InterruptedException e) {
        throw new InterruptedIOException("Interrupted");
      }
    }

    @Override
    public int read(byte[] to, int from, int most) throws InterruptedIOException {
      return read();
    }
  }

  private static final class Nothing implements Prompt.Lines {
    @Override
    public int execute(String line) {
      throw new AssertionError("nobody has typed " + line);
    }

    @Override
    public List<String> complete(List<String> words, int index) {
      return List.of();
    }

    @Override
    public void interrupt() {}
  }

  @Test
  void itEndsWithItsTerminal() throws Exception {
    var keyboard = new Keyboard();
    var terminal =
        new ExternalTerminal(
            "test", "xterm", keyboard, new ByteArrayOutputStream(), StandardCharsets.UTF_8);
    var status = new CompletableFuture<Integer>();
    var prompt = new Prompt(terminal, new Nothing(), _ -> false);
    var thread =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try {
                    status.complete(prompt.run());
                  } catch (Exception e) {
                    status.completeExceptionally(e);
                  }
                });
    keyboard.waits.await();
    terminal.close();
    thread.interrupt();
    assertEquals(0, status.get(60, TimeUnit.SECONDS));
  }
}
