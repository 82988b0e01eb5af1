package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tenon.error.TenonException;
import io.tenon.shell.attach.Frame;
import io.tenon.shell.attach.ShellSocket;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code tenon-shell} says to a node, without a process for each command. */
final class NodeShell {
  /** An answer's status and text. */
  record Answer(int status, String output, String errors) {}

  private final Path data;

  NodeShell(Path data) {
    this.data = data;
  }

  Answer say(String line) throws IOException {
    try (var channel = SocketChannel.open(ShellSocket.address(ShellSocket.in(data)))) {
      var out = new DataOutputStream(Channels.newOutputStream(channel));
      var in = new DataInputStream(Channels.newInputStream(channel));
      Frame.of(Frame.Type.EXECUTE, line).write(out);
      var output = new StringBuilder();
      var errors = new StringBuilder();
      while (true) {
        Frame frame = Frame.read(in).orElseThrow(() -> new EOFException("the node has gone"));
        switch (frame.type()) {
          case OUT -> output.append(frame.text());
          case ERR -> errors.append(frame.text());
          case EXIT -> {
            return new Answer(frame.status(), output.toString(), errors.toString());
          }
          case EXECUTE, INTERRUPT, COMPLETE, CANDIDATES ->
              throw new IOException("the node sent " + frame.type() + " out of turn");
        }
      }
    } catch (TenonException e) {
      throw new IOException(e);
    }
  }

  /** A command that must succeed and prints nothing of interest. */
  void must(String line) throws IOException {
    Answer answer = say(line);
    assertEquals(0, answer.status(), () -> line + " failed: " + answer.errors());
  }

  /** The answer of a command that must succeed. */
  private Object ask(String line) throws IOException {
    Answer answer = say(line + " --json");
    assertEquals(0, answer.status(), () -> line + " failed: " + answer.errors());
    return parse(answer.output());
  }

  /** A JSON text's value: maps, lists, and all else as text. */
  static Object parse(String json) throws IOException {
    try (var parser = new JsonFactory().createParser(json)) {
      parser.nextToken();
      return value(parser);
    }
  }

  /** One thing. */
  Map<String, Object> show(String line) throws IOException {
    return cells(ask(line));
  }

  /** Several. */
  List<Map<String, Object>> list(String line) throws IOException {
    var rows = new ArrayList<Map<String, Object>>();
    if (ask(line) instanceof List<?> found) found.forEach(row -> rows.add(cells(row)));
    return rows;
  }

  private static Map<String, Object> cells(Object thing) {
    var cells = new LinkedHashMap<String, Object>();
    if (thing instanceof Map<?, ?> map) {
      map.forEach((name, value) -> cells.put(String.valueOf(name), value));
    }
    return cells;
  }

  private static Object value(JsonParser json) throws IOException {
    if (json.currentToken() == JsonToken.START_OBJECT) {
      var map = new LinkedHashMap<String, Object>();
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String name = json.currentName();
        json.nextToken();
        map.put(name, value(json));
      }
      return map;
    }
    if (json.currentToken() == JsonToken.START_ARRAY) {
      var list = new ArrayList<Object>();
      while (json.nextToken() != JsonToken.END_ARRAY) list.add(value(json));
      return list;
    }
    return json.getText();
  }
}
