package io.tenon.registry;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tenon.metadata.Value;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a nexus has recorded of its children: who holds all data. Written by the nexus before it acknowledges what relies on it; read when the next
 * nexus of the same data is made.
 *
 * @param children in the nexus' order
 * @param cleanShutdown the nexus ended in order: its healthy children are equal
 * @param writer another for each nexus that was ever made, so that a nexus knows its own record from an equal one of its successor. The io-engine
 *     writes none, and ignores it
 */
public record NexusInfo(List<Child> children, boolean cleanShutdown, Optional<String> writer) {
  private static final String KIND = "NexusInfo";
  private static final String WRITER = "tenon_writer";
  private static final JsonFactory JSON = new JsonFactory();

  /**
   * One child.
   *
   * @param healthy it holds everything that was acknowledged
   * @param uuid from the {@code uuid} of its URI
   */
  public record Child(boolean healthy, String uuid) {}

  public NexusInfo {
    children = List.copyOf(children);
  }

  /** As the io-engine writes it. */
  public NexusInfo(List<Child> children, boolean cleanShutdown) {
    this(children, cleanShutdown, Optional.empty());
  }

  public NexusInfo by(String writer) {
    return new NexusInfo(children, cleanShutdown, Optional.of(writer));
  }

  /** Adds a child, or says anew how it is. */
  public NexusInfo with(String uuid, boolean healthy) {
    var changed = new ArrayList<Child>();
    boolean found = false;
    for (Child child : children) {
      boolean same = child.uuid().equals(uuid);
      changed.add(same ? new Child(healthy, uuid) : child);
      found |= same;
    }
    if (!found) changed.add(new Child(healthy, uuid));
    return new NexusInfo(changed, cleanShutdown, writer);
  }

  public NexusInfo without(String uuid) {
    return new NexusInfo(
        children.stream().filter(child -> !child.uuid().equals(uuid)).toList(),
        cleanShutdown,
        writer);
  }

  public NexusInfo ended(boolean cleanly) {
    return new NexusInfo(children, cleanly, writer);
  }

  public boolean hasHealthyChildBut(String uuid) {
    return children.stream().anyMatch(child -> child.healthy() && !child.uuid().equals(uuid));
  }

  /**
   * The children that the next nexus may be made of; all others have to be rebuilt from them. After an unclean end healthy children hold
   * all that was acknowledged, and may differ in what was not: only one of them can be the truth.
   *
   * @param isLocal which ones to prefer then
   * @return empty when none can be trusted
   */
  public List<String> trusted(Predicate<String> isLocal) {
    var healthy = children.stream().filter(Child::healthy).map(Child::uuid).toList();
    if (cleanShutdown) return healthy;
    Optional<String> one =
        healthy.stream().filter(isLocal).findFirst().or(() -> healthy.stream().findFirst());
    return one.map(List::of).orElse(List.of());
  }

  /** As the io-engine writes it, with the writer after that. */
  public Value toJson() {
    var bytes = new ByteArrayOutputStream();
    try (var json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeArrayFieldStart("children");
      for (Child child : children) {
        json.writeStartObject();
        json.writeBooleanField("healthy", child.healthy());
        json.writeStringField("uuid", child.uuid());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeBooleanField("clean_shutdown", cleanShutdown);
      if (writer.isPresent()) json.writeStringField(WRITER, writer.get());
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("JSON in memory cannot be written", e);
    }
    return Value.of(bytes.toByteArray());
  }

  /**
   * @throws RegistryFormatException when it is anything else, or says less
   */
  public static NexusInfo fromJson(Value value) throws RegistryFormatException {
    try (var json = JSON.createParser(value.bytes())) {
      expect(json.nextToken(), JsonToken.START_OBJECT);
      var info = info(json);
      if (json.nextToken() != null) throw wrong("Something follows it.");
      return info;
    } catch (IOException e) {
      // Jackson's first line is its sentence, the rest its source.
      throw wrong(
          "It is no JSON: " + String.valueOf(e.getMessage()).lines().findFirst().orElse("") + ".");
    }
  }

  private static NexusInfo info(JsonParser json) throws IOException, RegistryFormatException {
    List<Child> children = null;
    Boolean clean = null;
    String writer = null;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      switch (json.currentName()) {
        case "children" -> children = once(children, children(json), "children");
        case "clean_shutdown" -> clean = once(clean, flag(json), "clean_shutdown");
        case WRITER -> writer = once(writer, text(json), WRITER);
        default -> skip(json);
      }
    }
    return new NexusInfo(
        present(children, "children"),
        present(clean, "clean_shutdown"),
        Optional.ofNullable(writer));
  }

  private static List<Child> children(JsonParser json) throws IOException, RegistryFormatException {
    expect(json.nextToken(), JsonToken.START_ARRAY);
    var children = new ArrayList<Child>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      expect(json.currentToken(), JsonToken.START_OBJECT);
      children.add(child(json));
    }
    return children;
  }

  private static Child child(JsonParser json) throws IOException, RegistryFormatException {
    Boolean healthy = null;
    String uuid = null;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      switch (json.currentName()) {
        case "healthy" -> healthy = once(healthy, flag(json), "healthy");
        case "uuid" -> uuid = once(uuid, text(json), "uuid");
        default -> skip(json);
      }
    }
    return new Child(present(healthy, "healthy"), present(uuid, "uuid"));
  }

  private static void skip(JsonParser json) throws IOException {
    json.nextToken();
    json.skipChildren();
  }

  private static Boolean flag(JsonParser json) throws IOException, RegistryFormatException {
    var token = json.nextToken();
    if (token == JsonToken.VALUE_TRUE) return true;
    expect(token, JsonToken.VALUE_FALSE);
    return false;
  }

  private static String text(JsonParser json) throws IOException, RegistryFormatException {
    expect(json.nextToken(), JsonToken.VALUE_STRING);
    return json.getText();
  }

  private static <T> T once(@Nullable T before, T now, String field)
      throws RegistryFormatException {
    if (before != null) throw wrong(field + " is there twice.");
    return now;
  }

  private static <T> T present(@Nullable T value, String field) throws RegistryFormatException {
    if (value == null) throw wrong(field + " is missing.");
    return value;
  }

  private static void expect(@Nullable JsonToken found, JsonToken wanted)
      throws RegistryFormatException {
    if (found != wanted) throw wrong("Expected " + wanted + ", found " + found + ".");
  }

  private static RegistryFormatException wrong(String why) {
    return new RegistryFormatException(KIND, why);
  }
}
