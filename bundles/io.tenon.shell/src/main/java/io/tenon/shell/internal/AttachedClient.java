package io.tenon.shell.internal;

import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Shell;
import io.tenon.shell.api.ShellSession;
import io.tenon.shell.attach.Frame;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One {@code tenon-shell} that is attached: runs its lines one after the other, in a session of its own. */
final class AttachedClient {
  private static final Logger log = LoggerFactory.getLogger(AttachedClient.class);
  private static final Pattern INDEX = Pattern.compile("\\d{1,6}");

  private final DataInputStream in;
  private final DataOutputStream out;
  private final ReentrantLock sending = new ReentrantLock();
  private final Shell shell;

  AttachedClient(SocketChannel channel, Shell shell) {
    this.in = new DataInputStream(Channels.newInputStream(channel));
    this.out = new DataOutputStream(Channels.newOutputStream(channel));
    this.shell = shell;
  }

  /** Until the client closes. */
  void serve(Caller caller) throws IOException {
    try (var session = shell.open(caller, stream(Frame.Type.OUT), stream(Frame.Type.ERR))) {
      for (var frame = Frame.read(in); frame.isPresent(); frame = Frame.read(in)) {
        switch (frame.get().type()) {
          case EXECUTE -> {
            String line = frame.get().text();
            Thread.ofVirtual().start(() -> send(Frame.exit(session.execute(line))));
          }
          case INTERRUPT -> session.interrupt();
          case COMPLETE -> complete(session, frame.get().text());
          case OUT, ERR, EXIT, CANDIDATES ->
              throw new IOException("a client sent what only a node sends");
        }
      }
    }
  }

  /** The index of the word that is being typed, and the words of the line, each on a line of its own. */
  private void complete(ShellSession session, String request) throws IOException {
    List<String> lines = request.lines().toList();
    if (lines.size() < 2 || !INDEX.matcher(lines.getFirst()).matches()) {
      throw new IOException("a client asked to complete what is no line");
    }
    List<String> words = lines.subList(1, lines.size());
    int index = Math.min(Integer.parseInt(lines.getFirst()), words.size());
    var candidates = session.complete(words, index);
    send(Frame.of(Frame.Type.CANDIDATES, String.join("\n", candidates)));
  }

  private void send(Frame frame) {
    sending.lock();
    try {
      frame.write(out);
    } catch (IOException e) {
      log.debug("a shell client went away: {}", e.getMessage());
    } finally {
      sending.unlock();
    }
  }

  private OutputStream stream(Frame.Type type) {
    return new OutputStream() {
      @Override
      public void write(int single) {
        write(new byte[] {(byte) single}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        for (int sent = 0; sent < length; ) {
          int piece = Math.min(length - sent, Frame.MAX_BYTES);
          byte[] content = new byte[piece];
          System.arraycopy(bytes, offset + sent, content, 0, piece);
          send(new Frame(type, content));
          sent += piece;
        }
      }
    };
  }
}
