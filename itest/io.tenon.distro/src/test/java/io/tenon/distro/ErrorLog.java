package io.tenon.distro;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Lines of level ERROR that the node in this process logs, as long as this is open. */
final class ErrorLog implements AutoCloseable {
  private static final String LEVEL = " ERROR ";

  private final PrintStream before = System.err;
  private final List<String> errors = new CopyOnWriteArrayList<>();

  ErrorLog() {
    System.setErr(new PrintStream(new Lines(), true, StandardCharsets.UTF_8));
  }

  private final class Lines extends OutputStream {
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    @Override
    public synchronized void write(int one) {
      before.write(one);
      if (one != '\n') {
        line.write(one);
        return;
      }
      String text = line.toString(StandardCharsets.UTF_8);
      line.reset();
      if (text.contains(LEVEL)) errors.add(text);
    }
  }

  List<String> errors() {
    return errors;
  }

  @Override
  public void close() {
    System.setErr(before);
  }
}
