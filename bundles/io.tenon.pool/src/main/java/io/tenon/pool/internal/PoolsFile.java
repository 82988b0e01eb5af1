package io.tenon.pool.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import io.tenon.error.TenonException;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code pools.json} in the node's data folder. Replaced as a whole, and durable when a change returns. One that cannot be read is kept
 * beside, for people.
 */
final class PoolsFile implements PoolMemory {
  private static final Logger log = LoggerFactory.getLogger(PoolsFile.class);
  private static final String NAME = "pools.json";
  private static final int VERSION = 1;

  private final Path path;
  private final ServingNode node;
  private final SortedMap<String, KnownPool> pools;

  private PoolsFile(Path path, ServingNode node, SortedMap<String, KnownPool> pools) {
    this.path = path;
    this.node = node;
    this.pools = pools;
  }

  /**
   * @param nodeName for people
   * @param newId for a node that has none yet
   * @throws TenonException when the folder cannot be used
   */
  static PoolsFile open(Path folder, String nodeName, Supplier<UUID> newId) throws TenonException {
    var path = folder.resolve(NAME);
    try {
      var found = Files.exists(path) ? read(path) : Optional.<Content>empty();
      var content = found.orElseGet(() -> new Content(newId.get(), new TreeMap<>()));
      var file = new PoolsFile(path, new ServingNode(content.node, nodeName), content.pools);
      if (found.isEmpty()) file.write();
      return file;
    } catch (IOException e) {
      throw unusable(path, e);
    }
  }

  private static TenonException unusable(Path path, Exception why) {
    return new TenonException(
        "What pools this node has is not known.",
        "%s cannot be read or written: %s.".formatted(path, why),
        "Make the node's data folder readable and writable for its user.",
        why);
  }

  /**
   * Who the node is, for one who remembers no pools himself. Changes nothing.
   *
   * @throws TenonException when there is no such file, or it cannot be read
   */
  static ServingNode nodeIn(Path folder, String nodeName) throws TenonException {
    var path = folder.resolve(NAME);
    try {
      return new ServingNode(parse(Files.readString(path)).node, nodeName);
    } catch (IOException | IllegalArgumentException e) {
      throw unusable(path, e);
    }
  }

  private record Content(UUID node, SortedMap<String, KnownPool> pools) {}

  /** Empty, and moved away, when it is not as written here. */
  private static Optional<Content> read(Path path) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    try {
      return Optional.of(parse(new String(bytes, UTF_8)));
    } catch (IOException | IllegalArgumentException e) {
      var aside = path.resolveSibling(NAME + ".unreadable");
      Files.move(path, aside, StandardCopyOption.REPLACE_EXISTING);
      log.error(
          "{} is not as this node writes it ({}). It is kept as {}. Pools do not come back by themselves: import each"
              + " from its disk, where nothing has changed.",
          path,
          e.getMessage(),
          aside);
      return Optional.empty();
    }
  }

  private static Content parse(String text) throws IOException {
    Optional<UUID> node = Optional.empty();
    var pools = new TreeMap<String, KnownPool>();
    try (var json = new JsonFactory().createParser(text)) {
      expect(json.nextToken() == JsonToken.START_OBJECT, "no object");
      for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
        switch (name) {
          case "version" -> expect(json.nextIntValue(0) == VERSION, "another version");
          case "node" -> node = Optional.of(UUID.fromString(text(json)));
          case "pools" -> {
            expect(json.nextToken() == JsonToken.START_ARRAY, "pools are no list");
            while (json.nextToken() == JsonToken.START_OBJECT) {
              var pool = pool(json);
              pools.put(pool.name(), pool);
            }
            expect(json.currentToken() == JsonToken.END_ARRAY, "a pool is no object");
          }
          default -> throw new IllegalArgumentException("unknown field " + name);
        }
      }
      expect(json.currentToken() == JsonToken.END_OBJECT, "no end");
    }
    return new Content(node.orElseThrow(() -> new IllegalArgumentException("no node")), pools);
  }

  private static KnownPool pool(JsonParser json) throws IOException {
    var fields = new TreeMap<String, String>();
    for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
      fields.put(name, text(json));
    }
    return new KnownPool(
        field(fields, "name"), UUID.fromString(field(fields, "uuid")), field(fields, "disk"));
  }

  private static String field(Map<String, String> fields, String name) {
    var value = fields.get(name);
    if (value == null) throw new IllegalArgumentException("a pool without " + name);
    return value;
  }

  private static String text(JsonParser json) throws IOException {
    var text = json.nextTextValue();
    if (text == null) throw new IllegalArgumentException("no text for " + json.currentName());
    return text;
  }

  private static void expect(boolean holds, String otherwise) {
    if (!holds) throw new IllegalArgumentException(otherwise);
  }

  @Override
  public ServingNode node() {
    return node;
  }

  @Override
  public synchronized List<KnownPool> pools() {
    return List.copyOf(pools.values());
  }

  @Override
  public synchronized void remember(KnownPool pool) throws IOException {
    var before = pools.put(pool.name(), pool);
    if (pool.equals(before)) return;
    boolean written = false;
    try {
      write();
      written = true;
    } finally {
      // So that it is tried again when it is asked for again.
      if (!written) take(pool.name(), Optional.ofNullable(before));
    }
  }

  private void take(String name, Optional<KnownPool> pool) {
    if (pool.isPresent()) pools.put(name, pool.get());
    else pools.remove(name);
  }

  @Override
  public synchronized void diskMoved(KnownPool pool) throws IOException {
    var before = pools.get(pool.name());
    if (before != null && before.uuid().equals(pool.uuid())) remember(pool);
  }

  @Override
  public synchronized void forget(String name) throws IOException {
    if (pools.remove(name) != null) write();
  }

  private void write() throws IOException {
    var next = path.resolveSibling(NAME + ".new");
    Files.writeString(next, json());
    sync(next);
    Files.move(next, path, StandardCopyOption.ATOMIC_MOVE);
    var folder = path.getParent();
    if (folder != null) sync(folder);
  }

  private static void sync(Path written) throws IOException {
    try (var channel = FileChannel.open(written, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private String json() throws IOException {
    var text = new StringWriter();
    try (var json = new JsonFactory().createGenerator(text)) {
      json.setPrettyPrinter(new DefaultPrettyPrinter());
      json.writeStartObject();
      json.writeNumberField("version", VERSION);
      json.writeStringField("node", node.id().toString());
      json.writeArrayFieldStart("pools");
      for (KnownPool pool : pools.values()) {
        json.writeStartObject();
        json.writeStringField("name", pool.name());
        json.writeStringField("uuid", pool.uuid().toString());
        json.writeStringField("disk", pool.disk());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return text.append('\n').toString();
  }
}
