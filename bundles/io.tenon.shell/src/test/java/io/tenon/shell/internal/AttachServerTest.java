package io.tenon.shell.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.shell.attach.Frame;
import io.tenon.shell.attach.ShellSocket;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import org.apache.felix.gogo.runtime.CommandProcessorImpl;
import org.apache.felix.gogo.runtime.threadio.ThreadIOImpl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AttachServerTest {
  @TempDir Path data;

  private ThreadIOImpl streams;
  private AuditTrail audit;
  private AttachServer server;

  /** As configured for a node. */
  private record Config(String data_dir, boolean terminal) implements AttachConfig {
    @Override
    public Class<? extends Annotation> annotationType() {
      return AttachConfig.class;
    }
  }

  @BeforeEach
  void start() throws Exception {
    streams = new ThreadIOImpl();
    streams.start();
    var nouns = new Nouns();
    var config = new Config(data.toString(), false);
    audit = new AuditTrail(config);
    var shell =
        new NodeShell(
            new CommandProcessorImpl(streams),
            nouns,
            new HelpCommand(nouns),
            new Completion(nouns),
            audit);
    server = new AttachServer(shell, config);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    audit.close();
    streams.stop();
  }

  private SocketChannel connect() throws Exception {
    return SocketChannel.open(ShellSocket.address(ShellSocket.in(data)));
  }

  /** What a client sees of one line. */
  private record Answer(String out, String err, int status) {}

  private Answer execute(String line) throws Exception {
    try (var channel = connect()) {
      var in = new DataInputStream(Channels.newInputStream(channel));
      Frame.of(Frame.Type.EXECUTE, line)
          .write(new DataOutputStream(Channels.newOutputStream(channel)));
      var out = new StringBuilder();
      var err = new StringBuilder();
      while (true) {
        var frame = Frame.read(in).orElseThrow();
        switch (frame.type()) {
          case OUT -> out.append(frame.text());
          case ERR -> err.append(frame.text());
          case EXIT -> {
            return new Answer(out.toString(), err.toString(), frame.status());
          }
          case EXECUTE, INTERRUPT, COMPLETE, CANDIDATES -> throw new IOException(frame.type() + "");
        }
      }
    }
  }

  @Test
  void onlyTheOwnerReachesTheSocket() throws Exception {
    var directory = ShellSocket.in(data).getParent();
    assertEquals(
        "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
  }

  @Test
  void aLineIsRunAndItsFailureIsASentenceWithAStatus() throws Exception {
    assertEquals(new Answer("1\n", "", 0), execute("x = 1"));
    var refused = execute("nosuch");
    assertEquals(1, refused.status());
    assertTrue(refused.err().contains("nosuch"), refused.err());
    assertTrue(!refused.err().contains("\tat "), refused.err());
  }

  @Test
  void whoeverTheKernelSaysCameIsInTheAuditLog() throws Exception {
    execute("x = 1");
    var lines = Files.readAllLines(data.resolve("audit/commands.jsonl"));
    assertEquals(2, lines.size(), lines::toString);
    String self = System.getProperty("user.name");
    for (String line : lines) {
      assertTrue(line.contains("\"user\":\"" + self + "\""), line);
      assertTrue(line.contains("\"role\":\"admin\",\"via\":\"local\""), line);
      assertTrue(line.contains("\"line\":\"x = 1\""), line);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void whateverAClientSendsTheNextOneIsServed(long seed) throws Exception {
    var random = new Random(seed);
    for (int i = 0; i < 60; i++) {
      try (var channel = connect()) {
        var out = new DataOutputStream(Channels.newOutputStream(channel));
        for (int frames = 1 + random.nextInt(3); frames > 0; frames--) send(random, out);
      } catch (IOException e) {
        assertTrue(e.getMessage().contains("Broken pipe"), e.getMessage());
      }
    }
    assertEquals(0, execute("x = 2").status());
  }

  private static void send(Random random, DataOutputStream out) throws IOException {
    var types = Frame.Type.values();
    var bytes = new byte[random.nextInt(40)];
    random.nextBytes(bytes);
    switch (random.nextInt(4)) {
      case 0 -> out.write(bytes);
      case 1 -> new Frame(types[random.nextInt(types.length)], bytes).write(out);
      case 2 -> Frame.of(Frame.Type.COMPLETE, random.nextInt(-2, 5) + "\na b").write(out);
      default -> {
        out.writeByte(random.nextInt(types.length));
        out.write(ByteBuffer.allocate(4).putInt(random.nextInt()).array());
      }
    }
  }
}
