package io.tenon.assembly;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** An image as a tar file in the OCI image layout 1.0: for {@code podman load}, {@code skopeo copy oci-archive:} and the like. */
final class ImageLayout {
  /** In a container nobody is root. */
  static final int USER = 10_001;

  private static final String TYPE = "application/vnd.oci.image.";
  private static final String MOMENT = "2026-01-01T00:00:00Z";

  /** Writes the files of a layer. */
  interface Content {
    void write(Archive archive) throws IOException;
  }

  /**
   * @param digest of the blob, which is compressed
   * @param plainDigest of what is in it
   */
  private record Layer(String digest, String plainDigest, int sizeBytes, String what) {}

  /** What a runtime is told. */
  record Start(
      String name,
      String version,
      List<String> command,
      Map<String, String> environment,
      String volume,
      List<String> ports) {}

  private final JsonFactory json = new JsonFactory();
  private final List<Layer> layers = new ArrayList<>();
  private final Map<String, byte[]> blobs = new LinkedHashMap<>();

  void layer(String what, int owner, Content content) throws IOException {
    var plain = new ByteArrayOutputStream();
    try (var archive = new Archive(plain, owner)) {
      content.write(archive);
    }
    var packed = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(packed)) {
      plain.writeTo(out);
    }
    byte[] bytes = packed.toByteArray();
    layers.add(
        new Layer(
            blob(bytes), "sha256:" + PartsList.sha256(plain.toByteArray()), bytes.length, what));
  }

  private String blob(byte[] content) {
    String sha256 = PartsList.sha256(content);
    blobs.put(sha256, content);
    return "sha256:" + sha256;
  }

  void write(Path file, Start start) throws IOException {
    String config = config(start);
    byte[] configBytes = config.getBytes(StandardCharsets.UTF_8);
    byte[] manifest = manifest(blob(configBytes), configBytes.length);
    String digest = blob(manifest);
    try (Archive archive = Archive.create(file)) {
      archive.file(
          "oci-layout",
          "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8),
          Archive.PLAIN);
      archive.file("index.json", index(digest, manifest.length, start), Archive.PLAIN);
      archive.folder("blobs", Archive.FOLDER);
      archive.folder("blobs/sha256", Archive.FOLDER);
      for (var each : blobs.entrySet()) {
        archive.file("blobs/sha256/" + each.getKey(), each.getValue(), Archive.PLAIN);
      }
    }
  }

  private static String architecture() {
    String name = System.getProperty("os.arch");
    return name.equals("aarch64") ? "arm64" : name;
  }

  private String config(Start start) throws IOException {
    var text = new StringWriter();
    try (JsonGenerator out = json.createGenerator(text)) {
      out.writeStartObject();
      out.writeStringField("created", MOMENT);
      out.writeStringField("architecture", architecture());
      out.writeStringField("os", "linux");
      out.writeObjectFieldStart("config");
      out.writeStringField("User", USER + ":" + USER);
      out.writeArrayFieldStart("Env");
      for (var each : start.environment.entrySet()) {
        out.writeString(each.getKey() + "=" + each.getValue());
      }
      out.writeEndArray();
      strings(out, "Entrypoint", start.command);
      out.writeStringField("WorkingDir", start.volume);
      out.writeStringField("StopSignal", "SIGTERM");
      set(out, "Volumes", List.of(start.volume));
      set(out, "ExposedPorts", start.ports);
      out.writeObjectFieldStart("Labels");
      out.writeStringField("org.opencontainers.image.title", start.name);
      out.writeStringField("org.opencontainers.image.version", start.version);
      out.writeStringField("org.opencontainers.image.licenses", "Apache-2.0");
      out.writeEndObject();
      out.writeEndObject();
      out.writeObjectFieldStart("rootfs");
      out.writeStringField("type", "layers");
      strings(out, "diff_ids", layers.stream().map(Layer::plainDigest).toList());
      out.writeEndObject();
      out.writeArrayFieldStart("history");
      for (Layer layer : layers) {
        out.writeStartObject();
        out.writeStringField("created", MOMENT);
        out.writeStringField("created_by", "tenon-distro image: " + layer.what);
        out.writeEndObject();
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    return text.toString();
  }

  private byte[] manifest(String config, int configBytes) throws IOException {
    var text = new StringWriter();
    try (JsonGenerator out = json.createGenerator(text)) {
      out.writeStartObject();
      out.writeNumberField("schemaVersion", 2);
      out.writeStringField("mediaType", TYPE + "manifest.v1+json");
      out.writeObjectFieldStart("config");
      descriptor(out, "config.v1+json", config, configBytes);
      out.writeEndObject();
      out.writeArrayFieldStart("layers");
      for (Layer layer : layers) {
        out.writeStartObject();
        descriptor(out, "layer.v1.tar+gzip", layer.digest, layer.sizeBytes);
        out.writeEndObject();
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private byte[] index(String manifest, int manifestBytes, Start start) throws IOException {
    var text = new StringWriter();
    try (JsonGenerator out = json.createGenerator(text)) {
      out.writeStartObject();
      out.writeNumberField("schemaVersion", 2);
      out.writeStringField("mediaType", TYPE + "index.v1+json");
      out.writeArrayFieldStart("manifests");
      out.writeStartObject();
      descriptor(out, "manifest.v1+json", manifest, manifestBytes);
      out.writeObjectFieldStart("platform");
      out.writeStringField("architecture", architecture());
      out.writeStringField("os", "linux");
      out.writeEndObject();
      out.writeObjectFieldStart("annotations");
      out.writeStringField("org.opencontainers.image.ref.name", start.name + ":" + start.version);
      out.writeEndObject();
      out.writeEndObject();
      out.writeEndArray();
      out.writeEndObject();
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void descriptor(JsonGenerator out, String type, String digest, int sizeBytes)
      throws IOException {
    out.writeStringField("mediaType", TYPE + type);
    out.writeStringField("digest", digest);
    out.writeNumberField("size", sizeBytes);
  }

  private static void strings(JsonGenerator out, String field, List<String> values)
      throws IOException {
    out.writeArrayFieldStart(field);
    for (String each : values) out.writeString(each);
    out.writeEndArray();
  }

  /** As the format has sets: names with nothing behind them. */
  private static void set(JsonGenerator out, String field, List<String> names) throws IOException {
    out.writeObjectFieldStart(field);
    for (String each : names) {
      out.writeObjectFieldStart(each);
      out.writeEndObject();
    }
    out.writeEndObject();
  }
}
