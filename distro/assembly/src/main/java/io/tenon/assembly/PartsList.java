package io.tenon.assembly;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The list of all parts (CycloneDX): for each jar what the list of the distribution that it comes from says of it, known by its SHA-256,
 * else what its manifest says.
 */
final class PartsList {
  static final String FILE = "sbom.json";
  private static final Pattern HASH =
      Pattern.compile("\"alg\"\\s*:\\s*\"SHA-256\",\\s*\"content\"\\s*:\\s*\"([0-9a-f]{64})\"");

  private final JsonFactory json = new JsonFactory();

  /** By SHA-256, each a JSON object. */
  private final Map<String, String> known = new HashMap<>();

  /**
   * @param former may be missing
   */
  PartsList(Path former) throws IOException {
    if (!Files.isRegularFile(former)) return;
    try (JsonParser in = json.createParser(Files.readString(former))) {
      while (in.nextToken() != null) {
        boolean isList = in.currentToken() == JsonToken.START_ARRAY;
        if (isList && "components".equals(in.currentName())) readComponents(in);
      }
    }
  }

  private void readComponents(JsonParser in) throws IOException {
    while (in.nextToken() == JsonToken.START_OBJECT) {
      var text = new StringWriter();
      try (JsonGenerator copy = json.createGenerator(text)) {
        copy.copyCurrentStructure(in);
      }
      Matcher hash = HASH.matcher(text.toString());
      if (hash.find()) known.put(hash.group(1), text.toString());
    }
  }

  /**
   * @param more parts that are no jars, each a JSON object
   */
  String of(String name, String version, List<Path> jars, List<String> more) throws IOException {
    var text = new StringWriter();
    try (JsonGenerator out = json.createGenerator(text).useDefaultPrettyPrinter()) {
      out.writeStartObject();
      out.writeStringField("bomFormat", "CycloneDX");
      out.writeStringField("specVersion", "1.6");
      out.writeNumberField("version", 1);
      out.writeObjectFieldStart("metadata");
      out.writeObjectFieldStart("component");
      out.writeStringField("type", "application");
      out.writeStringField("name", name);
      out.writeStringField("version", version);
      out.writeEndObject();
      out.writeEndObject();
      out.writeArrayFieldStart("components");
      var seen = new HashSet<String>();
      for (Path jar : jars) {
        String sha256 = sha256(Files.readAllBytes(jar));
        if (!seen.add(sha256)) continue;
        String before = known.get(sha256);
        if (before != null) copy(before, out);
        else describe(jar, sha256, out);
      }
      for (String part : more) copy(part, out);
      out.writeEndArray();
      out.writeEndObject();
    }
    return text + "\n";
  }

  private void copy(String object, JsonGenerator out) throws IOException {
    try (JsonParser in = json.createParser(object)) {
      var _ = in.nextToken();
      out.copyCurrentStructure(in);
    }
  }

  private static void describe(Path jar, String sha256, JsonGenerator out) throws IOException {
    Attributes headers = headers(jar);
    out.writeStartObject();
    out.writeStringField("type", "library");
    out.writeStringField("name", name(headers, jar));
    String version = headers.getValue("Bundle-Version");
    if (version != null) out.writeStringField("version", version);
    hash(sha256, out);
    String licence = headers.getValue("Bundle-License");
    if (licence != null) {
      out.writeArrayFieldStart("licenses");
      out.writeStartObject();
      out.writeObjectFieldStart("license");
      out.writeStringField("name", licence);
      out.writeEndObject();
      out.writeEndObject();
      out.writeEndArray();
    }
    out.writeEndObject();
  }

  static void hash(String sha256, JsonGenerator out) throws IOException {
    out.writeArrayFieldStart("hashes");
    out.writeStartObject();
    out.writeStringField("alg", "SHA-256");
    out.writeStringField("content", sha256);
    out.writeEndObject();
    out.writeEndArray();
  }

  private static Attributes headers(Path jar) throws IOException {
    try (var file = new JarFile(jar.toFile())) {
      Manifest manifest = file.getManifest();
      return manifest == null ? new Attributes() : manifest.getMainAttributes();
    }
  }

  private static String name(Attributes headers, Path jar) {
    String name = headers.getValue("Bundle-SymbolicName");
    return name == null ? String.valueOf(jar.getFileName()) : name.replaceFirst(";.*", "").strip();
  }

  static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
