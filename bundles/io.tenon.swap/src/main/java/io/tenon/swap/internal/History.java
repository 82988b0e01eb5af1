package io.tenon.swap.internal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tenon.swap.DevicePause;
import io.tenon.swap.HostPause;
import io.tenon.swap.SwapRecord;
import io.tenon.swap.SwapResult;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What was tried: a line of JSON each, in a file that never gets long. Any thread. */
final class History {
  private static final Logger log = LoggerFactory.getLogger(History.class);
  private static final int LONGEST = 1000;
  private static final String HOSTS = "hosts_ns";
  private static final String BROKEN = "broken_hosts_ns";
  private static final JsonFactory JSON = new JsonFactory();

  private final Path file;
  private final ArrayDeque<SwapRecord> records = new ArrayDeque<>();
  private int lines;

  /** The last line was cut off by a crash. */
  private boolean endsWithin;

  private History(Path file) {
    this.file = file;
  }

  static History open(Path file) {
    var history = new History(file);
    if (!Files.exists(file)) return history;
    try {
      String text = Files.readString(file);
      text.lines().forEach(history::read);
      history.endsWithin = !text.isEmpty() && !text.endsWith("\n");
    } catch (IOException e) {
      log.warn("the history of swaps in {} was not read: {}", file, e.toString());
    }
    return history;
  }

  /** A line that a crash has cut off is left out. */
  private void read(String line) {
    lines++;
    try {
      remember(parse(line));
    } catch (IOException | IllegalArgumentException | DateTimeParseException e) {
      log.info("a line of {} is not understood: {}", file, e.getMessage());
    }
  }

  private void remember(SwapRecord one) {
    records.add(one);
    if (records.size() > LONGEST) records.remove();
  }

  synchronized List<SwapRecord> all() {
    return List.copyOf(records);
  }

  synchronized void add(SwapRecord one) {
    remember(one);
    try {
      if (lines < 2 * LONGEST) {
        Files.writeString(
            file,
            (endsWithin ? "\n" : "") + text(one) + "\n",
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
        lines++;
        endsWithin = false;
        return;
      }
      var kept = new ArrayList<String>();
      for (SwapRecord each : records) kept.add(text(each));
      var rewritten = Files.write(file.resolveSibling(file.getFileName() + ".new"), kept);
      Files.move(rewritten, file, StandardCopyOption.ATOMIC_MOVE);
      lines = kept.size();
    } catch (IOException e) {
      log.warn("a swap is not in the history after a restart: {}", e.toString());
    }
  }

  private static String text(SwapRecord one) throws IOException {
    var text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("at", one.at().toString());
      json.writeStringField("by", one.by());
      json.writeStringField("bundle", one.bundle());
      json.writeStringField("from", one.fromVersion());
      json.writeStringField("to", one.toVersion());
      json.writeStringField("result", one.result().name());
      json.writeStringField("reason", one.reason());
      json.writeNumberField("longest_ns", one.longestPause().toNanos());
      json.writeObjectFieldStart("pauses_ns");
      for (DevicePause pause : one.pauses()) {
        json.writeNumberField(pause.device(), pause.pause().toNanos());
      }
      json.writeEndObject();
      json.writeObjectFieldStart(HOSTS);
      for (HostPause pause : one.hosts()) {
        if (!pause.broken()) json.writeNumberField(pause.host(), pause.pause().toNanos());
      }
      json.writeEndObject();
      json.writeObjectFieldStart(BROKEN);
      for (HostPause pause : one.hosts()) {
        if (pause.broken()) json.writeNumberField(pause.host(), pause.pause().toNanos());
      }
      json.writeEndObject();
      json.writeEndObject();
    }
    return text.toString();
  }

  private static SwapRecord parse(String line) throws IOException {
    var texts = new TreeMap<String, String>();
    var pauses = new ArrayList<DevicePause>();
    var hosts = new ArrayList<HostPause>();
    long longestNs = 0;
    try (JsonParser json = JSON.createParser(line.getBytes(StandardCharsets.UTF_8))) {
      if (json.nextToken() != JsonToken.START_OBJECT) throw new IOException("it is no object");
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        if (value == JsonToken.VALUE_STRING) texts.put(name, json.getText());
        else if (name.equals("longest_ns")) longestNs = json.getLongValue();
        else if (value == JsonToken.START_OBJECT) {
          while (json.nextToken() == JsonToken.FIELD_NAME) {
            String who = json.currentName();
            var _ = json.nextToken();
            var pause = Duration.ofNanos(json.getLongValue());
            if (name.equals(HOSTS)) hosts.add(new HostPause(who, pause, false));
            else if (name.equals(BROKEN)) hosts.add(new HostPause(who, pause, true));
            else pauses.add(new DevicePause(who, pause));
          }
        }
      }
    }
    return new SwapRecord(
        Instant.parse(texts.getOrDefault("at", "")),
        texts.getOrDefault("by", ""),
        texts.getOrDefault("bundle", ""),
        texts.getOrDefault("from", ""),
        texts.getOrDefault("to", ""),
        SwapResult.valueOf(texts.getOrDefault("result", "")),
        pauses,
        hosts,
        Duration.ofNanos(longestNs),
        texts.getOrDefault("reason", ""));
  }
}
