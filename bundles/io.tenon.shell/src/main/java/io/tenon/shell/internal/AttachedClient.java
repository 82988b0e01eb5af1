package io.tenon.shell.internal;

import io.tenon.shell.attach.Frame;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One {@code tenon-shell} that is attached: runs its lines one after the other, in a session of its own. */
final class AttachedClient {
  private static final Logger log = LoggerFactory.getLogger(AttachedClient.class);
  private static final int FAILED = 1;
  private static final Pattern INDEX = Pattern.compile("\\d{1,6}");

  private final DataInputStream in;
  private final DataOutputStream out;
  private final ReentrantLock sending = new ReentrantLock();
  private final CommandProcessor processor;
  private final Completion completion;

  AttachedClient(SocketChannel channel, CommandProcessor processor, Completion completion) {
    this.in = new DataInputStream(Channels.newInputStream(channel));
    this.out = new DataOutputStream(Channels.newOutputStream(channel));
    this.processor = processor;
    this.completion = completion;
  }

  /** Until the client closes. */
  void serve() throws IOException {
    try (var session =
        processor.createSession(
            new ByteArrayInputStream(new byte[0]),
            stream(Frame.Type.OUT),
            stream(Frame.Type.ERR))) {
      // Not every scope: a bare word must never choose among the verbs of all nouns.
      session.put("SCOPE", "tenon:gogo:felix");
      // Without a directory Gogo takes ? and * as they are: a URI is no pattern of file names.
      session.currentDir(null);
      Optional<Thread> running = Optional.empty();
      for (var frame = Frame.read(in); frame.isPresent(); frame = Frame.read(in)) {
        switch (frame.get().type()) {
          case EXECUTE -> {
            String line = frame.get().text();
            running = Optional.of(Thread.ofVirtual().start(() -> execute(session, line)));
          }
          case INTERRUPT -> running.ifPresent(Thread::interrupt);
          case COMPLETE -> complete(frame.get().text());
          case OUT, ERR, EXIT, CANDIDATES ->
              throw new IOException("a client sent what only a node sends");
        }
      }
      running.ifPresent(Thread::interrupt);
    }
  }

  private void execute(CommandSession session, String line) {
    int status = 0;
    try {
      Object result = session.execute(line);
      if (result != null) {
        session.getConsole().println(session.format(result, Converter.INSPECT));
      }
    } catch (Exception e) {
      status = FAILED;
      log.debug("shell line failed: {}", line, e);
      send(Frame.of(Frame.Type.ERR, sentence(e) + "\n"));
    }
    session.getConsole().flush();
    send(Frame.exit(status));
  }

  private static String sentence(Exception e) {
    if (e instanceof Refused) return String.valueOf(e.getMessage());
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  /** The index of the word that is being typed, and the words of the line, each on a line of its own. */
  private void complete(String request) throws IOException {
    List<String> lines = request.lines().toList();
    if (lines.size() < 2 || !INDEX.matcher(lines.getFirst()).matches()) {
      throw new IOException("a client asked to complete what is no line");
    }
    List<String> words = lines.subList(1, lines.size());
    int index = Math.min(Integer.parseInt(lines.getFirst()), words.size());
    var candidates = completion.candidates(words, index);
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

  private PrintStream stream(Frame.Type type) {
    var frames =
        new OutputStream() {
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
    return new PrintStream(new java.io.BufferedOutputStream(frames), false, StandardCharsets.UTF_8);
  }
}
