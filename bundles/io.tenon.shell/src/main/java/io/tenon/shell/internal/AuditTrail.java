package io.tenon.shell.internal;

import com.fasterxml.jackson.core.JsonFactory;
import io.tenon.shell.api.Audit;
import io.tenon.shell.api.Caller;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who said what, and what came of it: JSON lines in {@code <data>/audit}. A command that changes something is there before it begins,
 * and once more when it has ended; one that reads, when it has ended. Who comes and goes is in a file of its own, so that strangers at
 * the door cannot push out what was done inside.
 */
@Component(
    service = {Audit.class, AuditTrail.class},
    configurationPid = "io.tenon.node",
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class AuditTrail implements Audit {
  private static final Logger log = LoggerFactory.getLogger(AuditTrail.class);
  private static final JsonFactory JSON = new JsonFactory();
  private static final long MAX_BYTES = 8 << 20;
  private static final int KEPT = 7;

  /** What a stranger claims to be need not be short. */
  private static final int LONGEST_CLAIM = 128;

  private final Path directory;
  private final AuditFile commands;
  private final AuditFile connections;
  private final Clock clock;
  private final AtomicLong ids = new AtomicLong();

  @Activate
  public AuditTrail(AttachConfig config) {
    this(Path.of(config.data_dir()).resolve("audit"), Clock.systemUTC(), MAX_BYTES, KEPT);
  }

  AuditTrail(Path directory, Clock clock, long maxBytes, int kept) {
    this.directory = directory;
    this.commands = new AuditFile(directory, "commands", maxBytes, kept);
    this.connections = new AuditFile(directory, "connections", maxBytes, kept);
    this.clock = clock;
  }

  /** How a line ended. */
  enum Result {
    DONE,

    /** The role may not, or the log could not be written. */
    REFUSED,
    FAILED,

    /** By its caller, or because the caller had gone. */
    INTERRUPTED
  }

  /** Joins the lines of one command. */
  long nextId() {
    return ids.incrementAndGet();
  }

  /**
   * A command that changes something is about to begin.
   *
   * @throws IOException when it was not written: then the command may not begin
   */
  void begin(long id, Caller caller, String line) throws IOException {
    var entry = entry("begin");
    entry.put("id", id);
    describe(entry, caller, line);
    commands.append(json(entry), true);
  }

  /** Never fails; what cannot be written is in the node's log. */
  void end(long id, Caller caller, String line, Result result, int status, Duration took) {
    var entry = entry("end");
    entry.put("id", id);
    describe(entry, caller, line);
    entry.put("result", result.name().toLowerCase(Locale.ROOT));
    entry.put("status", status);
    entry.put("ms", took.toMillis());
    write(commands, entry);
  }

  @Override
  public void connection(
      Event event, String via, String user, String key, String address, String why) {
    var entry = entry(event.name().toLowerCase(Locale.ROOT));
    entry.put("user", bounded(user));
    entry.put("via", via);
    entry.put("key", key);
    entry.put("address", address);
    if (!why.isEmpty()) entry.put("why", why);
    write(connections, entry);
  }

  @Override
  public void change(Caller caller, String what) throws IOException {
    begin(nextId(), caller, what);
  }

  private Map<String, Object> entry(String event) {
    var entry = new LinkedHashMap<String, Object>();
    entry.put("time", clock.instant().truncatedTo(ChronoUnit.MILLIS).toString());
    entry.put("event", event);
    return entry;
  }

  private static void describe(Map<String, Object> entry, Caller caller, String line) {
    entry.put("user", caller.user());
    entry.put("role", caller.role().word());
    entry.put("via", caller.via());
    entry.put("key", caller.key());
    entry.put("address", caller.address());
    entry.put("line", Redaction.of(line));
  }

  private static String bounded(String claim) {
    return claim.length() > LONGEST_CLAIM ? claim.substring(0, LONGEST_CLAIM) + "…" : claim;
  }

  private static void write(AuditFile file, Map<String, Object> entry) {
    String line = json(entry);
    try {
      file.append(line, false);
    } catch (ClosedChannelException e) {
      log.warn("The audit log {} was closed, as the node stops; it lacks: {}", file.path(), line);
    } catch (IOException e) {
      log.error("The audit log {} was not written ({}); it lacks: {}", file.path(), e, line);
    }
  }

  private static String json(Map<String, Object> entry) {
    var text = new StringWriter();
    try (var json = JSON.createGenerator(text)) {
      json.writeStartObject();
      for (var field : entry.entrySet()) {
        json.writeFieldName(field.getKey());
        if (field.getValue() instanceof Number number) json.writeNumber(number.longValue());
        else json.writeString(field.getValue().toString());
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("JSON in memory cannot be written", e);
    }
    return text.toString();
  }

  Path directory() {
    return directory;
  }

  @Deactivate
  void close() throws IOException {
    commands.close();
    connections.close();
  }
}
